"""The examples of the how-to on testing are tests that pass as they stand, or fail as the page says."""

from __future__ import annotations

import contextlib
import inspect
import json
import re
import textwrap
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing

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


def example_in(block: str) -> Any:
    """The function that *block* defines."""
    names: dict[str, Any] = {"contextlib": contextlib, "httpx": httpx, "json": json, "pytest": pytest, "trio": trio}
    names |= {"Report": Report, "MySDK": MySDK, "upload": upload}
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


PLAIN = [block for block in blocks("python") if block.startswith("def ")]


@pytest.mark.parametrize("block", PLAIN, ids=lambda block: block[:50])
def test_a_plain_example_passes(block: str) -> None:
    """What brings its own Trio: the simulation, and the API without pytest."""
    example_in(block)()
