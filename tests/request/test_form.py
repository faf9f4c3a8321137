"""What servers read from the forms that calls make."""

from __future__ import annotations

import datetime
import enum
import io
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from support.forms import Received, by_python_multipart, by_werkzeug, received_form
from trio_api import FinalRequestOptions, Querystring, not_given, omit, wire
from trio_api.request import Body

OCTETS = "application/octet-stream"


def body_of(files: Any, qs: Querystring | None = None, **options: Any) -> Body:
    return Body.from_options(FinalRequestOptions(method="POST", url="/x", files=files, **options), qs)


def read(body: Body) -> bytes:
    """The body as it is sent, which has the length that was promised."""
    body.measure()
    data = b"".join(body.pieces())
    assert body.length in (None, len(data))
    return data


def sent(files: Any, qs: Querystring | None = None, **options: Any) -> list[Received]:
    """What servers read from a form of these files."""
    body = body_of(files, qs, **options)
    return received_form(read(body), body.content_type or "")


def names(files: Any, qs: Querystring | None = None, **options: Any) -> list[tuple[str, bytes]]:
    return [(part.name, part.content) for part in sent(files, qs, **options)]


# -- content ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"abc", bytearray(b"abc"), memoryview(b"abc"), "abc", iter([b"a", b"bc"])])
def test_content_without_a_name(content: Any) -> None:
    """It goes as a file called "upload": without a filename servers would take it for a plain field."""
    assert sent({"file": content}) == [Received("file", b"abc", "upload", OCTETS)]


def test_a_file_has_its_own_name(tmp_path: Path) -> None:
    """The last part of its path, and the type that this has by its extension; from where the file stands."""
    (tmp_path / "a.txt").write_bytes(b"abc")
    with open(tmp_path / "a.txt", "rb") as file:
        file.seek(1)
        assert sent({"file": file}) == [Received("file", b"bc", "a.txt", "text/plain")]
        file.seek(2)
        assert sent({"file": ("b.PNG", file)}) == [Received("file", b"c", "b.PNG", "image/png")]
    with open(os.open(tmp_path / "a.txt", os.O_RDONLY), "rb") as file:
        assert sent({"file": file}) == [Received("file", b"abc", "upload", OCTETS)]
    assert sent({"file": io.BytesIO(b"x")}) == [Received("file", b"x", "upload", OCTETS)]


def test_a_path(tmp_path: Path) -> None:
    """It is read from disk when the body is sent, and what was made of it before has no length yet."""
    path = tmp_path / "data.json"
    body = body_of({"file": path, "again": ("other", path, "x/y")})
    assert (body.is_on_disk, body.length, body.replayable) == (True, None, True)
    path.write_bytes(b"{}")
    for _ in range(2):
        assert received_form(read(body), body.content_type or "") == [
            Received("file", b"{}", "data.json", "application/json"),
            Received("again", b"{}", "other", "x/y"),
        ]


class BytesPath(os.PathLike[bytes]):
    def __init__(self, path: bytes) -> None:
        self.path = path

    def __fspath__(self) -> bytes:
        return self.path


def test_a_path_in_bytes(tmp_path: Path) -> None:
    """As systems have them."""
    (tmp_path / "é").write_bytes(b"x")
    assert sent({"file": BytesPath(os.fsencode(tmp_path / "é"))}) == [Received("file", b"x", "é", OCTETS)]


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (("a.txt", b"x"), Received("f", b"x", "a.txt", "text/plain")),
        (("a", b"x"), Received("f", b"x", "a", OCTETS)),
        ((None, "x"), Received("f", b"x")),
        (("", "x"), Received("f", b"x")),
        (("a.txt", b"x", "text/csv"), Received("f", b"x", "a.txt", "text/csv")),
        (("a.txt", b"x", None), Received("f", b"x", "a.txt", "text/plain")),
        ((None, "x", "text/html; charset=utf-8"), Received("f", b"x", None, "text/html; charset=utf-8")),
        (("a", b"x", "x/y", {"X-Id": "1"}), Received("f", b"x", "a", "x/y", {"x-id": "1"})),
        (("a", b"x", "x/y", {"content-type": "x/z"}), Received("f", b"x", "a", "x/z")),
        (("a", b"x", None, {"X-Id": "1"}), Received("f", b"x", "a", OCTETS, {"x-id": "1"})),
        (("a", b"x", "x/y", None), Received("f", b"x", "a", "x/y")),
    ],
)
def test_tuples_say_more(value: Any, part: Received) -> None:
    """Filename, content, content type, headers; no filename makes it a plain field, headers win."""
    assert sent({"f": value}) == [part]


@attrs.frozen
class Meta:
    page_count: int = wire("pageCount")


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/ld+json", "text/json"]
)
@pytest.mark.parametrize(
    ("content", "text"),
    [(Meta(3), b'{"pageCount":3}'), ({"a": [1, omit]}, b'{"a":[1]}'), ([Meta(1)], b'[{"pageCount":1}]'), ("{}", b"{}")],
)
def test_json_parts(content_type: str, content: Any, text: bytes) -> None:
    """What the content type says is JSON may be an attrs instance, a mapping or a list; text is JSON already."""
    assert sent({"meta": (None, content, content_type)}) == [Received("meta", text, None, content_type)]


# -- names -----------------------------------------------------------------------------------------------------


def test_nested_files() -> None:
    """Arrays as `name[]`, keys as `name[key]`: as servers of forms tell them."""
    assert names({"documents": [{"file": b"1", "kind": "a"}, {"file": b"2"}], "a": {"b": {"c": b"3"}}}) == [
        ("documents[][file]", b"1"),
        ("documents[][kind]", b"a"),
        ("documents[][file]", b"2"),
        ("a[b][c]", b"3"),
    ]


@pytest.mark.parametrize(
    ("qs", "name"),
    [
        (Querystring(array_format="repeat"), "d[][f]"),
        (Querystring(array_format="comma"), "d[][f]"),
        (Querystring(array_format="brackets"), "d[][f]"),
        (Querystring(array_format="indices"), "d[0][f]"),
        (Querystring(nested_format="dots"), "d[].f"),
        (Querystring(array_format="indices", nested_format="dots"), "d[0].f"),
    ],
)
def test_names_are_nested_as_the_clients_query_has_them(qs: Querystring, name: str) -> None:
    """But an array stays one: a form has no other way to say that a name is repeated, and a file has no comma."""
    assert names({"d": [{"f": b"x"}]}, qs, json_data={"d": [{"f": "y"}]}) == [(name, b"y"), (name, b"x")]


def test_pairs_repeat_a_name_as_it_stands() -> None:
    """For servers that want `file` twice; a list is one array of them."""
    assert names([("file", b"1"), ("file", b"2"), ("more", [b"3", b"4"])]) == [
        ("file", b"1"),
        ("file", b"2"),
        ("more[]", b"3"),
        ("more[]", b"4"),
    ]
    assert names((("file", b"1"),)) == [("file", b"1")]


def test_what_is_left_out_is_not_sent() -> None:
    """None, `omit` and `not_given` stand for no file; with none at all the fields are a form still."""
    assert names({"a": None, "b": omit, "c": [not_given, b"x"]}) == [("c[]", b"x")]
    assert names({}, json_data={"a": 1}) == [("a", b"1")]
    assert names([]) == []


class Colour(enum.Enum):
    RED = "red"


@attrs.frozen
class Upload:
    title: str
    colour: Colour
    at: datetime.datetime = wire("takenAt")
    tags: list[str] = attrs.field(factory=list)
    note: str | None = None
    share: bool = True
    size: dict[str, float] = attrs.field(factory=dict)


def test_the_body_beside_files_is_form_fields() -> None:
    """Wire names, ISO 8601, enums by value, nested; None has no text and is left out. Fields stand before files."""
    at = datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)
    body = Upload("Zoë", Colour.RED, at, ["a", "b"], size={"w": 1.5})
    assert names({"file": b"x"}, json_data=body) == [
        ("title", "Zoë".encode()),
        ("colour", b"red"),
        ("takenAt", b"2024-01-02T00:00:00+00:00"),
        ("tags[]", b"a"),
        ("tags[]", b"b"),
        ("share", b"true"),
        ("size[w]", b"1.5"),
        ("file", b"x"),
    ]


def test_extra_json_is_merged_over_the_fields() -> None:
    """As over a JSON body: it wins, `omit` removes; and it may stand alone."""
    assert names({"f": b"x"}, json_data={"a": 1, "b": 2, "c": 3}, extra_json={"b": 4, "c": omit}) == [
        ("a", b"1"),
        ("b", b"4"),
        ("f", b"x"),
    ]
    assert names({"f": b"x"}, extra_json={"b": 4}) == [("b", b"4"), ("f", b"x")]


# -- lengths and replays -----------------------------------------------------------------------------------------


def test_a_part_of_unknown_length_makes_the_whole_of_unknown_length() -> None:
    """And one that can be read once only makes it one that can be sent once only."""
    body = body_of({"a": b"x", "b": iter([b"y"])})
    assert (body.length, body.is_one_shot, body.replayable) == (None, True, True)
    next(body.pieces())
    assert not body.replayable
    assert body_of({"a": b"x", "b": io.BytesIO(b"y")}).length is not None


def test_seekable_files_are_sent_again_from_where_they_stood() -> None:
    """The same bytes, boundary and all."""
    file = io.BytesIO(b"0123456789")
    file.seek(7)
    body = body_of({"a": file, "b": "text"})
    assert read(body) == read(body)
    assert body.replayable
    assert not body_of({"b": "text"}).blocks
    assert body.blocks


def test_small_parts_are_one_write() -> None:
    """What is in memory is joined, so that a form of ten fields is not thirty packets; a file is not held back."""
    body = body_of({"a": "1", "b": "2", "c": io.BytesIO(b"3"), "d": "4"})
    assert len(list(body.pieces())) == 2
    large = body_of({"a": b"x" * 200_000})
    assert max(map(len, large.pieces())) < 2 * 65_536


# -- refusals --------------------------------------------------------------------------------------------------


async def generated() -> AsyncIterator[bytes]:
    yield b"x"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (5, r"files must be a mapping or a list of pairs, got int; give files="),
        ("path", "must be a mapping or a list of pairs, got str"),
        ([b"x"], "must be a mapping or a list of pairs, got list"),
        ([("a", b"x", "text/plain")], "must be a mapping or a list of pairs"),
        ({1: b"x"}, "files must have str names, got 1"),
        ({"a": 5}, r"files: 'a' must be bytes, str, a path, .* got int; for JSON give \(None"),
        ({"a": {"b": 5}}, r"files: 'a\[b\]' must be"),
        ({"a": ("x",)}, r"files: 'a' must be a tuple of \(filename, content"),
        ({"a": ("x", b"", None, None, None)}, "got 5 items"),
        ({"a": (None, {"a": 1})}, "files: 'a' must be .* got dict"),
        ({"a": (None, {"a": 1}, "text/plain")}, "files: 'a' must be .* got dict"),
        ({"a": (1, b"x")}, "files: 'a': the filename must be a str, got int"),
        ({"a": ("x", b"", 5)}, "header 'Content-Type' must be a str"),
        ({"a": ("x", b"", None, {"X": 1})}, "header 'X' must be a str"),
        ({"a": io.StringIO("x")}, "files: 'a' must be a file opened in binary mode"),
        ({"a": generated()}, "files: 'a' is asynchronous"),
    ],
)
def test_what_is_no_file_is_refused(files: Any, message: str) -> None:
    """At once, by name, with what to give."""
    with pytest.raises(TypeError, match=message):
        body_of(files)


@pytest.mark.parametrize("body", [[1], "text", 5, None])
def test_a_body_without_keys_has_no_fields(body: Any) -> None:
    """Beside files it has to be a mapping or an attrs instance."""
    with pytest.raises(TypeError, match="beside files the body goes as form fields"):
        body_of({"a": b"x"}, json_data=body)


def test_numbers_that_json_has_not_are_refused_in_fields_too() -> None:
    """The error names the path."""
    with pytest.raises(ValueError, match=r"\$\.a"):
        body_of({"f": b"x"}, json_data={"a": float("nan")})


def test_files_without_end_are_refused() -> None:
    """No RecursionError."""
    files: dict[str, Any] = {}
    files["a"] = files
    with pytest.raises(ValueError, match="nested too deeply"):
        body_of(files)


def test_text_that_has_no_utf8_is_refused() -> None:
    """Half of a surrogate pair."""
    with pytest.raises(ValueError, match="files: 'a' has a lone surrogate"):
        body_of({"a": "\ud800"})


# -- properties ------------------------------------------------------------------------------------------------

CONTROLS = st.characters(max_codepoint=0x1F, exclude_characters="\t") | st.just("\x7f")
NAME = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).filter(lambda name: name[-1:] != "\\")
CONTENT = st.binary(max_size=200) | st.sampled_from([b"\r\n", b"--", b"\r\n--", b"--\r\n", b""])


@given(parts=st.lists(st.tuples(NAME, st.none() | NAME, CONTENT), max_size=5), cut=st.integers(1, 50))
def test_servers_read_back_what_was_sent(parts: list[tuple[str, str | None, bytes]], cut: int) -> None:
    """The same names, filenames and bytes, in the same order; a quotation mark as WHATWG has it, %22."""
    files = [(name, (filename, io.BytesIO(content))) for name, filename, content in parts]
    body = body_of(files)
    data, content_type = read(body), body.content_type or ""
    found = by_python_multipart(data, content_type)
    assert [(part.name, part.content) for part in found] == [
        (name.replace('"', "%22"), content) for name, _, content in parts
    ]
    for (_, filename, _), part in zip(parts, found, strict=True):
        if filename and not (filename[1:3] == ":\\" or filename[:2] == "\\\\"):  # paths, which this parser cuts
            assert part.filename == filename.replace('"', "%22")
    assert [part.content for part in by_werkzeug(data, content_type)] == [content for *_, content in parts]


@given(fields=st.dictionaries(NAME, st.text(st.characters(exclude_categories=("Cs",)), max_size=50), max_size=5))
def test_servers_read_back_fields(fields: dict[str, str]) -> None:
    """Text of any kind, line ends untouched."""
    assert names({}, json_data=fields) == [(name.replace('"', "%22"), text.encode()) for name, text in fields.items()]


QUOTES = ['"', "\\", ";", "=", ": ", "--", "*=utf-8''a", "%0d%0a", '"; filename="evil']
CONTROL = ["\r\n", "\r", "\n", "\x00", "\x1f", "\t", "\r\nContent-Type: text/html", "\r\n\r\n"]
LETTERS = ["a", "é", "\u2028", "\x85", "\ud800", "name="]
HOSTILE = st.lists(st.sampled_from([*QUOTES, *CONTROL, *LETTERS]), max_size=6).map("".join)


@settings(max_examples=1000)
@given(name=HOSTILE, filename=HOSTILE, content_type=st.none() | HOSTILE)
def test_no_text_makes_another_part_or_header(name: str, filename: str, content_type: str | None) -> None:
    """A server reads exactly the one part, with the headers that it should have; or nothing is sent at all."""
    try:
        body = body_of({name: (filename, b"content", content_type)})
    except ValueError:
        both = name + filename
        refused = any(character < " " and character != "\t" for character in both) or "\ud800" in both
        assert refused or name.endswith("\\") or filename.endswith("\\") or content_type is not None
        return
    assert not any(character in name + filename + (content_type or "") for character in "\r\n\x00")
    for parse in (by_python_multipart, by_werkzeug):
        (part,) = parse(read(body), body.content_type or "")
        assert (part.content, part.headers) == (b"content", {})
        assert part.name.replace('"', "%22") == name.replace('"', "%22")
        assert (part.filename is None) == (filename == "")


@given(name=NAME, control=CONTROLS, where=st.sampled_from(["name", "filename"]))
def test_control_characters_are_refused_by_name(name: str, control: str, where: str) -> None:
    """CR, LF, NUL and their like have no place in a name."""
    bad = f"{name}{control}"
    files: Mapping[str, Any] = {bad: b"x"} if where == "name" else {"a": (bad, b"x")}
    with pytest.raises(ValueError, match=f"the {where} has a control character such as CR, LF or NUL"):
        body_of(files)


@pytest.mark.parametrize("files", [{"a\\": b""}, {"a": ("b\\", b"")}])
def test_a_backslash_at_the_end_is_refused(files: Any) -> None:
    """Parsers differ about it, and some would read on into the next parameter."""
    with pytest.raises(ValueError, match="name ends with a backslash"):
        body_of(files)


@pytest.mark.parametrize("bad", [{"X-A": "b\r\nc"}, {"X\nA": "b"}, {"X-A": "\x00"}])
def test_headers_of_a_part_are_checked_as_all_are(bad: dict[str, str]) -> None:
    """CR, LF and NUL are refused."""
    with pytest.raises(ValueError, match="header"):
        body_of({"a": ("x", b"", None, bad)})


def test_the_disposition_is_made_from_the_names() -> None:
    """A second one would say something else of the part."""
    with pytest.raises(ValueError, match="Content-Disposition is made from the names"):
        body_of({"a": ("x", b"", None, {"content-disposition": "form-data"})})


def test_lone_surrogates_have_no_name() -> None:
    """As in file names that no encoding explains."""
    with pytest.raises(ValueError, match=r"files: .*: the filename has a lone surrogate"):
        body_of({"a": ("\udcff", b"")})
