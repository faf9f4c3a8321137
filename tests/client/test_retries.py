"""Retries, in both colours: what is sent again, when to the millisecond, and what the caller learns."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import trio

from support.colours import Colour, get_items
from support.scripted import Script, Slow, reply
from trio_api import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AttemptRecord,
    BadRequestError,
    InternalServerError,
    RateLimitError,
    RetryPolicy,
)


def post(client: Any) -> Any:
    return client.post("/items", cast_to=object, body={"a": 1})


def requests(colour: Colour, *answers: Any, **how: Any) -> int:
    """How many requests the call sends, whether it succeeds or not."""
    script = Script(time=colour.time)
    with contextlib.suppress(APIError):
        colour.play(*answers, script=script, **how)
    return len(script.sent)


def refused() -> httpx.ConnectError:
    return httpx.ConnectError("refused")


def reset() -> httpx.ReadError:
    return httpx.ReadError("reset")


# -- when ----------------------------------------------------------------------------------------------------


def test_the_schedule_is_exact(colour: Colour) -> None:
    """Without jitter the requests are 0.5, 1, 2, 4, 8 and 8 seconds apart, to the millisecond."""
    _, script = colour.play(*[reply(status=503)] * 6, reply(), max_retries=6)
    assert script.waits == [0.5, 1, 2, 4, 8, 8]


def test_chance_takes_off_up_to_half(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    """With chance at its most the waits are halved: jitter spreads the clients out."""
    monkeypatch.setattr("random.random", lambda: 1.0)
    _, script = colour.play(*[reply(status=503)] * 3, reply(), max_retries=3)
    assert script.waits == [0.25, 0.5, 1.0]


def test_every_number_is_the_policys(colour: Colour) -> None:
    """``retry=RetryPolicy(...)`` sets how often and how long."""
    policy = RetryPolicy(max_retries=3, initial=2, maximum=3, jitter=0)
    _, script = colour.play(*[reply(status=503)] * 3, reply(), retry=policy)
    assert script.waits == [2, 3, 3]


def test_the_elapsed_time_of_an_attempt_is_not_part_of_the_wait(colour: Colour) -> None:
    """The wait begins when the failure is known."""
    _, script = colour.play(Slow(3, reply(status=503)), reply())
    assert script.waits == [3.5]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "3"}, 3),
        ({"Retry-After": "0.25"}, 0.25),
        ({"Retry-After-Ms": "50"}, 0.05),
        ({"Retry-After-Ms": "nonsense", "Retry-After": "2"}, 2),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "1e2"}, 100),
        ({"Retry-After": "Wed, 21 Oct 2015 07:29:00 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 60),
        ({"Retry-After": "0"}, 0.5),
        ({"Retry-After": "-10"}, 0.5),
        ({"Retry-After": "nan"}, 0.5),
        ({"Retry-After": "inf"}, 0.5),
        ({"Retry-After": "soon"}, 0.5),
        ({"Retry-After": "Mon, 01 Jan 100000 00:00:00 GMT"}, 0.5),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(colour: Colour, headers: dict[str, str], wait: float, status: int) -> None:
    """Where it is usable, to the letter; else the wait is ordinary backoff."""
    _, script = colour.play(reply(status=status, headers=headers), reply())
    assert script.waits == [wait]


def test_retry_after_is_never_cut_short(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance adds up to a tenth to it, and takes nothing off."""
    monkeypatch.setattr("random.random", lambda: 1.0)
    _, script = colour.play(reply(status=429, headers={"Retry-After": "100"}), reply())
    assert script.waits == [pytest.approx(110)]


@pytest.mark.parametrize("value", ["121", "1e999", "9" * 400, "4294967295"])
def test_too_long_a_retry_after_is_the_callers_to_decide(colour: Colour, value: str) -> None:
    """Nobody is made to wait two minutes, let alone 50 days: the error comes at once and says how long."""
    error, script = colour.fail(RateLimitError, reply(status=429, headers={"Retry-After": value}))
    assert len(script.sent) == 1
    assert error.retry_after == float(value)


def test_a_dead_kept_alive_connection_is_replaced_at_once(colour: Colour) -> None:
    """One fresh attempt without a wait, uncounted in ``retries_taken`` and in the header, but in ``attempts``."""

    def die(request: httpx.Request) -> httpx.Response:
        # What httpcore tells of a request over a connection that it had kept alive
        trace = request.extensions["trace"]
        told = trace("http11.send_request_headers.started", {"request": request_of_httpcore})
        if told is not None:  # a coroutine function that never waits
            with pytest.raises(StopIteration):
                told.send(None)
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")

    class Core:
        method = b"GET"

    request_of_httpcore = Core()

    def body(client: Any) -> Any:
        return client.with_raw_response.get("/items", cast_to=object)

    response, script = colour.play(die, reply(), body=body, max_retries=0)
    assert script.waits == [0]
    assert response.retries_taken == 0
    assert [sent.headers["x-trio-api-retry-count"] for sent in script.sent] == ["0", "0"]
    assert [record.status_code for record in response.attempts] == [None, 200]


# -- what ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "unkeyed", "keyed"),
    [
        (400, False, False),
        (401, False, False),
        (403, False, False),
        (404, False, False),
        (408, False, True),
        (409, False, True),
        (418, False, False),
        (422, False, False),
        (425, False, True),
        (429, True, True),
        (500, False, True),
        (502, False, True),
        (503, False, True),
        (504, False, True),
        (599, False, True),
    ],
)
def test_which_statuses_are_retried_for_a_post(colour: Colour, status: int, unkeyed: bool, keyed: bool) -> None:
    """Without a key what may have been acted on is not sent again; with one it is."""
    for cls, again in ((colour.make_class(idempotency_header=None), unkeyed), (colour.client_class, keyed)):
        assert requests(colour, reply(status=status), reply(), body=post, client_class=cls) == 1 + again


@pytest.mark.parametrize(("status", "again"), [(404, False), (408, True), (409, False), (429, True), (500, True)])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
def test_which_statuses_are_retried_for_an_idempotent_method(
    colour: Colour, status: int, again: bool, method: str
) -> None:
    """Sent twice it has the effect of once, so a 5xx is no reason to stop; a 409 is."""
    call = {"method": method, "url": "/items"}
    answers = [httpx.Response(status), httpx.Response(204)]
    assert requests(colour, *answers, body=lambda client: client.request(None, call)) == 1 + again


@pytest.mark.parametrize(
    ("failure", "sent", "unkeyed"),
    [
        (httpx.ConnectError("refused"), False, True),
        (httpx.ConnectTimeout("slow"), False, True),
        (httpx.PoolTimeout("busy"), False, True),
        (httpx.ReadTimeout("slow"), True, False),
        (httpx.ReadError("reset"), True, False),
        (httpx.RemoteProtocolError("rubbish"), True, False),
        (httpx.WriteError("reset"), None, False),
        (httpx.WriteTimeout("slow"), None, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_which_failures_are_retried_for_a_post(
    colour: Colour, failure: Exception, sent: bool | None, unkeyed: bool
) -> None:
    """What was not sent is sent again by any method; what may have arrived only with a key."""
    cls = colour.make_class(idempotency_header=None)
    script = Script(time=colour.time)
    if unkeyed:
        colour.play(failure, reply(), body=post, client_class=cls, script=script)
    else:
        error, _ = colour.fail(APIConnectionError, failure, body=post, client_class=cls, script=script)
        assert error.sent is sent
        assert isinstance(error, APITimeoutError) is isinstance(failure, httpx.TimeoutException)
    assert len(script.sent) == 1 + unkeyed
    _, script = colour.play(failure, reply(), body=post)
    assert len(script.sent) == 2


@pytest.mark.parametrize(
    "failure",
    [
        httpx.UnsupportedProtocol("no such scheme"),
        httpx.LocalProtocolError("no HTTP"),
        httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_what_would_fail_again_is_not_retried(colour: Colour, failure: Exception) -> None:
    """A certificate, a scheme, a request that is no HTTP: once is enough."""
    _, script = colour.fail(APIConnectionError, failure)
    assert len(script.sent) == 1


@pytest.mark.parametrize(("hint", "status", "again"), [("true", 418, True), ("false", 503, False), ("TRUE", 418, True)])
def test_the_server_may_say(colour: Colour, hint: str, status: int, again: bool) -> None:
    """``x-should-retry`` overrides the method and status rules."""
    answers = [reply(status=status, headers={"X-Should-Retry": hint}), reply()]
    assert requests(colour, *answers) == 1 + again


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_the_server_cant_say_that_of_a_bad_request(colour: Colour, status: int) -> None:
    """``x-should-retry: true`` never makes these retryable: the request itself is at fault."""
    _, script = colour.fail(Exception, reply(status=status, headers={"x-should-retry": "true"}))
    assert len(script.sent) == 1


@pytest.mark.parametrize(("decided", "status", "again"), [(True, 404, True), (False, 503, False), (None, 503, True)])
def test_the_hook_may_say(colour: Colour, decided: bool | None, status: int, again: bool) -> None:
    """``_should_retry`` has the last word; None leaves it to the policy."""
    cls = colour.make_class(_should_retry=lambda self, response: decided)
    assert requests(colour, reply(status=status), reply(), client_class=cls) == 1 + again


# -- how often -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
def test_max_retries_counts_retries(colour: Colour, retries: int) -> None:
    """On the client, on a copy and on the call; the innermost wins, and all win over the policy's."""

    def copied(client: Any) -> Any:
        return client.with_options(max_retries=retries).get("/items", cast_to=object)

    def called(client: Any) -> Any:
        return client.get("/items", cast_to=object, options={"max_retries": retries})

    for settings in (
        {"max_retries": retries},
        {"retry": RetryPolicy(max_retries=retries)},
        {"max_retries": retries, "retry": RetryPolicy(max_retries=7)},
        {"max_retries": 7, "body": copied},
        {"max_retries": 7, "body": called},
    ):
        _, script = colour.fail(InternalServerError, *[reply(status=500)] * (retries + 1), **settings)
        assert len(script.sent) == retries + 1


def test_two_retries_are_the_default(colour: Colour) -> None:
    """Three attempts in all."""
    _, script = colour.fail(InternalServerError, *[reply(status=500)] * 3)
    assert len(script.sent) == 3


# -- bodies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"abc", "abc", bytearray(b"abc"), [b"a", b"bc"]])
def test_a_body_in_memory_is_sent_again(colour: Colour, content: Any) -> None:
    """Whole, on every attempt, a connection that broke included."""
    _, script = colour.play(
        reply(status=503), reset(), reply(), body=lambda client: client.put("/x", cast_to=object, content=content)
    )
    assert [sent.body for sent in script.sent] == [b"abc"] * 3


def test_a_seekable_file_is_rewound_to_where_it_stood(colour: Colour) -> None:
    """Not to its beginning: what was read before is not part of the body."""
    file = io.BytesIO(b"header:body")
    file.seek(7)
    _, script = colour.play(
        reply(status=503), reply(), body=lambda client: client.put("/x", cast_to=object, content=file)
    )
    assert [sent.body for sent in script.sent] == [b"body"] * 2
    assert [sent.headers["content-length"] for sent in script.sent] == ["4"] * 2


class Pieces:
    """A body that gives its bytes once, as either colour reads it."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = iter(pieces)
        self.begun = 0

    def sync(self) -> Iterator[bytes]:
        self.begun += 1
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def asynchronous(self) -> AsyncIterator[bytes]:
        self.begun += 1
        for piece in self.pieces:
            await trio.lowlevel.checkpoint()
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def of(self, colour: Colour, kind: str) -> Any:
        return self.asynchronous() if kind == "async" and colour.name == "trio" else self.sync()


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("answer", [429, 503, reset()], ids=str)
def test_a_one_shot_body_is_sent_once(colour: Colour, kind: str, answer: Any) -> None:
    """Never twice, and never empty: the first failure is the call's, however retryable it is."""
    pieces = Pieces(b"ab", b"", b"c")
    answers = [reply(status=answer) if isinstance(answer, int) else answer, reply()]
    error, script = colour.fail(
        (RateLimitError, InternalServerError, APIConnectionError),  # type: ignore[arg-type]
        *answers,
        body=lambda client: client.put("/x", cast_to=object, content=pieces.of(colour, kind)),
    )
    assert [sent.body for sent in script.sent] == [b"abc"]
    assert script.sent[0].headers["transfer-encoding"] == "chunked"
    assert len(error.attempts) == 1


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("as_file", [False, True])
def test_a_generator_that_another_call_has_read_is_refused(colour: Colour, kind: str, as_file: bool) -> None:
    """Nothing of it is left; as the body of this call it would be an empty one."""
    generator = Pieces(b"ab").of(colour, "sync" if as_file else kind)
    body = {"files": {"a": generator}} if as_file else {"content": generator}

    def twice(client: Any) -> Any:
        yield client.post("/x", cast_to=object, **body)
        with pytest.raises(ValueError, match="is a generator that was read before; make another"):
            yield client.post("/x", cast_to=object, **body)

    _, script = colour.play(reply(), reply(), body=twice)
    assert len(script.sent) == 1


class Unread(Script):
    """Refuses connections: fails before it reads the body."""

    def __init__(self, failures: int, **how: Any) -> None:
        super().__init__(**how)
        self.failures = failures

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._refuse(request)
        return await super().handle_async_request(request)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._refuse(request)
        return super().handle_request(request)

    def _refuse(self, request: httpx.Request) -> None:
        if self.failures:
            self.failures -= 1
            raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_one_shot_body_that_was_not_begun_is_still_good(colour: Colour, kind: str) -> None:
    """A connection that was refused took nothing of it."""
    pieces = Pieces(b"ab", b"c")
    script = Unread(2, time=colour.time)
    colour.play(
        reply(),
        body=lambda client: client.post("/x", cast_to=object, content=pieces.of(colour, kind)),
        script=script,
    )
    assert [sent.body for sent in script.sent] == [b"abc"]


# -- the application's own exceptions ------------------------------------------------------------------------


class MineError(Exception):
    pass


@pytest.mark.parametrize(
    "error", [MineError("mine"), trio.TooSlowError(), httpx.ReadError("mine"), TimeoutError(), OSError(5, "mine")]
)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_a_body_raises_passes_through(colour: Colour, kind: str, error: Exception) -> None:
    """The very exception, unwrapped and unretried, even where it looks like one of the wire."""
    caught, script = colour.fail(
        type(error),
        body=lambda client: client.put(
            "/x", cast_to=object, content=Pieces(b"a", error).of(colour, kind), options={"max_retries": 5}
        ),
    )
    assert caught is error
    assert script.sent == []


def test_a_file_that_cant_be_read_is_the_callers(colour: Colour) -> None:
    """A file that was closed meanwhile is a ValueError of the file, not of the connection."""
    file = io.BytesIO(b"abc")

    def body(client: Any) -> Any:
        file.close()
        return client.put("/x", cast_to=object, content=file)

    _, script = colour.fail(ValueError, body=body)
    assert script.sent == []


# -- what the caller learns ----------------------------------------------------------------------------------


def test_the_final_error_tells_the_whole_story(colour: Colour) -> None:
    """One record an attempt: number, status or error, seconds, the wait after it, the request id."""
    error, _ = colour.fail(
        BadRequestError,
        Slow(0.25, reply(status=503, headers={"X-Request-ID": "r0"})),
        reset(),
        Slow(0.125, reply({"message": "no"}, status=400, headers={"X-Request-ID": "r2"})),
    )
    assert error.attempts == (
        AttemptRecord(0, status_code=503, elapsed=0.25, waited=0.5, request_id="r0"),
        AttemptRecord(1, elapsed=0.0, waited=1.0),
        AttemptRecord(2, status_code=400, elapsed=0.125, request_id="r2"),
    )
    assert isinstance(error.attempts[1].error, APIConnectionError)
    assert error.request_id == "r2"


def test_a_success_tells_it_too(colour: Colour) -> None:
    """The response has the attempts, the number of retries and the seconds of the last attempt."""
    response, _ = colour.play(
        reply(status=503),
        Slow(0.25, reply()),
        body=lambda client: client.with_raw_response.get("/items", cast_to=object),
    )
    assert response.retries_taken == 1
    assert response.elapsed == 0.25
    assert [record.waited for record in response.attempts] == [0.5, 0.0]


def test_on_retry_is_called_before_the_wait(colour: Colour) -> None:
    """A plain function, with the record, at the time of the failure."""
    told: list[tuple[AttemptRecord, int]] = []
    script = Script(time=colour.time)
    policy = RetryPolicy(on_retry=lambda record: told.append((record, len(script.sent))))
    colour.play(reply(status=503), reply(status=502), reply(), retry=policy, script=script)
    assert [(record.status_code, record.waited, sent) for record, sent in told] == [(503, 0.5, 1), (502, 1.0, 2)]


def test_what_on_retry_raises_ends_the_call(colour: Colour) -> None:
    """It is the application's: as it is, and nothing more is sent."""

    def on_retry(record: AttemptRecord) -> None:
        raise MineError("enough")

    error, script = colour.fail(MineError, reply(status=503), retry=RetryPolicy(on_retry=on_retry))
    assert str(error) == "enough"
    assert len(script.sent) == 1


def test_retries_are_logged(colour: Colour, caplog: pytest.LogCaptureFixture) -> None:
    """INFO has the attempt's number and the delay; DEBUG one line for each exchange."""
    with caplog.at_level(logging.DEBUG, "trio_api"):
        colour.play(reply(status=503), reply(headers={"X-Request-ID": "r1"}))
    lines = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "trio_api"]
    assert lines == [
        ("DEBUG", "GET https://api.example.com/v1/items: 503 in 0.000 s (request id None)"),
        ("INFO", "GET https://api.example.com/v1/items: retry 1 of 2 in 0.500 s, after attempt 0: 503"),
        ("DEBUG", "GET https://api.example.com/v1/items: 200 in 0.000 s (request id r1)"),
    ]


def test_the_connection_is_released_before_the_wait(colour: Colour) -> None:
    """An error response is read and closed when the wait begins."""
    closed: list[float] = []

    class Closing(httpx.ByteStream):
        def close(self) -> None:
            closed.append(colour.time.monotonic())

        async def aclose(self) -> None:
            closed.append(trio.current_time())

    _, script = colour.play(httpx.Response(503, stream=Closing(b"busy")), reply())
    assert closed
    assert closed[0] == script.sent[0].time < script.sent[1].time


def test_one_request_a_second_stays_one_call(colour: Colour) -> None:
    """The error of a call that failed for good names its last request."""
    error, _ = colour.fail(InternalServerError, *[reply(status=500)] * 3, body=get_items)
    assert error.request.method == "GET"
    assert error.request.headers["x-trio-api-retry-count"] == "2"
