"""Text of any kind in every place of a request: a real server reads exactly what was meant, or nothing is sent at all.

Both transports write to a server on loopback whose parser is h11. The rules for each place stand, and are tested one
by one, in ``trio_api/request``; here it is the bytes on the wire that count.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import trio
from hypothesis import event, example, given, strategies as st

from support.cases import share
from support.forms import by_python_multipart, by_werkzeug
from support.strict_server import Parsed, StrictServer
from trio_api import AsyncAPIClient, SyncAPIClient, path_template

pytestmark = pytest.mark.security

Send: TypeAlias = Callable[[dict[str, Any]], Parsed | None]
"""Makes one call; what the server read of it, or None where it was refused before anything was sent."""

LINES = ["\r\n", "\r", "\n", "\r\n\r\n", "\0", "\t", "\x0b", "\x1f", "\x7f", "\x85", "\u2028"]
SMUGGLED = ["GET /admin HTTP/1.1", "Host: evil.example", "Transfer-Encoding: chunked", "Content-Length: 0", "0"]
MARKS = [
    " ",
    "/",
    "\\",
    "..",
    ".",
    "?",
    "#",
    "&",
    "=",
    "+",
    "%",
    ";",
    ":",
    "@",
    '"',
    "'",
    ",",
    "<",
    "{",
    "|",
    "--",
    "//",
]
CODED = ["%0d%0a", "%00", "%2e%2e", "%2f", "%5c", "%252e", "%zz", "%"]
LETTERS = ["a", "X-A", "\u00e9", "\u010d", "\u010a", "\u560a", "\uff0f", "\U0001f600", "\ud800", "http://evil.example"]
hostile = st.lists(st.sampled_from([*LINES, *SMUGGLED, *MARKS, *CODED, *LETTERS]), max_size=5).map("".join)
tame = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=10)
texts = st.one_of(hostile, tame, st.text(max_size=8))


@pytest.fixture(scope="module")
def server() -> Iterator[StrictServer]:
    with StrictServer() as server:
        yield server


def is_dots(segment: str) -> bool:
    """Whether it leads elsewhere, for whoever decodes it once or more often."""
    return unquote(unquote(unquote(segment))) in (".", "..")


def sender(server: StrictServer, request: Callable[[dict[str, Any]], Any]) -> Send:
    def send(options: dict[str, Any]) -> Parsed | None:
        try:
            request({"method": "GET", "url": "/x", **options})
        except ValueError:
            assert server.take() == []
            event("refused")
            return None
        (parsed,) = server.take()
        assert isinstance(parsed, Parsed), parsed
        assert parsed.rest == b""
        assert len(parsed.values("host")) == 1
        assert not (parsed.values("transfer-encoding") and parsed.values("content-length"))
        assert not any(is_dots(part) for part in parsed.target.decode("ascii").partition("?")[0].split("/"))
        event("sent")
        return parsed

    return send


@pytest.fixture(scope="module")
def blocking(server: StrictServer) -> Iterator[Send]:
    """By httpcore, with a connection that is kept."""
    with SyncAPIClient(base_url=f"{server.url}/v1", max_retries=0, trust_env=False) as client:
        yield sender(server, lambda options: client.request(object, options))


@pytest.fixture(scope="module")
def native(server: StrictServer) -> Iterator[Send]:
    """By the Trio-native transport, in a Trio that runs beside the test, with a connection that is kept."""
    ready = threading.Event()
    kept: dict[str, Any] = {}

    async def main() -> None:
        async with AsyncAPIClient(base_url=f"{server.url}/v1", max_retries=0, trust_env=False) as client:
            kept.update(client=client, token=trio.lowlevel.current_trio_token(), stop=trio.Event())
            ready.set()
            await kept["stop"].wait()

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    assert ready.wait(10)

    def request(options: dict[str, Any]) -> Any:
        return trio.from_thread.run(kept["client"].request, object, options, trio_token=kept["token"])

    yield sender(server, request)
    trio.from_thread.run_sync(kept["stop"].set, trio_token=kept["token"])
    thread.join(10)


@pytest.fixture(params=["native", "blocking"])
def send(request: pytest.FixtureRequest) -> Send:
    made: Send = request.getfixturevalue(request.param)
    return made


@given(segment=texts, parameter=texts)
@example(segment="a/b?c", parameter="x&y=2#+%26")
@share(0.1)
def test_values_in_a_template(send: Send, segment: str, parameter: str) -> None:
    """Each is one segment, or one parameter, of the path that the template draws."""
    try:
        url = path_template("/a/{segment}/b?x={parameter}&y=1", segment=segment, parameter=parameter)
    except ValueError:
        return
    parsed = send({"url": url})
    assert parsed is not None
    sent = urlsplit(b"//h" + parsed.target)
    assert [unquote(part) for part in sent.path.split(b"/")] == ["", "v1", "a", segment, "b"]
    assert parse_qsl(sent.query.decode(), keep_blank_values=True) == [("x", parameter), ("y", "1")]


@given(path=texts)
@example(path="../admin")
@example(path="a/%252e%2e/b")
@share(0.1)
def test_paths(send: Send, path: str) -> None:
    """A path reaches the server below the base URL, each of its characters what it was."""
    parsed = send({"url": f"/{path}"})
    if parsed is None:
        return
    sent, (own, _, query) = parsed.target.decode("ascii"), path.partition("?")
    assert unquote(sent.partition("?")[0]) == unquote(f"/v1/{own}")
    assert unquote(sent.partition("?")[2]) == unquote(query)


@example(params={"a&b=": ["c=d&e", "#"]})
@given(params=st.dictionaries(texts, st.one_of(texts, st.lists(texts, max_size=2)), max_size=3))
@share(0.1)
def test_queries(send: Send, params: dict[str, Any]) -> None:
    """Names and values come out as they went in."""
    parsed = send({"params": params})
    if parsed is None:
        return
    meant = [(name, each) for name, value in params.items() for each in ([value] if isinstance(value, str) else value)]
    assert parse_qsl(urlsplit(parsed.target.decode()).query, keep_blank_values=True) == meant


usual_names = st.sampled_from(["X-Own", "Authorization", "X-Trio-API-Lang", "Accept"])
names = st.one_of(usual_names, usual_names, texts, texts.map("X-{}".format))
methods = st.sampled_from(["POST", "get", "X-OWN"])


@given(
    name=names,
    value=tame.map(str.strip) | texts,
    key=st.one_of(st.just("k"), st.just("k"), texts),
    method=st.one_of(methods, methods, texts),
)
@share(0.1)
def test_headers_and_methods(send: Send, name: str, value: str, key: str, method: str) -> None:
    """A header is one header, with the value that it was given; so is the idempotency key, and the method is one."""
    parsed = send({"method": method, "headers": {name: value}, "idempotency_key": key})
    if parsed is None:
        return
    assert parsed.method == method.upper().encode()
    assert parsed.values(name) == [value.encode("latin-1")]
    assert parsed.values("idempotency-key") == [key.encode("latin-1")]


@given(name=texts, filename=texts, content_type=st.none() | texts, header=st.none() | texts)
@example(name='a"; filename="x', filename='b\\c"; name="d', content_type=None, header=None)
@share(0.1)
def test_multipart_names(send: Send, name: str, filename: str, content_type: str | None, header: str | None) -> None:
    """One part, with the names that it was given, for the two parsers that most servers stand on."""
    part: Any = (filename, b"content", content_type)
    if header is not None:
        part = (*part, {"X-Part": header})
    parsed = send({"method": "POST", "files": {name: part}})
    if parsed is None:
        return
    (mime,) = parsed.values("content-type")
    for parse in (by_python_multipart, by_werkzeug):
        (found,) = parse(parsed.body, mime.decode())
        assert found.content == b"content"
        assert found.headers == ({} if header is None else {"x-part": header})
        assert found.name.replace('"', "%22") == name.replace('"', "%22")


@given(name=texts, value=texts)
@share(0.1)
def test_form_fields(send: Send, name: str, value: str) -> None:
    """A field beside a file is one part, with its name and its value."""
    parsed = send({"method": "POST", "json_data": {name: value}, "files": {"file": b"content"}})
    if parsed is None:
        return
    (mime,) = parsed.values("content-type")
    for parse in (by_python_multipart, by_werkzeug):
        found, file = parse(parsed.body, mime.decode())
        assert (file.name, file.content) == ("file", b"content")
        assert found.content == value.encode()
        assert found.headers == {}
        assert found.name.replace('"', "%22") == name.replace('"', "%22")
