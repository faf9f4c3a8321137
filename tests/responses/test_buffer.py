"""What a buffered response may grow to."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api import ResponseTooLargeError
from trio_api.responses import BodyBuffer

REQUEST = httpx.Request("GET", "https://api.example.com/items")


def response(status: int = 200, headers: Any = None) -> httpx.Response:
    return httpx.Response(status, headers=headers, request=REQUEST, stream=httpx.ByteStream(b""))


@given(chunks=st.lists(st.binary(max_size=8), max_size=8), limit=st.integers(1, 40))
def test_a_body_within_the_limit_comes_whole(chunks: list[bytes], limit: int) -> None:
    """Chunks that are not too much together give the body, to the byte; the limit itself is not too much."""
    buffer = BodyBuffer(response(), limit)
    body = b"".join(chunks)
    taken = [buffer.add(chunk, 0) for chunk in chunks]
    if len(body) <= limit:
        assert all(taken)
        assert buffer.finish().content == body
    else:
        assert not taken[-1]
        with pytest.raises(ResponseTooLargeError, match=f"max_response_bytes={limit}"):
            buffer.finish()


def test_the_error_holds_the_response_without_its_body() -> None:
    """What was too much to keep is not kept by the error; status, headers and request are."""
    buffer = BodyBuffer(response(headers={"X-Request-ID": "r1"}), 3)
    buffer.add(b"abcd", 4)
    with pytest.raises(ResponseTooLargeError) as caught:
        buffer.finish()
    assert caught.value.response.content == b""
    assert caught.value.response.headers["x-request-id"] == "r1"
    assert caught.value.request is REQUEST


def test_an_error_response_is_cut_at_the_limit() -> None:
    """The status of an error says more than its size: it is not turned into another error."""
    buffer = BodyBuffer(response(500), 6)
    assert buffer.add(b"abcd", 4)
    assert not buffer.add(b"efgh", 8)
    assert buffer.finish().content == b"abcdef"


def test_the_response_is_the_same_but_for_being_read() -> None:
    """Headers, request, extensions, history and encoding are those of the response that came."""
    before = httpx.Response(
        203,
        headers=[("Content-Encoding", "gzip"), ("Content-Length", "5"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
        request=REQUEST,
        extensions={"http_version": b"HTTP/2", "reason_phrase": b"Sort of"},
        history=[httpx.Response(302, request=REQUEST)],
        default_encoding="latin-1",
        stream=httpx.ByteStream(b""),
    )
    buffer = BodyBuffer(before, 100)
    buffer.add("grün".encode("latin-1"), 4)
    after = buffer.finish()
    assert after.headers.raw == before.headers.raw
    assert (after.status_code, after.http_version, after.reason_phrase) == (203, "HTTP/2", "Sort of")
    assert after.history == before.history
    assert after.request is REQUEST
    assert after.text == "grün"
    assert after.is_closed
