"""The examples of the how-to on testing are tests that pass as they stand, or fail as the page says."""

from __future__ import annotations

import contextlib
import inspect
import json
import re
import ssl
import textwrap
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing
import trustme

import trio_api
import trio_api.testing

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "testing.rst").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(rf"\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)", PAGE)
    return [textwrap.dedent(block).strip() for block in found]


@attrs.frozen
class Report:
    id: int
    pages: int


class MySDK(trio_api.AsyncAPIClient):
    def __init__(self, *, api_key: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._api_key = api_key

    @property
    def auth_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._api_key}"}


async def upload(client: trio_api.AsyncAPIClient, name: str) -> None:
    await client.put(f"/files/{name}", content=b"bytes", cast_to=object)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of the examples trust the environment, as programs do."""
    monkeypatch.setenv("NO_PROXY", "*")


def example_in(block: str) -> Any:
    """The function that *block* defines."""
    names: dict[str, Any] = {"contextlib": contextlib, "httpx": httpx, "json": json, "pytest": pytest, "ssl": ssl}
    names |= {"Report": Report, "MySDK": MySDK, "trio": trio, "trustme": trustme, "upload": upload}
    names |= {**vars(trio_api), **vars(trio_api.testing)}
    exec(block, names)  # the page is ours
    return names[block.partition("(")[0].split()[-1]]


async def run(example: Any, clock: object) -> None:
    api = trio_api.testing.MockAPI()
    given = {"mock_api": api, "autojump_clock": clock}
    await example(**{name: given[name] for name in inspect.signature(example).parameters})
    api.assert_expected()


TESTS = [block for block in blocks("python") if block.startswith("async def test_")]
FAILING = "test_the_loop_is_resilient"


@pytest.mark.parametrize("block", [block for block in TESTS if FAILING not in block], ids=lambda block: block[:50])
async def test_an_example_passes(block: str, autojump_clock: trio.testing.MockClock) -> None:
    """As it stands, with the fixtures that it names."""
    await run(example_in(block), autojump_clock)


async def test_the_loop_fails_as_the_page_says(autojump_clock: trio.testing.MockClock) -> None:
    """With the very message."""
    (block,) = [block for block in TESTS if FAILING in block]
    (message,) = blocks("text")
    with pytest.raises(AssertionError) as caught:
        await run(example_in(block), autojump_clock)
    assert str(caught.value) == message


SECTION = PAGE.partition("A real server that misbehaves\n---")[2].partition("\n---")[0]
FAULTS = re.findall(r"^    \* - ``(.*)``$", SECTION, re.MULTILINE)


@pytest.mark.parametrize("text", FAULTS)
async def test_a_fault_of_the_table_is_got_over(text: str, autojump_clock: trio.testing.MockClock) -> None:
    """By the client's error or its retry; nothing else comes out, and the next call is well."""
    autojump_clock.autojump_threshold = 0.01
    fault = eval(text, {**vars(trio_api.testing)})  # the page is ours
    async with (
        trio_api.testing.FaultServer(fault, 200) as server,
        trio_api.AsyncAPIClient(base_url=server.url, timeout=5.0) as client,
    ):
        with contextlib.suppress(trio_api.APIError):
            await client.post("/reports", content=bytes(10_000_000), cast_to=object)
        await client.get("/reports/7", cast_to=object)


PLAIN = [block for block in blocks("python") if block.startswith("def ")]


@pytest.mark.parametrize("block", PLAIN, ids=lambda block: block[:50])
def test_a_plain_example_passes(block: str) -> None:
    """What brings its own Trio: the simulation, and the API without pytest."""
    example_in(block)()
