"""How many pages a list may have, where the caller says so: a server that never ends costs no more than that."""

from __future__ import annotations

import contextlib
from typing import Any

import httpx
import pytest

import trio_api
from support.colours import Colour
from support.scripted import reply
from trio_api import PaginationLoopError

WAYS = ["lazy", "prefetch", "fan_out"]


def items_of(colour: Colour, way: str, page: str, seen: list[Any], **how: Any) -> Any:
    """The body of a call that puts the items in *seen*, as far as they come."""
    page_type = getattr(trio_api, {"trio": "Async", "blocking": "Sync"}[colour.name] + page)
    chosen = {"lazy": lambda lst: lst, "prefetch": lambda lst: lst.prefetch(2), "fan_out": lambda lst: lst.fan_out(4)}

    async def take(source: Any) -> None:
        async with contextlib.AsyncExitStack() as stack:
            items = source if way == "lazy" else await stack.enter_async_context(source)
            async for item in items:
                seen.append(item)  # noqa: PERF401  # those before an error too

    def take_blocking(source: Any) -> None:
        with contextlib.ExitStack() as stack:
            for item in source if way == "lazy" else stack.enter_context(source):
                seen.append(item)  # noqa: PERF402  # those before an error too

    def body(client: Any) -> Any:
        source = chosen[way](client.get_api_list("/items", model=int, page=page_type[int], **how))
        return take(source) if colour.name == "trio" else take_blocking(source)

    return body


def endless(request: httpx.Request) -> httpx.Response:
    """Always one page more, each under another cursor."""
    number = int(request.url.params.get("page_token", "0"))
    return reply({"data": [number], "next_page_token": str(number + 1)})


def numbered(request: httpx.Request) -> httpx.Response:
    """A million pages, known beforehand."""
    number = int(request.url.params.get("page", "1"))
    return reply({"data": [number], "page": number, "total_pages": 1_000_000})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("page", "answer", "first"), [("TokenPage", endless, 0), ("PageNumberPage", numbered, 1)])
def test_the_pages_that_were_allowed_come_and_then_an_error(
    colour: Colour, way: str, page: str, answer: Any, first: int
) -> None:
    """No page is asked for beyond the bound, and none is passed over in silence."""
    seen: list[int] = []
    error, script = colour.fail(PaginationLoopError, *[answer] * 9, body=items_of(colour, way, page, seen, max_pages=5))
    assert seen == list(range(first, first + 5))
    assert len(script.sent) == 5
    assert str(error) == "/items has more pages than the max_pages=5 that were allowed"


@pytest.mark.parametrize("way", WAYS)
def test_a_list_within_its_bound_ends_as_it_does(colour: Colour, way: str) -> None:
    """As many pages as are allowed are no error."""
    seen: list[int] = []
    pages = [reply({"data": [0], "next_page_token": "1"}), reply({"data": [1]})]
    colour.play(*pages, body=items_of(colour, way, "TokenPage", seen, max_pages=2))
    assert seen == [0, 1]


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (-1, ValueError), (True, TypeError), ("5", TypeError)])
def test_the_bound_is_a_number_of_pages(colour: Colour, value: Any, error: type[Exception]) -> None:
    """Anything else is refused by name, before anything is sent."""
    page = {"trio": trio_api.AsyncTokenPage, "blocking": trio_api.SyncTokenPage}[colour.name]
    with pytest.raises(error, match="max_pages"):
        colour.client().get_api_list("/items", model=int, page=page, max_pages=value)
