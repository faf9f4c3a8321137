"""Event streams of a real ASGI server: Starlette on Hypercorn's Trio worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from support.live import Live, everything, opened, settle, take
from support.server_process import streaming_server
from trio_api import APIConnectionError, APITimeoutError, StreamDialect

DONE = StreamDialect.sse(done_data="[DONE]")


@attrs.define
class Event:
    n: int


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application of `support.streaming_app`."""
    with streaming_server(tmp_path_factory.mktemp("hypercorn")) as url:
        yield url


def until_done(path: str, method: str = "GET", **how: Any) -> Any:
    async def body(client: Any) -> Any:
        async with opened(client.stream(method, path, **{"cast_to": Event, **how})) as stream:
            return await settle(stream.until_done())

    return body


def test_server_sent_events(live: Live, server: str) -> None:
    """A thousand events to the sentinel."""
    events = live.call(server, until_done("/events?count=1000", dialect=DONE))
    assert events == [Event(number) for number in range(1, 1001)]


def test_json_lines(live: Live, server: str) -> None:
    """Known by their content type."""
    events = live.call(server, until_done("/lines?count=1000"))
    assert events == [Event(number) for number in range(1000)]


def test_a_post(live: Live, server: str) -> None:
    """The body reaches the server, the answer comes as events."""
    assert live.call(server, until_done("/echo", "POST", body={"n": 7})) == [Event(7)]


def test_a_server_that_breaks_off(live: Live, server: str) -> None:
    """Hypercorn ends the chunked body without its end, which is a broken connection; nothing is lost before it."""

    async def body(client: Any) -> Any:
        try:
            return await until_done("/events?count=10&break_after=4", dialect=DONE)(client)
        except APIConnectionError as error:
            return error.received

    assert live.call(server, body) == tuple(Event(number) for number in range(1, 5))


def test_a_server_that_breaks_off_and_is_resumed(live: Live, server: str) -> None:
    """Ten events over three connections, each of them once."""
    events = live.call(server, until_done("/events?count=10&break_after=4", dialect=DONE, reconnect=True))
    assert events == [Event(number) for number in range(1, 11)]


def test_heartbeats_are_no_content(live: Live, server: str) -> None:
    """A server that is alive and says nothing is left after ``idle_timeout``."""
    with pytest.raises(APITimeoutError):
        live.call(server, until_done("/heartbeats", idle_timeout=0.3))


def test_leaving_early(live: Live, server: str) -> None:
    """An endless stream is closed, and the client goes on with other calls."""

    async def body(client: Any) -> Any:
        async with opened(client.stream("GET", "/heartbeats", cast_to=Event)) as stream:
            first = await take(stream, 1)
        async with opened(client.stream("GET", "/lines?count=2", cast_to=Event)) as stream:
            return first, await everything(stream)

    assert live.call(server, body) == ([Event(1)], [Event(0), Event(1)])
