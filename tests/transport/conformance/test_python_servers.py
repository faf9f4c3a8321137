"""Servers written in Python: httpbin behind gunicorn, and Starlette on Hypercorn."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from support.server_process import httpbin_server, streaming_server
from support.transports import OpenTransport, Pieces, fetch


@pytest.fixture(scope="module")
def httpbin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with httpbin_server(tmp_path_factory.mktemp("httpbin")) as url:
        yield url


@pytest.fixture(scope="module")
def hypercorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with streaming_server(tmp_path_factory.mktemp("hypercorn")) as url:
        yield url


async def test_what_httpbin_saw(opened: OpenTransport, httpbin: str) -> None:
    """Method, query, headers and body, in chunks or not, arrive as they were meant."""
    async with opened() as transport:
        for body in ({"content": b"a=1"}, {"pieces": Pieces(b"a", b"=", b"1")}):
            headers = {"X-Trace": "t1", "Content-Type": "application/x-www-form-urlencoded"}
            response = await fetch(transport, f"{httpbin}/anything?q=%26", "PUT", headers=headers, **body)
            echo = response.json()
            assert (echo["method"], echo["args"], echo["form"]) == ("PUT", {"q": "&"}, {"a": "1"})
            assert echo["headers"]["X-Trace"] == "t1"


@pytest.mark.parametrize("status", [200, 201, 204, 304, 404, 418, 500, 503])
async def test_statuses_of_httpbin(opened: OpenTransport, httpbin: str, status: int) -> None:
    """Each is taken, to GET and to HEAD."""
    async with opened() as transport:
        for method in ("GET", "HEAD"):
            assert (await fetch(transport, f"{httpbin}/status/{status}", method)).status_code == status


async def test_chunks_of_httpbin(opened: OpenTransport, httpbin: str) -> None:
    """Chunks that gunicorn makes, and bytes with a length, are the same."""
    async with opened() as transport:
        chunked = await fetch(transport, f"{httpbin}/stream-bytes/50000?seed=7&chunk_size=999")
        sized = await fetch(transport, f"{httpbin}/bytes/50000?seed=7")
    assert chunked.headers["Transfer-Encoding"] == "chunked"
    assert sized.headers["Content-Length"] == "50000"
    assert chunked.content == sized.content


async def test_a_stream_of_hypercorn(opened: OpenTransport, hypercorn: str) -> None:
    """A thousand lines come complete, one after the other."""
    async with opened() as transport:
        lines = (await fetch(transport, f"{hypercorn}/lines?count=1000")).text.splitlines()
        assert [line for line in lines if line] == [f'{{"n": {number}}}' for number in range(1000)]


async def test_an_application_that_breaks_off(opened: OpenTransport, hypercorn: str) -> None:
    """A chunked body without its end is broken, and the next request is fine."""
    async with opened() as transport:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await fetch(transport, f"{hypercorn}/events?count=10&break_after=3")
        assert (await fetch(transport, f"{hypercorn}/")).text == "up"


async def test_a_stream_that_nobody_reads(opened: OpenTransport, hypercorn: str) -> None:
    """An endless stream that is closed unread is left, and the next request is fine."""
    async with opened() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", f"{hypercorn}/heartbeats"))
        await response.aclose()
        assert (await fetch(transport, f"{hypercorn}/")).text == "up"


async def test_a_post_to_hypercorn(opened: OpenTransport, hypercorn: str) -> None:
    """The body reaches it in chunks."""
    async with opened() as transport:
        response = await fetch(transport, f"{hypercorn}/echo", "POST", pieces=Pieces(b'{"n"', b": 7}"))
        assert response.text == 'data: {"n": 7}\n\n'
