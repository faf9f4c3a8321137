"""Uploads in both colours: what is sent of files, what is told of it, and what becomes of them on another attempt."""

from __future__ import annotations

import io
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio

from support.colours import Colour, TrioColour
from support.forms import Received, received_form
from support.scripted import Script, Sent, VirtualTime, reply
from trio_api import (
    APIConnectionError,
    FinalRequestOptions,
    InternalServerError,
    Querystring,
    make_request_options,
)


def form(sent: Sent) -> list[Received]:
    """What a server reads from the request."""
    assert sent.headers.get("content-length", f"{len(sent.body)}") == f"{len(sent.body)}"
    return received_form(sent.body, sent.headers["content-type"])


def contents(sent: Sent) -> list[bytes]:
    return [part.content for part in form(sent)]


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_a_verb_sends_files(colour: Colour, verb: str, tmp_path: Path) -> None:
    """As multipart, with the body's keys as fields, and a length."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"text")

    def upload(client: Any) -> Any:
        return getattr(client, verb)("/x", cast_to=object, body={"a": [1]}, files={"docs": [{"file": path}]})

    value, script = colour.play(reply({"ok": True}), body=upload)
    assert value == {"ok": True}
    (sent,) = script.sent
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert "content-length" in sent.headers
    assert form(sent) == [Received("a[]", b"1"), Received("docs[][file]", b"text", "a.txt", "text/plain")]


def test_request_and_the_raw_view_take_files_too(colour: Colour) -> None:
    """As the verbs do."""
    files = {"f": (None, "x")}

    def upload(client: Any) -> Iterator[Any]:
        yield client.request(object, FinalRequestOptions(method="POST", url="/x", files=files))
        yield client.request(object, {"method": "POST", "url": "/x", "files": files})
        yield client.with_raw_response.post("/x", cast_to=object, files=files, progress=told.append)

    class Told(list[Any]):
        def append(self, *args: Any) -> None:
            super().append(args)

    told = Told()
    _, script = colour.play(reply(), reply(), reply(), body=upload)
    assert [form(sent) for sent in script.sent] == [[Received("f", b"x")]] * 3
    length = int(script.sent[2].headers["content-length"])
    assert told == [(0, length), (length, length)]


def test_names_are_nested_as_the_clients_hook_says(colour: Colour) -> None:
    """`qs` gives the style of queries and forms alike."""
    made = colour.make_class(qs=property(lambda self: Querystring(array_format="indices", nested_format="dots")))
    _, script = colour.play(
        reply(), client_class=made, body=lambda client: client.post("/x", cast_to=object, files={"a": [{"b": "1"}]})
    )
    assert [part.name for part in form(script.sent[0])] == ["a[0].b"]


def test_a_body_without_files_stays_json(colour: Colour) -> None:
    """Only files make a form."""
    _, script = colour.play(reply(), body=lambda client: client.post("/x", cast_to=object, body={"a": 1}))
    assert script.sent[0].headers["content-type"] == "application/json"


# -- Content-Type ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sent_type"),
    [
        ("multipart/form-data; boundary=my-boundary", "multipart/form-data; boundary=my-boundary"),
        ('multipart/form-data; boundary="my boundary"', 'multipart/form-data; boundary="my boundary"'),
        ("Multipart/Related; type=x; BOUNDARY=b", "Multipart/Related; type=x; BOUNDARY=b"),
    ],
)
@pytest.mark.parametrize("layer", ["call", "client"])
def test_an_explicit_boundary_is_kept(colour: Colour, given: str, sent_type: str, layer: str) -> None:
    """In the header as it was given, and in the body; from the call as from the client."""
    headers = {"content-type": given}
    settings = {"custom_headers": headers} if layer == "client" else {}
    options = make_request_options(extra_headers=headers) if layer == "call" else None
    _, script = colour.play(
        reply(status=503),
        reply(),
        body=lambda client: client.put("/x", cast_to=object, files={"f": "x"}, options=options),
        **settings,
    )
    boundary = {"m": "my-boundary", "M": "b"}[given[0]] if '"' not in given else "my boundary"
    for sent in script.sent:
        assert sent.headers["content-type"] == sent_type
        assert sent.body.startswith(f"--{boundary}\r\n".encode())
        assert sent.body.endswith(f"\r\n--{boundary}--\r\n".encode())
        assert len(sent.body) == int(sent.headers["content-length"])


def test_a_multipart_type_without_a_boundary_gets_one(colour: Colour) -> None:
    """As SDKs that are made from descriptions send it."""
    _, script = colour.play(
        reply(),
        body=lambda client: client.post(
            "/x",
            cast_to=object,
            files={"f": "x"},
            options={"headers": {"Content-Type": "multipart/form-data; charset=utf-8"}},
        ),
    )
    assert script.sent[0].headers["content-type"].startswith("multipart/form-data; charset=utf-8; boundary=")
    assert contents(script.sent[0]) == [b"x"]


def test_a_clients_content_type_for_other_bodies_gives_way(colour: Colour) -> None:
    """It was not said of this body."""
    _, script = colour.play(
        reply(),
        body=lambda client: client.post("/x", cast_to=object, files={"f": "x"}),
        custom_headers={"Content-Type": "application/json"},
    )
    assert contents(script.sent[0]) == [b"x"]


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("application/json", "files go as multipart/form-data, but the header 'Content-Type' says 'application/json'"),
        ("", "files go as multipart"),
        (f"multipart/form-data; boundary={'x' * 71}", "a boundary has 1 to 70"),
        ("multipart/form-data; boundary=a@b", "a boundary has 1 to 70"),
        ('multipart/form-data; boundary=""', "a boundary has 1 to 70"),
    ],
)
def test_a_content_type_that_no_form_has_is_refused(colour: Colour, content_type: str, message: str) -> None:
    """Before anything is sent."""
    error, script = colour.fail(
        ValueError,
        body=lambda client: client.post(
            "/x", cast_to=object, files={"f": "x"}, options={"headers": {"Content-Type": content_type}}
        ),
    )
    assert message in str(error)
    assert script.sent == []


# -- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"content": b"x", "files": {"f": b"x"}}, {"content": b"x", "body": {}}])
def test_there_is_one_kind_of_body(colour: Colour, given: Any) -> None:
    """`content` stands alone."""
    error, script = colour.fail(TypeError, body=lambda client: client.post("/x", cast_to=object, **given))
    assert "exclude each other" in str(error)
    assert script.sent == []


def test_a_name_that_cannot_be_sent_is_refused_before_anything_is(colour: Colour) -> None:
    """CR, LF and NUL in the name of a part, as in a header."""
    error, script = colour.fail(
        ValueError, body=lambda client: client.post("/x", cast_to=object, files={'a"\r\nX: y': b""})
    )
    assert "has a control character" in str(error)
    assert script.sent == []


def test_a_path_that_is_not_there_is_the_applications_own_error(colour: Colour, tmp_path: Path) -> None:
    """Nothing is sent and nothing retried."""
    error, script = colour.fail(
        FileNotFoundError, body=lambda client: client.post("/x", cast_to=object, files={"f": tmp_path / "none"})
    )
    assert error.filename == f"{tmp_path / 'none'}"
    assert script.sent == []


# -- attempts ----------------------------------------------------------------------------------------------------


def test_files_are_sent_again_whole(colour: Colour, tmp_path: Path) -> None:
    """Paths are opened anew, open files rewound to where they stood; the boundary stays."""
    path = tmp_path / "a"
    path.write_bytes(100_000 * b"x")
    file = io.BytesIO(b"0123456789")
    file.seek(5)
    _, script = colour.play(
        reply(status=503),
        httpx.ReadError("reset"),
        reply(),
        body=lambda client: client.post("/x", cast_to=object, files={"path": path, "file": file}),
    )
    assert [contents(sent) for sent in script.sent] == [[100_000 * b"x", b"56789"]] * 3
    assert len({sent.headers["content-type"] for sent in script.sent}) == 1
    assert [sent.headers["X-Trio-API-Retry-Count"] for sent in script.sent] == ["0", "1", "2"]
    assert not file.closed


def test_a_path_as_content_is_streamed(colour: Colour, tmp_path: Path) -> None:
    """As it is, with its length, on every attempt."""
    path = tmp_path / "a"
    path.write_bytes(b"body")
    _, script = colour.play(
        reply(status=503), reply(), body=lambda client: client.put("/x", cast_to=object, content=path)
    )
    assert [(sent.body, sent.headers["content-length"]) for sent in script.sent] == [(b"body", "4")] * 2
    assert "content-type" not in script.sent[0].headers


def test_a_file_that_changed_between_attempts_has_its_new_length(colour: Colour, tmp_path: Path) -> None:
    """The length is looked for before each."""
    path = tmp_path / "a"
    path.write_bytes(b"one")

    def change(request: httpx.Request) -> httpx.Response:
        path.write_bytes(b"another")
        return reply(status=503)

    _, script = colour.play(
        change, reply(), body=lambda client: client.post("/x", cast_to=object, files={"f": (None, path)})
    )
    assert [contents(sent) for sent in script.sent] == [[b"one"], [b"another"]]


@pytest.mark.parametrize(
    "make_answer", [lambda: reply(status=503), lambda: httpx.ReadError("reset")], ids=["503", "reset"]
)
def test_a_form_with_a_one_shot_part_is_sent_once(colour: Colour, make_answer: Callable[[], Any]) -> None:
    """Never twice, and never with that part empty: the first failure is the call's."""
    error, script = colour.fail(
        (InternalServerError, APIConnectionError),  # type: ignore[arg-type]
        make_answer(),
        body=lambda client: client.post("/x", cast_to=object, files={"a": b"x", "b": iter([b"y", b"z"])}),
    )
    assert [contents(sent) for sent in script.sent] == [[b"x", b"yz"]]
    assert script.sent[0].headers["transfer-encoding"] == "chunked"
    assert len(error.attempts) == 1


def test_a_redirect_that_keeps_the_body_keeps_the_form(colour: Colour) -> None:
    """307 sends the same files once more."""
    _, script = colour.play(
        httpx.Response(307, headers={"Location": "/y"}),
        reply(),
        body=lambda client: client.post("/x", cast_to=object, files={"f": io.BytesIO(b"x")}),
    )
    assert [(sent.url.path, contents(sent)) for sent in script.sent] == [("/v1/x", [b"x"]), ("/y", [b"x"])]


def test_a_hook_that_changes_headers_leaves_the_files(colour: Colour) -> None:
    """A one-shot part is not begun twice, and another boundary is taken on."""

    def prepare(self: Any, options: FinalRequestOptions) -> FinalRequestOptions:
        return attrs.evolve(options, headers={"Content-Type": "multipart/form-data; boundary=other"})

    made = colour.make_class(_prepare_options=prepare)
    _, script = colour.play(
        reply(),
        client_class=made,
        body=lambda client: client.post("/x", cast_to=object, files={"f": iter([b"x"])}, body={"a": 1}),
    )
    assert contents(script.sent[0]) == [b"1", b"x"]
    assert script.sent[0].body.startswith(b"--other\r\n")


def test_a_hook_may_give_other_files(colour: Colour) -> None:
    """What it gives is sent."""

    def prepare(self: Any, options: FinalRequestOptions) -> FinalRequestOptions:
        return attrs.evolve(options, files={"g": (None, "other")})

    made = colour.make_class(_prepare_options=prepare)
    _, script = colour.play(
        reply(),
        client_class=made,
        body=lambda client: client.post("/x", cast_to=object, files={"f": b"x"}),
    )
    assert form(script.sent[0]) == [Received("g", b"other")]


# -- progress ----------------------------------------------------------------------------------------------------

Progress = list[tuple[int, int | None]]


def told_by(colour: Colour, *answers: Any, script: Script | None = None, **upload: Any) -> tuple[Progress, Script]:
    """What the progress function of an upload was told."""
    told: Progress = []

    def progress(sent: int, total: int | None) -> None:
        told.append((sent, total))

    _, script = colour.play(
        *answers, script=script, body=lambda client: client.put("/x", cast_to=object, progress=progress, **upload)
    )
    return told, script


@pytest.mark.parametrize(
    ("make_upload", "total"),
    [
        (lambda: {"content": 150_000 * b"x"}, 150_000),
        (lambda: {"content": io.BytesIO(150_000 * b"x")}, 150_000),
        (lambda: {"content": "text"}, 4),
        (lambda: {"body": {"a": 1}}, 7),
        (lambda: {"content": b""}, 0),
    ],
    ids=["bytes", "file", "text", "json", "nothing"],
)
def test_progress_goes_from_nothing_to_all(colour: Colour, make_upload: Callable[[], Any], total: int) -> None:
    """In steps of at most 64 KiB, each told once it was sent; bytes and JSON are told of as files are."""
    told, script = told_by(colour, reply(), **make_upload())
    assert told[0] == (0, total)
    assert told[-1] == (total, total)
    steps = [sent for sent, _ in told]
    assert all(0 < after - before <= 65_536 for before, after in itertools.pairwise(steps))
    assert len(script.sent[0].body) == total


class AskingScript(Script):
    """Asks the request for its body, as `httpx.MockTransport` does, and not the stream."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.stream = httpx.ByteStream(await request.aread())
        return await super().handle_async_request(request)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.stream = httpx.ByteStream(request.read())
        return super().handle_request(request)


@pytest.mark.parametrize(
    "make_upload",
    [lambda: {"content": b"1234"}, lambda: {"content": io.BytesIO(b"1234")}, lambda: {"body": "12"}],
    ids=["bytes", "file", "json"],
)
def test_progress_is_told_through_a_mock_too(colour: Colour, make_upload: Callable[[], Any]) -> None:
    """Of what is in memory as of what is not."""
    told, script = told_by(colour, reply(), script=AskingScript(time=colour.time), **make_upload())
    assert told == [(0, 4), (4, 4)]
    assert len(script.sent[0].body) == 4


def test_progress_of_an_unknown_total_has_none(colour: Colour) -> None:
    """A one-shot body says what was sent, not of how much."""
    told, _ = told_by(colour, reply(), content=iter([b"abc", b"d"]))
    assert told == [(0, None), (3, None), (4, None)]


def test_progress_starts_anew_on_a_retry(colour: Colour, tmp_path: Path) -> None:
    """It counts what was sent on this attempt; of a form with all that frames its parts."""
    path = tmp_path / "a"
    path.write_bytes(b"x")
    told, script = told_by(colour, reply(status=503), reply(), files={"f": path})
    total = len(script.sent[0].body)
    assert told[:1] + told[-1:] == [(0, total), (total, total)]
    assert told[: len(told) // 2] == told[len(told) // 2 :]


def test_no_body_makes_no_steps(colour: Colour) -> None:
    """There is nothing to be told but that it began."""
    told, _ = told_by(colour, reply())
    assert told == [(0, None)]


@pytest.mark.parametrize("error", [KeyError("mine"), httpx.ReadError("of another client"), trio.TooSlowError()])
@pytest.mark.parametrize("at", [0, 4])
def test_what_progress_raises_is_the_applications(colour: Colour, error: Exception, at: int) -> None:
    """It passes through untouched and unretried, whatever it looks like."""
    calls: list[int] = []

    def progress(sent: int, total: int | None) -> None:
        calls.append(sent)
        if sent == at:
            raise error

    caught, _ = colour.fail(
        type(error),
        reply(),
        body=lambda client: client.put("/x", cast_to=object, content=b"body", progress=progress),
    )
    assert caught is error
    assert calls == [0, 4][: len(calls)]


def test_progress_is_told_in_the_callers_thread(colour: Colour) -> None:
    """Though on Trio files are read in others."""
    threads: set[int] = set()

    def progress(sent: int, total: int | None) -> None:
        threads.add(threading.get_ident())

    colour.play(
        reply(),
        body=lambda client: client.put("/x", cast_to=object, content=io.BytesIO(b"body"), progress=progress),
    )
    assert threads == {threading.get_ident()}


async def asynchronous(sent: int, total: int | None) -> None:
    """Nobody would await it."""


@pytest.mark.parametrize("progress", [5, asynchronous])
def test_progress_is_a_plain_function(colour: Colour, progress: Any) -> None:
    """Anything else is refused at once."""
    error, _ = colour.fail(
        TypeError, body=lambda client: client.put("/x", cast_to=object, content=b"", progress=progress)
    )
    assert "progress must be a plain function of (" in str(error)


def test_with_progress_hooks_still_see_the_content(colour: Colour) -> None:
    """A signature over a body in memory can be made."""
    seen: list[bytes] = []
    made = colour.make_class(_prepare_request=lambda self, request: seen.extend([request.content, request.read()]))
    _, script = colour.play(
        reply(),
        client_class=made,
        body=lambda client: client.put("/x", cast_to=object, content=b"body", progress=lambda *_: None),
    )
    assert seen == [b"body", b"body"]
    assert script.sent[0].body == b"body"


# -- the event loop ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["files", "content"])
def test_the_disk_is_left_to_worker_threads_on_trio(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for the length, opening, reading: none of it holds up the event loop."""
    path = tmp_path / "a"
    path.write_bytes(100_000 * b"x")
    threads: dict[str, set[int]] = {"open": set(), "stat": set()}

    def watched(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if args[0] == f"{path}":
                threads[function.__name__].add(threading.get_ident())
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr("trio_api.request._sources.open", watched(open), raising=False)
    monkeypatch.setattr("trio_api.request._sources.os.stat", watched(os.stat))
    upload = {"files": {"f": path}} if how == "files" else {"content": path}
    _, script = TrioColour(VirtualTime()).play(reply(), body=lambda client: client.post("/x", cast_to=object, **upload))
    assert len(script.sent[0].body) >= 100_000
    assert all(threads.values())
    assert threading.get_ident() not in threads["open"] | threads["stat"]
