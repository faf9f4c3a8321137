"""The body of a call."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api.request import Body, FinalRequestOptions


def body_of(**given_options: Any) -> Body:
    """The body of a POST with these options."""
    return Body.from_options(FinalRequestOptions(method="POST", url="/x", **given_options))


def read(body: Body) -> bytes:
    """All its pieces."""
    return b"".join(body.pieces())


def generated(*pieces: Any) -> Iterator[Any]:
    """The pieces, once."""
    yield from pieces


async def async_generated(*pieces: Any) -> AsyncIterator[Any]:
    """The pieces, once."""
    for piece in pieces:
        yield piece


async def read_async(body: Body) -> list[bytes]:
    """The pieces of an asynchronous body."""
    return [piece async for piece in body.async_pieces()]


class OddFile(io.BytesIO):
    """A file whose reads are scripted."""

    def __init__(self, content: bytes, reads: list[Any]) -> None:
        super().__init__(content)
        self._reads = reads

    def read(self, size: int | None = -1) -> bytes:
        answer = self._reads.pop(0)
        if isinstance(answer, Exception):
            raise answer
        result: bytes = answer
        return result


@pytest.mark.parametrize(
    ("given_options", "data", "content_type"),
    [
        ({"json_data": {"a": 1}}, b'{"a":1}', "application/json"),
        ({"json_data": None}, b"null", "application/json"),
        ({"extra_json": {"a": 1}}, b'{"a":1}', "application/json"),
        ({"content": b"\xff"}, b"\xff", None),
        ({"content": b""}, b"", None),
        ({"content": bytearray(b"ab")}, b"ab", None),
        ({"content": memoryview(b"ab")}, b"ab", None),
        ({"content": "é"}, b"\xc3\xa9", "text/plain; charset=utf-8"),
        ({"content": [b"a", bytearray(b"b")]}, b"ab", None),
        ({"content": (b"a", b"b")}, b"ab", None),
    ],
)
def test_a_body_in_memory(given_options: dict[str, Any], data: bytes, content_type: str | None) -> None:
    """JSON and text say what they are; all that is in memory has a length and can be sent again and again."""
    body = body_of(**given_options)
    assert (body.data, body.content_type, body.length) == (data, content_type, len(data))
    assert body.is_given
    assert read(body) == read(body) == data
    assert body.replayable


def test_no_body() -> None:
    """A call without a body has none to send, which can be done again and again."""
    body = body_of()
    assert (body.data, body.is_given, body.length, body.content_type) == (None, False, None, None)
    assert (body.replayable, body.is_one_shot, body.is_async, read(body)) == (True, False, False, b"")


def test_a_seekable_file_is_sent_from_where_it_stood() -> None:
    """Each time from there to its end, however far it was read meanwhile."""
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    body = body_of(content=file)
    assert (body.length, body.data, file.tell()) == (6, None, 4)
    assert read(body) == b"456789"
    file.seek(9)
    assert read(body) == b"456789"
    assert body.replayable


@pytest.mark.parametrize("make", [lambda: tempfile.TemporaryFile(), lambda: tempfile.SpooledTemporaryFile()])  # noqa: SIM115
def test_files_of_every_make(make: Any) -> None:
    """What has `read` and can be sought in is a seekable file."""
    with make() as file:
        file.write(200_000 * b"x")
        file.seek(100_000)
        body = body_of(content=file)
        assert (body.length, [len(piece) for piece in body.pieces()]) == (100_000, [65_536, 34_464])
        assert body.replayable


@given(st.binary(max_size=50), st.integers(0, 60))
def test_any_file_from_any_place(content: bytes, start: int) -> None:
    """The length is that of what is sent, also behind the end of the file."""
    file = io.BytesIO(content)
    file.seek(start)
    body = body_of(content=file)
    assert (read(body), body.length) == (content[start:], len(content[start:]))


def test_a_file_that_grew_is_sent_as_long_as_it_was() -> None:
    """The Content-Length that was promised is kept."""
    file = io.BytesIO(b"0123")
    body = body_of(content=file)
    file.seek(0, io.SEEK_END)
    file.write(b"456789")
    assert read(body) == b"0123"


def test_a_file_that_shrank_is_an_error() -> None:
    """A body that ends too early is the application's doing, and is said so."""
    file = io.BytesIO(b"0123")
    body = body_of(content=file)
    file.truncate(1)
    with pytest.raises(ValueError, match="content: the file ended 3 bytes before") as caught:
        read(body)
    assert body.error is caught.value


def test_a_pipe_is_sent_once() -> None:
    """What can't be sought in has no length, and nothing to send when it was read."""
    reader, writer = os.pipe()
    with open(reader, "rb") as pipe:
        with open(writer, "wb") as other_end:
            other_end.write(b"piped")
        body = body_of(content=pipe)
        assert (body.length, body.replayable, body.is_one_shot) == (None, True, True)
        assert read(body) == b"piped"
        assert not body.replayable


def test_an_iterator_is_sent_once() -> None:
    """A second time is refused, rather than sent empty; empty pieces, which would end a chunked body, are left out."""
    body = body_of(content=generated(b"a", b"", bytearray(b"b"), memoryview(b"c")))
    assert (body.length, body.begun, body.replayable) == (None, False, True)
    assert list(body.pieces()) == [b"a", b"b", b"c"]
    assert (body.begun, body.replayable) == (True, False)
    with pytest.raises(httpx.StreamConsumed):
        read(body)
    assert body.error is None


def test_an_iterator_that_was_not_begun_can_still_be_sent() -> None:
    """A connection that failed before the body was asked for has spent nothing."""
    body = body_of(content=generated(b"a"))
    body.pieces()
    assert body.replayable
    next(body.pieces())
    assert not body.replayable


async def test_an_asynchronous_iterable_is_sent_once() -> None:
    """As a plain iterator is."""
    body = body_of(content=async_generated(b"a", b"", bytearray(b"b")))
    assert (body.is_async, body.is_one_shot, body.replayable) == (True, True, True)
    assert await read_async(body) == [b"a", b"b"]
    assert not body.replayable
    with pytest.raises(httpx.StreamConsumed):
        body.async_pieces()


class Failure(Exception):
    """Something of the application's."""


def failing() -> Iterator[bytes]:
    """A piece and a failure."""
    yield b"a"
    raise Failure


async def async_failing() -> AsyncIterator[bytes]:
    """A piece and a failure."""
    yield b"a"
    raise Failure


@pytest.mark.parametrize("content", [OddFile(b"abc", [b"a", Failure()]), failing()])
def test_a_failure_of_the_source_is_kept(content: Any) -> None:
    """So it is told from a failure of the connection, and passes to the caller as it is."""
    body = body_of(content=content)
    with pytest.raises(Failure) as caught:
        read(body)
    assert body.error is caught.value


async def test_a_failure_of_an_asynchronous_source_is_kept() -> None:
    """As that of a plain one is."""
    body = body_of(content=async_failing())
    with pytest.raises(Failure) as caught:
        await read_async(body)
    assert body.error is caught.value


def test_a_failure_is_forgotten_when_the_body_is_begun_anew() -> None:
    """The error is that of the last attempt."""
    body = body_of(content=OddFile(b"abc", [Failure(), b"abc"]))
    with pytest.raises(Failure):
        read(body)
    assert read(body) == b"abc"
    assert body.error is None


@pytest.mark.parametrize("content", [generated("text"), OddFile(b"abc", ["text"]), generated(b"a", 1)])
def test_a_source_gives_bytes(content: Any) -> None:
    """Anything else is a TypeError that names the argument, and counts as the application's."""
    body = body_of(content=content)
    with pytest.raises(TypeError, match="content must give bytes, got") as caught:
        read(body)
    assert body.error is caught.value


async def test_an_asynchronous_source_gives_bytes() -> None:
    """As a plain one does."""
    body = body_of(content=async_generated("text"))
    with pytest.raises(TypeError, match="content must give bytes, got str") as caught:
        await read_async(body)
    assert body.error is caught.value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (1, "got int; for JSON give body="),
        ({"a": 1}, "got dict; for JSON give body="),
        (["text"], "content must give bytes, got str"),
        (object(), "got object"),
        (io.StringIO("text"), "opened in binary mode"),
    ],
)
def test_what_gives_no_bytes_is_refused_at_once(content: Any, message: str) -> None:
    """A TypeError that says what to give, before anything is sent."""
    with pytest.raises(TypeError, match=message):
        body_of(content=content)


def test_a_file_opened_as_text_is_refused_at_once(tmp_path: Path) -> None:
    """The error shows the right form."""
    (tmp_path / "file").write_text("text", encoding="utf-8")
    with open(tmp_path / "file", encoding="utf-8") as file, pytest.raises(TypeError, match=r"open\(path, 'rb'\)"):
        body_of(content=file)


def test_text_with_a_lone_surrogate_is_refused() -> None:
    """It has no UTF-8."""
    with pytest.raises(ValueError, match="content has a lone surrogate"):
        body_of(content="\ud800")


def test_content_has_no_keys_to_merge_with() -> None:
    """`content` beside `extra_json` is a TypeError."""
    with pytest.raises(TypeError, match="content and extra_json exclude each other"):
        body_of(content=b"x", extra_json={"a": 1})


def test_the_repr_shows_no_content() -> None:
    """A body may be a secret."""
    assert repr(body_of(content=b"secret")) == "<Body length=6 replayable=True>"
