"""Long-running operations, in both colours: when is asked, when it is over, and how it is gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs
import httpx
import pytest

from support.colours import Colour
from support.scripted import Script, Slow, reply
from trio_api import (
    APIResponse,
    APIResponseValidationError,
    APITimeoutError,
    AsyncAPIResponse,
    CrossOriginError,
    InternalServerError,
    OperationFailedError,
    OperationTimeoutError,
    PollPolicy,
)

EVEN = PollPolicy(interval=5.0, max_interval=5.0)


@attrs.frozen
class Job:
    status: str
    percent: int = 0


def job(status: str = "running", percent: int = 0, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return reply({"status": status, "percent": percent}, headers=named)


def accepted(status: int = 202, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def is_over(value: Job) -> bool:
    return value.status != "running"


def poll(client: Any, place: Any = "/jobs/17", **how: Any) -> Any:
    return client.poll(place, **{"cast_to": Job, "until": is_over, **how})


def states(operation: Any, pause: Callable[[], Any] = lambda: None) -> Any:
    """The values that iterating gives, with a pause after each; to be yielded."""
    if not hasattr(operation, "__aiter__"):
        return [(value, pause())[0] for value in iter(iter(operation))]

    async def collect() -> list[Any]:
        values = []
        async for value in operation:
            values.append(value)
            paused = pause()
            if paused is not None:
                await paused
        return values

    return collect()


def colour_script(colour: Colour) -> Script:
    """A transport that a test wants to look at while it plays."""
    return Script(time=colour.time)


def test_describing_it_sends_nothing(colour: Colour) -> None:
    """An operation can be made where no client is open, and says where it is."""
    operation = poll(colour.client(), "/jobs/17?key=canary")
    assert repr(operation) == f"<{type(operation).__name__} /jobs/17 [0 polls]>"
    assert (operation.is_over, operation.last, operation.polls) == (False, None, 0)


def test_iterating_gives_each_value_and_ends_with_the_result(colour: Colour) -> None:
    """A progress bar needs the ones before the last."""

    def body(client: Any) -> Any:
        operation = poll(client)
        found = yield states(operation)
        assert (operation.is_over, operation.last, operation.polls) == (True, Job("done"), 3)
        return found

    found, _ = colour.play(job(percent=10), job(percent=60), job("done"), body=body)
    assert found == [Job("running", 10), Job("running", 60), Job("done")]


def test_once_it_is_over_nothing_is_asked_again(colour: Colour) -> None:
    """The result is the same each time, and an iteration gives it alone."""

    def body(client: Any) -> Any:
        operation = poll(client)
        return (yield operation.result()), (yield operation.result()), (yield states(operation))

    found, script = colour.play(job(), job("done"), body=body)
    assert found == (Job("done"), Job("done"), [Job("done")])
    assert len(script.sent) == 2


def test_without_until_the_status_says_when_it_is_over(colour: Colour) -> None:
    """202 is "not yet", whatever its body, and is no value; the first other answer is the result."""
    answers = (accepted(), reply({"state": "?"}, 202), job("done"))
    found, script = colour.play(*answers, body=lambda client: states(client.poll("/jobs/17", cast_to=Job)))
    assert found == [Job("done")]
    assert script.waits == [1.0, 1.5]


def test_a_redirect_leads_to_the_result(colour: Colour) -> None:
    """303 from the monitor, as some APIs say that it is done, is followed as in any call."""
    answers = (accepted(), accepted(303, location="/v1/reports/3"), job("done"))
    found, script = colour.play(*answers, body=lambda client: client.poll("/jobs/17", cast_to=Job).result())
    assert found == Job("done")
    assert [sent.path for sent in script.sent] == ["/v1/jobs/17", "/v1/jobs/17", "/v1/reports/3"]


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_response_can_be_judged(colour: Colour, wrapped: bool) -> None:
    """Where a header says that it is over, `until` gets the response: httpx's, or the wrapper."""
    wrapper: Any = (APIResponse if colour.name == "blocking" else AsyncAPIResponse)[None]
    operation = {
        "cast_to": wrapper if wrapped else httpx.Response,
        "until": lambda response: response.headers.get("x-state") == "done",
    }
    answers = (accepted(), accepted(204, x_state="done"))
    found, _ = colour.play(*answers, body=lambda client: poll(client, **operation).result())
    assert (type(found), found.status_code) == (wrapper.__origin__ if wrapped else httpx.Response, 204)


def test_the_post_parser_of_the_options_is_applied(colour: Colour) -> None:
    """Before the value is judged; and what the options say goes for each poll."""
    options = {"post_parser": lambda value: value["status"], "headers": {"X-Tenant": "a"}, "params": {"full": True}}
    result, script = colour.play(
        job(),
        job("done"),
        body=lambda client: poll(client, cast_to=object, until=lambda it: it == "done", options=options).result(),
    )
    assert result == "done"
    assert [(sent.path, sent.headers["x-tenant"]) for sent in script.sent] == [("/v1/jobs/17?full=true", "a")] * 2


# -- waits ---------------------------------------------------------------------------------------------------


def test_the_hint_of_the_server_comes_first(colour: Colour) -> None:
    """On a success, too; where there is none the backoff goes on."""
    hinted = PollPolicy(hint_header="openai-poll-after-ms")
    answers = (
        job(retry_after="7"),
        job(retry_after_ms="300"),
        job(openai_poll_after_ms="2500", retry_after="7"),
        job(),
        job("done"),
    )
    _, script = colour.play(*answers, body=lambda client: poll(client, policy=hinted).result())
    assert script.waits == [7.0, 0.3, 2.5, 1.5**3]


@pytest.mark.parametrize(("pause", "wait"), [(3.0, 5.0), (9.0, 9.0)])
def test_time_that_the_program_takes_counts_as_waited(colour: Colour, pause: float, wait: float) -> None:
    """The wait begins with the answer: who works on each value is not made to wait twice."""
    body = lambda client: states(poll(client, policy=EVEN), lambda: colour.sleep(pause))  # noqa: E731
    _, script = colour.play(job(), job(), job("done"), body=body)
    assert script.waits == [wait, wait]


def test_a_hint_is_for_the_operation_alone(colour: Colour) -> None:
    """Other calls to the origin do not wait for it, as they do for what a 429 asks."""

    def body(client: Any) -> Any:
        operation = poll(client)
        if colour.name == "blocking":
            next(iter(operation))
        else:
            yield aiter(operation).__anext__()
        yield client.get("/items", cast_to=object)
        return (yield operation.result())

    _, script = colour.play(job(retry_after="30"), reply(), job("done"), body=body)
    assert script.waits == [0.0, 30.0]


def test_a_poll_has_its_own_retries(colour: Colour) -> None:
    """A fault between two polls is none of the program's business."""
    answers = (job(), accepted(503), httpx.ConnectError("refused"), job("done"))
    result, script = colour.play(*answers, body=lambda client: poll(client, policy=EVEN).result())
    assert result == Job("done")
    assert script.waits == [5.0, 0.5, 1.0]


def test_after_a_failed_poll_it_goes_on(colour: Colour) -> None:
    """The error is the call's; the operation can be waited for again, and is asked after when it was due."""

    def body(client: Any) -> Any:
        operation = poll(client, policy=EVEN, options={"max_retries": 0})
        with pytest.raises(InternalServerError):
            yield operation.result()
        assert (operation.is_over, operation.polls) == (False, 1)
        return (yield operation.result())

    result, script = colour.play(job(), accepted(500), job("done"), body=body)
    assert result == Job("done")
    assert script.waits == [5.0, 0.0]


def test_an_error_of_the_programs_own_predicate_passes(colour: Colour) -> None:
    """The operation goes on after it."""
    calls: list[Job] = []

    def until(value: Job) -> bool:
        calls.append(value)
        return 1 / (len(calls) - 1) > 0

    def body(client: Any) -> Any:
        operation = poll(client, until=until)
        with pytest.raises(ZeroDivisionError):
            yield operation.result()
        return (yield operation.result())

    assert colour.play(job(), job("done"), body=body)[0] == Job("done")


# -- failures and time ---------------------------------------------------------------------------------------


def test_an_operation_that_failed_is_an_error(colour: Colour) -> None:
    """With the value that says so; each time, without another request."""

    def body(client: Any) -> Any:
        operation = poll(client, failed=lambda value: value.status == "failed")
        with pytest.raises(OperationFailedError) as first:
            yield operation.result()
        with pytest.raises(OperationFailedError):
            yield states(operation)
        assert operation.is_over
        return first.value

    error, script = colour.play(job(), job("failed", 40), body=body)
    assert str(error) == "The operation at /jobs/17 failed"
    assert error.value == Job("failed", 40)
    assert error.request.url == "https://api.example.com/v1/jobs/17"
    assert [attempt.status_code for attempt in error.attempts] == [200]
    assert len(script.sent) == 2


def test_a_hint_beyond_the_timeout_is_not_waited_out(colour: Colour) -> None:
    """The error comes at once, with the last value and where to go on; and the operation does go on."""

    def body(client: Any) -> Any:
        operation = poll(client, timeout=20.0)
        with pytest.raises(OperationTimeoutError) as caught:
            yield operation.result()
        assert len(script.sent) == 2
        assert caught.value.token == operation.token()
        return caught.value, (yield operation.result())

    script = colour_script(colour)
    answers = (job(retry_after="8"), job(percent=50, retry_after="15"), job("done"))
    (error, result), _ = colour.play(*answers, body=body, script=script)
    assert str(error) == "The operation at /jobs/17 is not done: the server asks to wait 15 s, and 12 s are left"
    assert (error.value, error.retry_after) == (Job("running", 50), 15.0)
    assert error.token == {"version": 1, "url": "/jobs/17", "polls": 2}
    assert result == Job("done")
    assert script.waits == [8.0, 15.0]  # a second wait has the whole timeout again


def test_a_wait_without_a_hint_is_shortened_to_ask_once_more(colour: Colour) -> None:
    """One interval before the time is up; after that one it is said at once."""
    policy = PollPolicy(interval=2.0, max_interval=50.0)
    error, script = colour.fail(
        OperationTimeoutError,
        *[job() for _ in range(6)],
        body=lambda client: poll(client, policy=policy, timeout=25.0).result(),
    )
    assert script.waits == [2.0, 3.0, 4.5, 6.75, 6.75]  # the last one would have been 10.125
    assert str(error) == "The operation at /jobs/17 is not done: the 2 s left are too short for another poll"


def test_a_poll_is_cut_off_when_the_time_is_up(colour: Colour) -> None:
    """A slow answer does not make the wait longer than its timeout."""
    error, _ = colour.fail(
        OperationTimeoutError,
        job(),
        Slow(60.0, job()),
        body=lambda client: poll(client, policy=EVEN, timeout=8.0).result(),
    )
    assert str(error) == "The operation at /jobs/17 is not done: the time was up while it was asked"
    assert error.value == Job("running")


def test_a_poll_that_takes_too_long_by_itself_is_its_own_error(colour: Colour) -> None:
    """The time of a call is not that of the operation."""
    error, _ = colour.fail(
        APITimeoutError,
        Slow(60.0, job()),
        body=lambda client: poll(client, timeout=30.0, options={"total_timeout": 4.0}).result(),
    )
    assert "total_timeout of 4.0 seconds" in str(error)


def test_a_hint_of_days_is_not_waited_out(colour: Colour) -> None:
    """Nor is one that no float holds."""
    for hint in ("86400", "1" + "0" * 400):
        error, _ = colour.fail(OperationTimeoutError, job(retry_after=hint), body=lambda client: poll(client).result())
        assert "more than the policy's max_hint of 3.6e+03 s" in str(error)


# -- where to ask --------------------------------------------------------------------------------------------


def from_response(**how: Any) -> Callable[[Any], Any]:
    def body(client: Any) -> Any:
        response = yield client.with_raw_response.post("/reports", cast_to=object, body={})
        return (yield poll(client, response, **how).result())

    return body


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({"location": "/v1/jobs/1"}, "/v1/jobs/1"),
        ({"location": "jobs/1"}, "/v1/jobs/1"),
        ({"operation_location": "https://api.example.com/jobs/2?sig=x", "location": "/r/1"}, "/jobs/2?sig=x"),
        ({"azure_asyncoperation": "https://api.example.com/jobs/3", "location": "/r/1"}, "/jobs/3"),
    ],
)
def test_a_response_says_where_to_ask(colour: Colour, headers: dict[str, str], path: str) -> None:
    """The most specific of its headers, relative to its own URL."""
    result, script = colour.play(accepted(**headers), job("done"), body=from_response())
    assert result == Job("done")
    assert script.sent[1].path == path


@pytest.mark.parametrize(("headers", "wait"), [({"retry_after": "4"}, 4.0), ({}, 1.0)])
def test_the_response_says_when_to_ask_first(colour: Colour, headers: dict[str, str], wait: float) -> None:
    """It has only just begun; so without a hint the first poll waits, too."""
    _, script = colour.play(accepted(location="/v1/jobs/1", **headers), job("done"), body=from_response())
    assert script.waits == [wait]


def test_the_place_may_not_be_of_another_origin(colour: Colour) -> None:
    """Credentials would go there. A trusted one is asked."""
    link = "https://jobs.example.com/1"
    error, script = colour.fail(CrossOriginError, accepted(location=link), body=from_response())
    assert str(error) == (
        "the response 202 of POST https://api.example.com/v1/reports names an operation at another origin, "
        "https://jobs.example.com:443; if that is right, give the client "
        "trusted_origins=['https://jobs.example.com:443']"
    )
    assert len(script.sent) == 1
    trusted = {"trusted_origins": ["https://jobs.example.com"]}
    assert colour.play(accepted(location=link), job("done"), body=from_response(), **trusted)[0] == Job("done")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "has no header that says where to ask after an operation: none of operation-location, "),
        ({"location": "https://x:port/"}, "has a broken location: the link 'https://[redacted]' is no valid URL"),
    ],
)
def test_a_response_that_does_not_say_where_does_not_fit(colour: Colour, headers: dict[str, str], message: str) -> None:
    """That is the server's fault, and an error of the tree."""
    error, _ = colour.fail(APIResponseValidationError, accepted(**headers), body=from_response())
    assert str(error).startswith(f"the response 202 of POST https://api.example.com/v1/reports {message}")
    assert error.status_code == 202


def test_a_token_goes_on_in_another_process(colour: Colour) -> None:
    """At once, through JSON, and the waits go on as long as they had become."""

    def stopped(client: Any) -> Any:
        operation = poll(client, options={"max_retries": 0})
        with pytest.raises(InternalServerError):
            yield operation.result()
        return json.dumps(operation.token())

    token, _ = colour.play(job(), job(), job(), accepted(500), body=stopped)
    result, script = colour.play(job(), job("done"), body=lambda client: poll(client, json.loads(token)).result())
    assert result == Job("done")
    assert script.sent[0].path == "/v1/jobs/17"
    assert script.waits == [1.5**3]


def test_a_token_of_a_response_holds_its_url(colour: Colour) -> None:
    """Whole, with its query; but never userinfo."""
    response = accepted(location="https://user:canary@api.example.com/v1/jobs/1?sig=a")
    token, _ = colour.play(response, body=lambda client: _token_of(client))
    assert token == {"version": 1, "url": "https://api.example.com/v1/jobs/1?sig=a", "polls": 0}
    assert poll(colour.client(), "https://user:canary@api.example.com/1").token()["url"] == "https://api.example.com/1"


def _token_of(client: Any) -> Any:
    response = yield client.with_raw_response.post("/reports", cast_to=object, body={})
    return poll(client, response).token()


# -- arguments -----------------------------------------------------------------------------------------------


async def _asynchronous(value: object) -> bool:  # what must not be given
    return True


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ({"until": 1}, TypeError, "until must be a plain function of the value, or None, got 1"),
        ({"failed": _asynchronous}, TypeError, "failed must be a plain function of the value"),
        ({"policy": 3.0}, TypeError, r"policy must be a PollPolicy such as PollPolicy\(interval=5.0\), or None, got 3"),
        ({"timeout": -1}, ValueError, "timeout must be a number of seconds that is not negative"),
        ({"place": 17}, TypeError, "is polled at a path, a response of the client or a token: .* got int"),
        ({"options": {"retries": 1}}, TypeError, "options has no field 'retries'"),
        (
            {"place": {"version": 1}},
            ValueError,
            "broken token of an operation, or one of another kind: it has no 'url'",
        ),
    ],
)
def test_bad_arguments_are_refused_at_once(colour: Colour, how: dict[str, Any], kind: Any, message: str) -> None:
    """Where the operation is described, by their names."""
    with pytest.raises(kind, match=message):
        poll(colour.client(), **how)
