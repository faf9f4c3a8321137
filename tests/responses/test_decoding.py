"""Content codings: undone exactly, however the body is cut, and never many bytes at a time."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from support.bombs import MIB, chained_bomb, gzip_bomb
from trio_api.responses import ContentDecoder, _decoding

REQUEST = httpx.Request("GET", "https://api.example.com/")


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def brotli(data: bytes) -> bytes:
    compressed: bytes = pytest.importorskip("brotli").compress(data, quality=1)
    return compressed


def zstd(data: bytes) -> bytes:
    compressed: bytes = pytest.importorskip("zstandard").ZstdCompressor().compress(data)
    return compressed


CODINGS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("br", brotli),
    ("zstd", zstd),
]
coding = pytest.mark.parametrize(
    ("name", "encode"), CODINGS, ids=["gzip", "x-gzip", "deflate", "raw-deflate", "br", "zstd"]
)


def decoder(encoding: str | None) -> ContentDecoder:
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    stream = httpx.ByteStream(b"")  # nothing that httpx would read and decode by itself
    return ContentDecoder(httpx.Response(200, headers=headers, request=REQUEST, stream=stream))


def decoded(encoding: str | None, *chunks: bytes) -> bytes:
    """What the chunks come to, taken to the end of the body."""
    made = decoder(encoding)
    body = b"".join(itertools.chain.from_iterable(made.decode(chunk) for chunk in chunks))
    made.finish()
    return body


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """*data* in chunks, cut at each of *places* that lies within."""
    inside = sorted(place % (len(data) + 1) for place in places)
    return [data[start:end] for start, end in itertools.pairwise([0, *inside, len(data)])]


@coding
@given(body=st.binary(max_size=300), places=st.lists(st.integers(0, 1000), max_size=6))
def test_any_cut_of_the_body_decodes_to_the_same(
    name: str, encode: Callable[[bytes], bytes], body: bytes, places: list[int]
) -> None:
    """How the wire cuts it makes no difference: not in a header, not byte by byte."""
    encoded = encode(body)
    assert decoded(name, *cut(encoded, places)) == body
    assert decoded(name, *[encoded[index : index + 1] for index in range(len(encoded))]) == body


@pytest.mark.parametrize("encoding", [None, "", "identity", "unheard-of", "GZIP, identity"])
def test_what_is_not_encoded_comes_as_it_is(encoding: str | None) -> None:
    """No coding, `identity`, and one that nobody knows; names are the same in any case."""
    body = b"plain"
    sent = gzip.compress(body) if encoding and encoding.startswith("GZIP") else body
    assert decoded(encoding, sent, b"") == body


@given(names=st.lists(st.sampled_from(["gzip", "deflate"]), min_size=2, max_size=4), body=st.binary(max_size=100))
def test_codings_over_one_another_are_undone_from_the_last(names: list[str], body: bytes) -> None:
    """The header lists them in the order in which they were applied (RFC 9110, 8.4)."""
    encoded = body
    for name in names:
        encoded = {"gzip": gzip.compress, "deflate": zlib.compress}[name](encoded)
    assert decoded(" , ".join(names), encoded) == body


def test_gzip_may_have_several_members() -> None:
    """They are one body (RFC 1952, 2.2), wherever they are cut."""
    encoded = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    for place in range(len(encoded)):
        assert decoded("gzip", encoded[:place], encoded[place:]) == b"one two"


def test_zstd_may_have_several_frames() -> None:
    """They are one body (RFC 8878, 3.1), wherever they are cut."""
    encoded = zstd(b"one ") + zstd(b"two")
    for place in range(len(encoded)):
        assert decoded("zstd", encoded[:place], encoded[place:]) == b"one two"


@coding
def test_what_a_piece_has_no_room_for_comes_with_the_next(name: str, encode: Callable[[bytes], bytes]) -> None:
    """All that a chunk makes comes before another chunk is asked for, also where it is more than one piece."""
    body = bytes(_decoding.PIECE + 300)
    encoded = encode(body)
    for place in range(len(encoded)):
        made = decoder(name)
        first = b"".join(made.decode(encoded[:place]))
        assert b"".join(made.decode(b"")) == b""
        assert len(first + b"".join(made.decode(encoded[place:]))) == len(body)


@coding
def test_what_follows_the_end_is_no_part_of_the_body(name: str, encode: Callable[[bytes], bytes]) -> None:
    """Padding after gzip and deflate is left out, as curl and the browsers do."""
    if name in {"br", "zstd"}:
        return
    encoded = encode(b"body")
    assert decoded(name, encoded + bytes(20)) == b"body"
    assert decoded(name, encoded, bytes(20), b"more") == b"body"
    assert decoded(name, encoded, b"more", b"\x1fmore") == b"body"


@coding
def test_a_body_that_breaks_off_is_an_error(name: str, encode: Callable[[bytes], bytes]) -> None:
    """A part of a body is never taken for the whole; nothing at all is no body, of a HEAD for example."""
    encoded = encode(b"some body" * 100)
    assert decoded(name) == decoded(name, b"") == b""
    for end in (1, 2, len(encoded) // 2, len(encoded) - 1):
        with pytest.raises(httpx.DecodingError, match="ends in the middle") as caught:
            decoded(name, encoded[:end])
        assert caught.value.request is REQUEST


@coding
def test_rubbish_is_an_error(name: str, encode: Callable[[bytes], bytes]) -> None:
    """Httpx's own error, whichever library found out."""
    encode(b"")  # skips where the library is not there
    with pytest.raises(httpx.DecodingError) as caught:
        decoded(name, b"\xff\xffthis is no such thing at all" * 20)
    assert caught.value.__suppress_context__


@coding
@given(data=st.data())
def test_whatever_comes_is_decoded_or_an_error(
    name: str, encode: Callable[[bytes], bytes], data: st.DataObject
) -> None:
    """Broken anywhere, cut anywhere: no library's own exception comes through."""
    encoded = bytearray(encode(data.draw(st.binary(max_size=50))))
    for place in data.draw(st.lists(st.integers(0, max(len(encoded) - 1, 0)), max_size=3)):
        encoded[place : place + 1] = data.draw(st.binary(max_size=3))
    places = data.draw(st.lists(st.integers(0, 100), max_size=3))
    with contextlib.suppress(httpx.DecodingError):
        decoded(name, *cut(bytes(encoded), places))


def test_codings_without_end_are_refused() -> None:
    """Five over one another are undone, six are not: each could multiply a bomb."""
    body = b"x"
    for _ in range(5):
        body = gzip.compress(body)
    assert decoded(", ".join(["gzip"] * 5), body) == b"x"
    refused = decoder(", ".join(["gzip"] * 6))
    with pytest.raises(httpx.DecodingError, match="more than 5 content codings"):
        refused.decode(gzip.compress(body))


@pytest.mark.parametrize(
    ("encoding", "make"),
    [
        ("gzip", gzip_bomb),
        ("gzip, gzip", chained_bomb),
        ("deflate", lambda: zlib.compress(bytes(100 * MIB))),
        ("br", lambda: brotli(bytes(100 * MIB))),
        ("zstd", lambda: zstd(bytes(100 * MIB))),
    ],
    ids=["gzip", "chained", "deflate", "br", "zstd"],
)
def test_a_bomb_goes_off_in_small_pieces(encoding: str, make: Callable[[], bytes]) -> None:
    """However much a body makes, it makes little at a time, and only as it is asked for."""
    bomb = make()
    assert len(bomb) < MIB // 2
    pieces = decoder(encoding).decode(bomb)
    tracemalloc.start()
    try:
        sizes = [len(piece) for piece, _ in zip(pieces, range(300), strict=False)]
        assert tracemalloc.get_traced_memory()[1] < 6 * MIB
    finally:
        tracemalloc.stop()
    assert max(sizes) <= 3 * MIB
    assert sum(sizes) >= 10 * MIB


@pytest.mark.parametrize("package", ["brotli", "brotlicffi"])
def test_either_package_for_brotli_serves(package: str) -> None:
    """They differ in the names of their methods."""
    library: Any = pytest.importorskip(package)
    body = bytes(range(256)) * 4000
    made = _decoding._Brotli(library)
    assert b"".join(made.decode(brotli(body))) == body
    made.finish()


def test_a_brotli_that_knows_no_limit_is_fed_in_small_pieces() -> None:
    """Before version 1.2: what a few bytes make at once is not much."""
    real = pytest.importorskip("brotli")

    class Before:
        """`brotli.Decompressor` as it was."""

        def __init__(self) -> None:
            self.decompressor = real.Decompressor()
            self.is_finished = self.decompressor.is_finished

        def process(self, data: bytes) -> bytes:
            assert len(data) <= 16
            made: bytes = self.decompressor.process(data)
            return made

    class Library:
        Decompressor = Before

    body = bytes(range(256)) * 4000
    made = _decoding._Brotli(Library)
    assert b"".join(made.decode(brotli(body))) == body
    made.finish()


ZSTD_MAKERS = [("zstandard", _decoding._Zstandard), ("backports.zstd", _decoding._StandardZstd)]


@pytest.mark.parametrize(("package", "maker"), ZSTD_MAKERS)
@given(bodies=st.lists(st.binary(max_size=200), max_size=3), places=st.lists(st.integers(0, 1000), max_size=4))
def test_either_package_for_zstd_serves(package: str, maker: Any, bodies: list[bytes], places: list[int]) -> None:
    """Any number of frames, however they are cut; a part of one is an error, and so is rubbish."""
    library = pytest.importorskip(package)
    encoded = b"".join(map(zstd, bodies))
    made = maker(library)
    assert b"".join(itertools.chain.from_iterable(map(made.decode, cut(encoded, places)))) == b"".join(bodies)
    made.finish()
    if encoded:
        list(made.decode(zstd(b"cut off")[:-1]))
        with pytest.raises(ValueError, match="ends in the middle"):
            made.finish()


@pytest.mark.parametrize(("package", "maker"), ZSTD_MAKERS)
def test_either_package_for_zstd_is_bounded(package: str, maker: Any) -> None:
    """What a bomb makes comes in small pieces; a window that browsers would not have is refused."""
    library = pytest.importorskip(package)
    bomb = zstd(bytes(100 * MIB))
    pieces = [len(piece) for piece in maker(library).decode(bomb)]
    assert max(pieces) <= 3 * MIB
    assert sum(pieces) == 100 * MIB
    zstandard = pytest.importorskip("zstandard")
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=25)
    wide = zstandard.ZstdCompressor(compression_params=parameters).compress(bytes(64 * MIB))
    with pytest.raises(Exception, match=r"(?i)window|memory"):
        list(maker(library).decode(wide))


def test_what_is_asked_for_can_be_undone() -> None:
    """Httpx asks for what its own packages can; each is known here."""
    asked = httpx.Client().headers["accept-encoding"].split(", ")
    assert [name for name in asked if _decoding._make(name) is None] == []


def test_a_package_that_is_not_there_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the coding is one that nobody knows, and the body stays as it is."""
    monkeypatch.setitem(_decoding._OPTIONAL, "no-such", [("trio_api_has_no_such_package", _decoding._Brotli)])
    assert _decoding._make("no-such") is None
