"""The example SDK of the documentation works against the server that it is written for, in both colours."""

from __future__ import annotations

import importlib
import sys
import unicodedata
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import trio

import trio_api
from trio_api.cli.server import Server, UnicodeAPI, serve

API_KEY = "a-key-of-the-tests"
API = UnicodeAPI(token=API_KEY)  # one for all servers here: it makes its tables once
DIGITS = [chr(point) for point in range(sys.maxunicode + 1) if unicodedata.category(chr(point)) == "Nd"]


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "docs" / "examples"))
    yield importlib.import_module("unicode_sdk")
    for name in [name for name in sys.modules if name.partition(".")[0] == "unicode_sdk"]:
        del sys.modules[name]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve(API) as server:
        yield server


async def test_a_resource_gives_typed_models(sdk: ModuleType, server: Server) -> None:
    """``client.characters.retrieve`` makes one authenticated call and builds the model."""
    async with sdk.AsyncUnicode(api_key=API_KEY, base_url=f"{server.url}/cursor") as client:
        character = await client.characters.retrieve("0041")
    assert character.name == "LATIN CAPITAL LETTER A"
    assert character.code_point == 0x41
    assert character.more["bidirectional"] == "L"


async def test_a_list_is_iterated_in_trio(sdk: ModuleType, server: Server) -> None:
    """``client.characters.list()`` gives every record of the source, in order."""
    async with sdk.AsyncUnicode(api_key=API_KEY, base_url=f"{server.url}/cursor") as client:
        found = [chr(item.code_point) async for item in client.characters.list(category="Nd", page_size=50)]
        async with client.characters.list(category="Nd", page_size=50).prefetch(ahead=3) as items:
            ahead = [chr(item.code_point) async for item in items]
    assert found == ahead == DIGITS


async def test_a_list_is_iterated_by_the_blocking_twin(sdk: ModuleType, server: Server) -> None:
    """The same names without ``async`` give the same records."""

    def blocking() -> tuple[list[str], dict[str, int]]:
        with sdk.Unicode(api_key=API_KEY, base_url=f"{server.url}/cursor") as client:
            digits = [chr(item.code_point) for item in client.characters.list(category="Nd", page_size=50)]
            return digits, {category.id: category.characters for category in client.categories.list()}

    digits, categories = await trio.to_thread.run_sync(blocking)
    assert digits == DIGITS
    assert categories["Nd"] == len(DIGITS)


async def test_resources_of_a_copy_belong_to_the_copy(sdk: ModuleType, server: Server) -> None:
    """``client.with_options(...)`` gives a client whose resources use its own settings."""
    async with sdk.AsyncUnicode(api_key=API_KEY, base_url=f"{server.url}/nowhere") as client:
        copied = client.with_options(base_url=f"{server.url}/cursor")
        assert (await copied.characters.retrieve("0042")).name == "LATIN CAPITAL LETTER B"
        with pytest.raises(trio_api.NotFoundError):
            await client.characters.retrieve("0042")


async def test_a_wrong_key_is_an_authentication_error(sdk: ModuleType, server: Server) -> None:
    """The vendor's key is sent as a bearer token; a wrong one is 401, and no part of it is shown."""
    async with sdk.AsyncUnicode(api_key="wrong-key", base_url=f"{server.url}/cursor") as client:
        with pytest.raises(trio_api.AuthenticationError, match="bearer token") as caught:
            await client.characters.retrieve("0041")
    assert "wrong-key" not in repr(caught.value)


def test_a_missing_key_says_how_to_give_one(sdk: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key nothing is sent; the message shows both ways to give it."""
    monkeypatch.delenv("UNICODE_API_KEY", raising=False)
    with pytest.raises(ValueError, match="UNICODE_API_KEY"):
        sdk.Unicode()
