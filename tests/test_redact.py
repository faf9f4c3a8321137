"""The one redactor: what it shows of URLs, headers, requests, tracebacks and the logs of the HTTP stack."""

from __future__ import annotations

import inspect
import logging
import textwrap
import traceback
from collections.abc import Callable
from typing import Any

import hpack
import httpx
import pytest
import trio
import trio.testing
from hypothesis import given, strategies as st

from trio_api._redact import (
    LogRedactor,
    RedactedRequest,
    one_line,
    printable,
    redact_log_records,
    redact_url,
    redacted_headers,
    redacted_request,
    redacted_response,
    seal_traceback,
    sealed,
)

# -- URLs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.example.com/v1/items", "https://api.example.com/v1/items"),
        ("https://api.example.com:8443/", "https://api.example.com:8443/"),
        ("https://user:pw@api.example.com/a", "https://api.example.com/a"),
        ("https://token@api.example.com", "https://api.example.com"),
        ("https://api.example.com/a?key=secret", "https://api.example.com/a"),
        ("https://api.example.com/a#secret", "https://api.example.com/a"),
        ("https://api.example.com/@me", "https://api.example.com/@me"),
        ("https://us@er:pw@api.example.com/@me?x", "https://api.example.com/@me"),
        ("http://[::1]:8000/a?b", "http://[::1]:8000/a"),
        ("//user:pw@host/a", "//host/a"),
        ("/items?key=secret", "/items"),
        ("items/@me", "items/@me"),
        ("", ""),
    ],
)
def test_a_url_shows_origin_and_path(url: str, shown: str) -> None:
    """Userinfo, query and fragment are dropped; scheme, host, port and path stay."""
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    "url",
    ["https://user:canary/x@api.example.com/", "https://user:canary?x@api.example.com/", "https://u:canary#x@h/"],
)
def test_a_password_that_breaks_its_url_is_not_shown(url: str) -> None:
    """A password with an unquoted ``/``, ``?`` or ``#`` ends the authority early; it is a secret still."""
    assert "canary" not in redact_url(url)


def test_httpx_urls_are_taken_too() -> None:
    """An `httpx.URL` is shown as its text would be."""
    assert redact_url(httpx.URL("https://u:p@h.example/a?b=c")) == "https://h.example/a"


SECRET_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="/?#@\\"), max_size=10).map("canary{}".format)


@given(user=SECRET_TEXT, password=SECRET_TEXT, query=SECRET_TEXT, fragment=SECRET_TEXT)
def test_no_part_of_a_url_that_may_be_secret_is_shown(user: str, password: str, query: str, fragment: str) -> None:
    """Whatever characters they have, neither userinfo nor query nor fragment comes through."""
    assert redact_url(f"https://{user}:{password}@api.example.com/items?{query}#{fragment}") == (
        "https://api.example.com/items"
    )


# -- headers, requests, responses ----------------------------------------------------------------------------


def test_headers_pass_an_allowlist() -> None:
    """A header's value is shown only where its name is known to be harmless, in any case."""
    assert redacted_headers({"Accept": "a/b", "AUTHORIZATION": "Bearer s", "X-Anything": "s", "cookie": "s"}) == {
        "Accept": "a/b",
        "AUTHORIZATION": "[redacted]",
        "X-Anything": "[redacted]",
        "cookie": "[redacted]",
    }
    assert redacted_headers([("Date", "now"), ("X-Key", "s")]) == {"Date": "now", "X-Key": "[redacted]"}


@pytest.mark.parametrize(
    "name", ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "location"]
)
def test_headers_that_hold_secrets_are_hidden(name: str) -> None:
    """The usual places of credentials are not on the allowlist; a Location may have a token in its query."""
    assert redacted_headers({name: "secret"}) == {name: "[redacted]"}


REQUEST = httpx.Request(
    "PUT",
    "https://u:canary@api.example.com/items?k=canary",
    headers={"Authorization": "canary", "User-Agent": "me/1"},
    content=b"canary",
)


def test_the_repr_of_a_request_shows_no_query() -> None:
    """Where httpx prints the whole URL, our requests do not."""
    request = RedactedRequest("GET", "https://u:canary@api.example.com/items?k=canary")
    assert repr(request) == "<Request('GET', 'https://api.example.com/items')>"


def test_the_repr_of_a_requests_headers_shows_harmless_values_only() -> None:
    """Whatever a secret is called; what is there is there, for hooks and for who sends it."""
    request = RedactedRequest("GET", "https://api.example.com/items", headers={"X-API-Key": "canary", "Accept": "a/b"})
    assert repr(request.headers) == "Headers({'host': 'api.example.com', 'x-api-key': '[redacted]', 'accept': 'a/b'})"
    request.headers["Cookie"] = "canary"
    assert "canary" not in repr(request.headers)
    assert (request.headers["x-api-key"], request.headers["cookie"]) == ("canary", "canary")


def test_a_redacted_request_is_safe_to_store() -> None:
    """The copy has method, origin, path and harmless headers, and no body."""
    copy = redacted_request(REQUEST)
    assert (copy.method, str(copy.url)) == ("PUT", "https://api.example.com/items")
    assert set(copy.headers) == {"user-agent", "host", "content-length"}
    assert copy.content == b""


def test_a_redacted_response_keeps_status_and_body() -> None:
    """The copy says what the server said, with neither its cookies nor the framing of what is decoded by now."""
    response = httpx.Response(
        200,
        content=b"\x1f\x8b" + b"",
        headers={"set-cookie": "canary", "content-type": "text/plain", "x-request-id": "r1"},
        request=REQUEST,
    )
    copy = redacted_response(response)
    assert (copy.status_code, copy.content) == (200, b"\x1f\x8b")
    assert dict(copy.headers) == {"content-type": "text/plain", "x-request-id": "r1", "content-length": "2"}
    assert "canary" not in repr([copy.request, copy.request.headers])


def test_a_redacted_response_is_decoded_already() -> None:
    """The body of a compressed response is not decoded again."""
    response = httpx.Response(200, content=b"", headers={"content-type": "text/plain"})
    response.headers["content-encoding"] = "gzip"
    response._content = b"plain"
    assert redacted_response(response).text == "plain"


def test_a_response_that_was_not_read_has_no_body_to_store() -> None:
    """An open stream can't be stored; the copy is made without its body, and without a request if there is none."""
    copy = redacted_response(httpx.Response(200, stream=httpx.ByteStream(b"abc")))
    assert copy.content == b""
    with pytest.raises(RuntimeError):
        _ = copy.request


# -- tracebacks ----------------------------------------------------------------------------------------------


def module(name: str, source: str, **names: Any) -> Any:
    """The function `f` of a module of that *name*."""
    namespace: dict[str, Any] = {"__name__": name, **names}
    exec(textwrap.dedent(source), namespace)
    return namespace["f"]


def locals_of(error: BaseException) -> str:
    """The locals that an error tracker sends, of every frame but those of this file."""
    summary = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(f"{frame.locals}" for frame in summary.stack if frame.filename != __file__)


RAISES = """
    def f(argument):
        secret = argument
        raise ValueError("no")
"""


@pytest.mark.parametrize(
    "name", ["trio_api", "trio_api.request._build", "httpx._client", "httpcore._async.http11", "httpx2", "h11._writers"]
)
def test_frames_of_the_library_forget_their_locals(name: str) -> None:
    """A frame of this library, or of the HTTP stack below, has no locals left in a sealed traceback."""
    with pytest.raises(ValueError, match="no") as caught:
        module(name, RAISES)("canary")
    assert "canary" in locals_of(caught.value)
    seal_traceback(caught.value)
    assert "canary" not in locals_of(caught.value)


def test_frames_of_the_application_keep_theirs() -> None:
    """The caller's own frames are the caller's; a package whose name only begins like ours is not ours."""
    with pytest.raises(ValueError, match="no") as caught:
        module("trio_api_extras", RAISES)("mine")
    seal_traceback(caught.value)
    assert "mine" in locals_of(caught.value)


def test_causes_contexts_and_groups_are_sealed_too() -> None:
    """A secret can't hide in a chained exception."""

    def failed() -> Exception:
        try:
            module("trio_api.x", RAISES)("canary")
        except ValueError as error:
            return error
        raise AssertionError

    context = failed()
    cause = ExceptionGroup("several", [failed(), failed()])
    cause.__context__ = context
    error = failed()
    error.__cause__ = cause
    cause.__cause__ = error  # a circle, which does happen
    seal_traceback(error)
    for each in (error, context, *cause.exceptions):
        assert "canary" not in locals_of(each)


def test_a_frame_that_still_runs_is_left_to_the_outer_seal() -> None:
    """Sealing inside a running function is no error; who catches further out seals that frame."""
    run = module(
        "trio_api.x",
        """
        def f(seal, secret):
            try:
                raise ValueError("no")
            except ValueError as error:
                seal(error)
                raise
        """,
    )
    with pytest.raises(ValueError, match="no") as caught:
        run(seal_traceback, "canary")
    seal_traceback(caught.value)
    assert "canary" not in locals_of(caught.value)


async def test_a_task_that_caught_the_error_goes_on() -> None:
    """Sealing an error does not end the coroutine that caught it, handed it on, and waits for something else."""
    task = module(
        "trio_api.x",
        """
        async def f(fail, errors, event):
            try:
                fail("canary")
            except ValueError as error:
                errors.append(error)
            await event.wait()
            errors.append("went on")
        """,
    )
    errors: list[Any] = []
    event = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(task, module("trio_api.y", RAISES), errors, event)
        await trio.testing.wait_all_tasks_blocked()
        seal_traceback(errors[0])
        event.set()
    assert errors[1:] == ["went on"]


def test_a_frame_without_a_module_name_is_not_ours() -> None:
    """Code run by exec may have no name at all."""
    namespace: dict[str, Any] = {}
    exec("def f():\n    mine = 1\n    raise ValueError('no')", namespace)
    namespace["__name__"] = None
    with pytest.raises(ValueError, match="no") as caught:
        namespace["f"]()
    seal_traceback(caught.value)
    assert "mine" in locals_of(caught.value)


def test_a_sealed_function_seals_what_leaves_it() -> None:
    """No traceback that leaves a public entry point holds the library's locals, not even the entry's arguments."""
    entry = sealed(module("trio_api.x", RAISES))
    with pytest.raises(ValueError, match="no") as caught:
        entry("canary")
    assert "canary" not in locals_of(caught.value)


async def test_a_sealed_coroutine_function_seals_what_leaves_it() -> None:
    """The async entry points likewise."""
    run = module("trio_api.x", "async def f(secret):\n    raise ValueError('no')")
    with pytest.raises(ValueError, match="no") as caught:
        await sealed(run)("canary")
    assert "canary" not in locals_of(caught.value)


async def test_sealed_functions_are_what_they_were() -> None:
    """Arguments, result, name, docstring and signature of a sealed function are those of the plain one."""

    def plain(a: int, *, b: int = 2) -> int:
        """Add."""
        return a + b

    async def coroutine(a: int, *, b: int = 2) -> int:
        """Add later."""
        await trio.lowlevel.checkpoint()
        return a + b

    functions: list[Callable[..., Any]] = [plain, coroutine]
    for function in functions:
        wrapped = sealed(function)
        assert (wrapped.__name__, wrapped.__doc__) == (function.__name__, function.__doc__)
        assert inspect.signature(wrapped) == inspect.signature(function)
    assert sealed(plain)(1, b=5) == 6
    assert inspect.iscoroutinefunction(sealed(coroutine))
    assert await sealed(coroutine)(1) == 3


# -- logs of the HTTP stack ----------------------------------------------------------------------------------


def shown(message: str, *args: object) -> str:
    record = logging.LogRecord("httpx", logging.INFO, __file__, 1, message, args, None)
    assert LogRedactor().filter(record) is True
    return record.getMessage()


def test_urls_in_logs_lose_userinfo_and_query() -> None:
    """The INFO line of httpx has the whole URL in it."""
    text = 'HTTP Request: %s %s "%s %d %s"'
    url = httpx.URL("https://u:canary@api.example.com/items?key=canary")
    assert shown(text, "GET", url, "HTTP/1.1", 200, "OK") == (
        'HTTP Request: GET https://api.example.com/items "HTTP/1.1 200 OK"'
    )


def test_a_reason_phrase_in_logs_can_command_no_terminal() -> None:
    """It is the server's text: what would clear a screen, or begin another line, is written out."""
    text = shown('HTTP Request: %s %s "%s %d %s"', "GET", "https://h/", "HTTP/1.1", 200, "\x1b[2J\x9b31m\u2028OK\x7f")
    assert text == 'HTTP Request: GET https://h/ "HTTP/1.1 200 \\x1b[2J\\x9b31m\\u2028OK\\x7f"'


def test_what_a_server_says_is_one_short_line() -> None:
    """In a log of this library's."""
    assert one_line("r1 é \x1b[31m") == "r1 é \\x1b[31m"
    assert one_line("r" * 500) == "r" * 500
    assert one_line("r" * 501) == "r" * 500 + "..."
    assert printable("r\x9b\u2028" + "r" * 501) == "r\\x9b\\u2028" + "r" * 501


@pytest.mark.parametrize(
    ("header", "is_shown"),
    [
        ((b"Content-Type", b"text/html"), True),
        ((b"Set-Cookie", b"session=canary"), False),
        ((b"X-Token", b"it's a canary"), False),
        ((b"X-Token", b'a "canary", it\'s'), False),
        ((b"Location", b"/next?token=canary"), False),
        ((b"X-Odd", b"canary)], [(b'Accept', b'x"), False),
        ((b"X-Bytes", b"\xff\x00canary\\"), False),
    ],
)
def test_headers_in_logs_pass_the_allowlist(header: tuple[bytes, bytes], is_shown: bool) -> None:
    """The DEBUG line of httpcore has every header of a response in it."""
    headers = [(b"Date", b"today"), header, (b"Server", b"test")]
    text = shown("receive_response_headers.complete return_value=%r", (b"HTTP/1.1", 200, b"OK", headers))
    assert "(b'Date', b'today')" in text
    assert "(b'Server', b'test')" in text
    assert (repr(header) in text) is is_shown
    assert "canary" not in text


@pytest.mark.parametrize("line", [b"X-Token canary", b"it's a canary", b"both ' and \" canary", b"\xff canary"])
def test_exceptions_in_logs_do_not_quote_the_wire(line: bytes) -> None:
    """The DEBUG line of a failure has the exception in it, and that the header line that was not understood."""
    error = httpx.RemoteProtocolError(httpx.RemoteProtocolError(f"illegal header line: {bytearray(line)}"))
    text = shown("receive_response_headers.failed exception=%r", error)
    assert text == "receive_response_headers.failed exception=RemoteProtocolError([redacted])"


def test_other_exceptions_in_logs_are_shown() -> None:
    """Why a connection failed is what the log is for."""
    error = httpx.ConnectError("All connection attempts failed")
    assert "All connection attempts failed" in shown("connect_tcp.failed exception=%r", error)


@given(
    name=st.from_regex(r"\Ax-[a-z0-9!#$%&*+.^_`|~-]*\Z").map(str.encode),
    before=st.binary(max_size=8),
    after=st.binary(max_size=8),
)
def test_no_header_value_comes_through_whatever_bytes_it_has(name: bytes, before: bytes, after: bytes) -> None:
    """Quotes, backslashes and brackets in a value do not break the redaction."""
    assert "canary" not in shown("%r", [(b"date", b"x"), (name, before + b"canary" + after), (b"date", b"y")])


@given(data=st.text(), query=SECRET_TEXT)
def test_the_redactor_never_fails(data: str, query: str) -> None:
    """A log record is no place to raise from, whatever is in it."""
    assert (
        query not in shown("%s", f"{data} https://h.example/a?{query.replace(' ', '')}")
        or query in data
        or " " in query
    )


def test_headers_of_http2_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Hpack tells at DEBUG of nothing but headers, in words and in bytes: what it says is dropped."""
    redact_log_records()
    with caplog.at_level(logging.DEBUG):
        block = hpack.Encoder().encode([(b"authorization", b"Bearer canary"), (b"x-size", b"1" * 5000)])
        hpack.Decoder().decode(block)
    assert [record for record in caplog.records if record.name.startswith("hpack")] == []


def test_the_redactor_is_put_on_the_loggers_once() -> None:
    """Making many clients does not make many filters."""
    redact_log_records()
    redact_log_records()
    for name in (
        "httpx",
        "httpcore.connection",
        "httpcore.http11",
        "httpcore.http2",
        "httpcore.proxy",
        "httpcore2.http11",
    ):
        filters = [each for each in logging.getLogger(name).filters if isinstance(each, LogRedactor)]
        assert len(filters) == 1, name
