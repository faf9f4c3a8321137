"""Secrets: whatever fails, nothing that the library prints, raises or pickles shows a credential."""

from __future__ import annotations

import gzip
import logging
import ssl
from collections.abc import Callable
from typing import Any

import attrs
import httpx
import pytest
import trio

from support.colours import Colour
from support.leaks import everything_shown
from support.raw_server import RawServer, answer, never_answer, read_then_reset, refusing_port
from support.scripted import Script, Slow, reply
from trio_api import AsyncAPIClient, BearerAuth, SyncAPIClient, Token

CANARY = "c4nary"
BASE = f"https://user:{CANARY}-userinfo@api.example.com/v1?base={CANARY}-base"


def settings_of(base_url: str = BASE) -> dict[str, Any]:
    """A client's settings with a canary in each place that may hold a credential."""
    return {
        "base_url": base_url,
        "custom_headers": {"X-API-Key": f"{CANARY}-custom", "Proxy-Authorization": f"{CANARY}-proxy"},
        "custom_query": {"key": f"{CANARY}-query"},
    }


HTTP: dict[str, Any] = {
    "cookies": {"session": f"{CANARY}-cookie"},
    "headers": {"X-Http": f"{CANARY}-http"},
    "params": {"http": f"{CANARY}-params"},
}
OPTIONS: dict[str, Any] = {
    "headers": {"X-Call": f"{CANARY}-call"},
    "params": {"token": f"{CANARY}-params"},
    "idempotency_key": f"{CANARY}-key",
    "extra_json": {"more": f"{CANARY}-extra"},
}


def post(client: Any) -> Any:
    return client.post(
        f"/items?tag={CANARY}-url", cast_to=dict[str, int], body={"password": f"{CANARY}-body"}, options=OPTIONS
    )


def classes(colour: Colour, **members: Any) -> Any:
    """A client class that authenticates in both ways."""
    return colour.make_class(
        auth_headers=property(lambda self: {"Authorization": f"Bearer {CANARY}-auth"}),
        custom_auth=property(lambda self: httpx.BasicAuth("user", f"{CANARY}-basic")),
        **members,
    )


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Everything that is logged by anybody, at DEBUG, as text with its arguments."""
    for name in ("trio_api", "httpx", "httpcore", "httpx2", "httpcore2"):
        caplog.set_level(logging.DEBUG, name)
    caplog.set_level(logging.DEBUG)
    return lambda: "\n".join(f"{record.getMessage()} {record.args} {record.exc_info}" for record in caplog.records)


def assert_nothing_leaks(error: BaseException, log: str = "") -> None:
    for line in [*everything_shown(error).splitlines(), *log.splitlines()]:
        assert CANARY not in line, line[max(line.index(CANARY) - 200, 0) :][:400]


LEAKY = {"Set-Cookie": f"s={CANARY}-set; Path=/", "X-Token": f"{CANARY}-response", "X-Request-ID": "r1"}
FAILURES: dict[str, list[Any]] = {
    "status": [reply({"message": "no"}, 400, LEAKY)],
    "retried": [reply(status=503, headers=LEAKY)] * 3,
    "refused": [httpx.ConnectError("refused")] * 3,
    "reset": [httpx.ReadError("reset"), reply(status=503, headers=LEAKY), httpx.WriteTimeout("slow")],
    "timeout": [Slow(99, reply())] * 3,
    "redirected to nowhere": [httpx.Response(302, headers={"Location": f"ftp://u:{CANARY}-loc@h/?t={CANARY}-loc"})],
    "redirected to a broken url": [httpx.Response(302, headers={"Location": f"https://u:{CANARY}-loc@[/?{CANARY}"})],
    "redirected without end": [httpx.Response(307, headers={"Location": f"/x?t={CANARY}-loc"})] * 21,
    "redirected away": [
        httpx.Response(307, headers={"Location": f"https://other.example/x?t={CANARY}-loc"}),
        reply({"message": "no"}, 403, LEAKY),
    ],
    "not json": [httpx.Response(200, content=b"rubbish", headers=LEAKY)],
    "does not fit": [reply([1], headers=LEAKY)],
    "too large": [httpx.Response(200, content=bytes(5000), headers=LEAKY)],
    "broken encoding": [
        httpx.Response(
            200, stream=httpx.ByteStream(gzip.compress(b"x" * 99)[:-9]), headers={**LEAKY, "Content-Encoding": "gzip"}
        )
    ],
    "protocol": [httpx.RemoteProtocolError(f"illegal header line: bytearray(b'x: {CANARY}-wire')")] * 3,
    "local protocol": [httpx.LocalProtocolError(f"Illegal header value b'{CANARY}-wire'")],
}


@pytest.mark.parametrize("kind", FAILURES)
def test_no_failure_shows_a_secret(colour: Colour, kind: str, logs: Any) -> None:
    """Neither the error with all that hangs on it, nor the log, nor a local of any frame but the caller's."""
    error, script = colour.fail(
        Exception,
        *[attrs.evolve(each) if isinstance(each, Slow) else each for each in FAILURES[kind]],
        body=post,
        client_class=classes(colour),
        http=HTTP,
        max_response_bytes=4000,
        timeout=9,
        **settings_of(),
    )
    assert CANARY in str(script.sent[0].headers.raw)
    assert_nothing_leaks(error, logs())


@pytest.mark.parametrize("kind", ["401", "failing", "refused"])
def test_no_failure_under_a_bearer_token_shows_it(colour: Colour, kind: str, logs: Any) -> None:
    """The server rejects it, the next can't be had, or the wire fails while it is sent."""
    given = iter([Token(f"{CANARY}-first", expires_in=60), Token(f"{CANARY}-second")])

    def give() -> Token:
        if kind == "failing" and len(script.sent) > 0:
            raise LookupError("mine")
        return next(given)

    script = Script(time=colour.time)
    auth = BearerAuth(colour.hook(give) if colour.name == "trio" else give)
    answers: dict[str, list[Any]] = {
        "401": [reply(status=401, headers=LEAKY)] * 2,
        "failing": [reply(status=401, headers=LEAKY)],
        "refused": [httpx.ReadError("reset")] * 3,
    }
    error, _ = colour.fail(Exception, *answers[kind], script=script, auth=auth, http=HTTP, **settings_of())
    assert script.sent[0].headers["authorization"] == f"Bearer {CANARY}-first"
    assert_nothing_leaks(error, logs())


HOOKS = ["_prepare_options", "_prepare_request", "_validate_headers", "_should_retry", "_make_status_error"]


@pytest.mark.parametrize("hook", HOOKS)
def test_no_local_of_the_library_shows_a_secret_when_a_hook_fails(colour: Colour, hook: str, logs: Any) -> None:
    """The exception is the application's; the library's frames in its traceback hold nothing."""

    def raising(self: Any, *args: Any, **named: Any) -> Any:
        raise LookupError("mine")

    error, _ = colour.fail(
        LookupError,
        reply(status=400, headers=LEAKY),
        body=post,
        client_class=classes(colour, **{hook: raising}),
        http=HTTP,
        **settings_of(),
    )
    assert_nothing_leaks(error, logs())


@pytest.mark.parametrize(
    "call",
    [
        {"headers": {"X-Key": f"{CANARY}\r\n"}},
        {"headers": {"X-Key": f"{CANARY}\u20ac"}},
        {"headers": {"Authorization": b"c4nary"}},
        {"url": f"https://u:{CANARY}@[bad/"},
        {"url": f"https://u:{CANARY}/x@host/../"},
        {"url": f"ftp://u:{CANARY}@host/?k={CANARY}"},
        {"url": f"/a/../b?key={CANARY}"},
        {"url": f"/a\nb?key={CANARY}"},
        {"method": "GET\r\n", "json_data": {"a": CANARY}},
        {"json_data": {"password": CANARY, "x": object()}},
        {"content": CANARY, "json_data": CANARY},
        {"content": {"password": CANARY}},
        {"params": {"key": CANARY, "x": object()}},
        {"idempotency_key": f"{CANARY}\n"},
        {"max_retries": -1, "headers": {"X-Key": CANARY}},
    ],
)
def test_bad_arguments_are_not_quoted(colour: Colour, call: dict[str, Any], logs: Any) -> None:
    """An error about an argument names it, and does not show the secret in it or beside it."""
    call = {"method": "POST", "url": "/items", **call}
    error, script = colour.fail(
        (TypeError, ValueError),  # type: ignore[arg-type]
        body=lambda client: client.request(object, call),
        client_class=classes(colour),
        http=HTTP,
        **settings_of(),
    )
    assert script.sent == []
    assert_nothing_leaks(error, logs())


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": f"https://user:{CANARY}@[bad"},
        {"base_url": f"ftp://user:{CANARY}@host/?key={CANARY}"},
        {"base_url": f"https://user:{CANARY}@host/../?key={CANARY}"},
        {"base_url": f"https://user:{CANARY}@host/\n"},
        {"custom_headers": {"X-Key": f"{CANARY}\n"}},
        {"custom_headers": {"X-Key": [CANARY]}},
        {"custom_headers": f"X-Key: {CANARY}"},
        {"custom_query": f"key={CANARY}"},
        {"trusted_origins": [f"https://user:{CANARY}@host"]},
        {"max_retries": -1, "custom_headers": {"X-Key": CANARY}},
    ],
)
def test_bad_settings_are_not_quoted(colour: Colour, settings: dict[str, Any], logs: Any) -> None:
    """Nor when a client is made, or copied."""
    for make in (lambda: colour.client(**settings), lambda: colour.client().copy(**settings)):
        with pytest.raises((TypeError, ValueError)) as caught:
            make()
        assert_nothing_leaks(caught.value, logs())


def test_a_success_shows_no_secret(colour: Colour, logs: Any) -> None:
    """Not in the log, and not in the reprs of what comes back."""

    def body(client: Any) -> Any:
        response = yield client.with_raw_response.post(
            f"/items?tag={CANARY}", cast_to=object, body={"password": CANARY}, options=OPTIONS
        )
        return [
            *map(repr, (response, response.http_request, response.http_request.headers, response.http_response)),
            repr(client),
        ]

    shown, script = colour.play(
        reply(status=503, headers=LEAKY),
        reply(headers=LEAKY),
        body=body,
        client_class=classes(colour),
        http=HTTP,
        **settings_of(),
    )
    assert CANARY in str(script.sent[0].headers.raw)
    assert CANARY not in repr(shown)
    assert CANARY not in logs()


async def test_a_cancelled_call_shows_no_secret(autojump_clock: trio.testing.MockClock, logs: Any) -> None:
    """The frames that a cancellation passes through are sealed as those of an error are."""
    script = Script(Slow(99, reply()))
    http_client = httpx.AsyncClient(transport=script, **HTTP)
    async with AsyncAPIClient(http_client=http_client, **settings_of()) as client:
        with pytest.raises(trio.TooSlowError) as caught:
            with trio.fail_after(1):
                await post(client)
    assert_nothing_leaks(caught.value, logs())


# -- over real sockets ---------------------------------------------------------------------------------------

WIRE = {
    "bad status": answer(b"HTTP/1.1 200\x00 c4nary\r\n\r\n"),
    "bad header": answer(b"HTTP/1.1 200 OK\r\nX-Token c4nary\r\n\r\n"),
    "leaky error": answer(b"HTTP/1.1 400 No\r\nSet-Cookie: s=c4nary\r\nX-Token: c4nary\r\nContent-Length: 2\r\n\r\n{}"),
    "cut short": answer(b"HTTP/1.1 200 OK\r\nX-Token: c4nary\r\nContent-Length: 99\r\n\r\n{}"),
    "reset": read_then_reset,
    "silent": never_answer,
}


def over(port: int) -> str:
    """The base URL of a server on loopback, with canaries in it."""
    return f"http://user:{CANARY}@127.0.0.1:{port}/v1?base={CANARY}"


def run_real(client_class: Any, base_url: str) -> BaseException:
    """Let a call with the library's own HTTP client fail, in either colour."""
    how = {**settings_of(base_url), "max_retries": 0, "timeout": 0.2, "trust_env": False}
    with pytest.raises(Exception) as caught:
        if client_class is SyncAPIClient:
            with SyncAPIClient(**how) as client:
                post(client)
        else:

            async def main() -> None:
                async with AsyncAPIClient(**how) as client:
                    await post(client)

            trio.run(main)
    return caught.value


@pytest.mark.parametrize("client_class", [AsyncAPIClient, SyncAPIClient])
@pytest.mark.parametrize("kind", WIRE)
def test_no_failure_of_the_wire_shows_a_secret(client_class: Any, kind: str, logs: Any) -> None:
    """With httpcore's own logging, frames and errors, which quote headers and whole requests."""
    with RawServer(WIRE[kind]) as server:
        error = run_real(client_class, over(server.port))
    assert "127.0.0.1" in logs()
    assert_nothing_leaks(error, logs())


@pytest.mark.parametrize("client_class", [AsyncAPIClient, SyncAPIClient])
def test_a_refused_connection_shows_no_secret(client_class: Any, logs: Any) -> None:
    """Nothing was sent, and nothing is shown."""
    with refusing_port() as port:
        assert_nothing_leaks(run_real(client_class, over(port)), logs())


@pytest.mark.parametrize("client_class", [AsyncAPIClient, SyncAPIClient])
def test_a_failed_handshake_shows_no_secret(client_class: Any, logs: Any) -> None:
    """A server that speaks no TLS."""
    with RawServer(answer(b"HTTP/1.1 400 No\r\n\r\n")) as server:
        error = run_real(client_class, over(server.port).replace("http:", "https:"))
    assert isinstance(error.__cause__, (httpx.ConnectError, ssl.SSLError, type(None), httpx.ConnectTimeout))
    assert_nothing_leaks(error, logs())


def test_a_cancellation_over_a_real_socket_shows_no_secret(logs: Any) -> None:
    """Trio's own frames hold what was being sent."""

    async def main() -> None:
        async with AsyncAPIClient(**settings_of(over(server.port)), trust_env=False) as client:
            with trio.fail_after(0.1):
                await post(client)

    with RawServer(never_answer) as server, pytest.raises(trio.TooSlowError) as caught:
        trio.run(main)
    assert_nothing_leaks(caught.value, logs())
