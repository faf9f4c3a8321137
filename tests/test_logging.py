"""The library's own log: what goes there, how it is turned on, and what it never says."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest

from trio_api import APITimeoutError, AttemptRecord
from trio_api._logging import log_exchange, log_refusal, log_retry, log_store_failure, logger, set_up_logging

REQUEST = httpx.Request("GET", "https://user:canary@api.example.com/v1/items?key=canary", headers={"X-Key": "canary"})


@pytest.fixture
def pristine() -> Iterator[None]:
    """The logger as a fresh process has it, and as it was afterwards."""
    handlers, level = logger.handlers[:], logger.level
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (
            AttemptRecord(0, status_code=200, elapsed=0.25, request_id="r1"),
            "GET https://api.example.com/v1/items: 200 in 0.250 s (request id r1)",
        ),
        (
            AttemptRecord(0, status_code=200, elapsed=0.25, request_id="\x1b[31mr1"),
            "GET https://api.example.com/v1/items: 200 in 0.250 s (request id \\x1b[31mr1)",
        ),
        (
            AttemptRecord(0, error=APITimeoutError("slow"), elapsed=5),
            "GET https://api.example.com/v1/items: APITimeoutError in 5.000 s (request id None)",
        ),
    ],
)
def test_an_exchange_is_one_debug_line(record: AttemptRecord, line: str, caplog: pytest.LogCaptureFixture) -> None:
    """Method, origin and path, status, request id, seconds; no userinfo, query or header."""
    with caplog.at_level(logging.DEBUG, "trio_api"):
        log_exchange(REQUEST, record)
    assert [(entry.levelno, entry.getMessage()) for entry in caplog.records] == [(logging.DEBUG, line)]


def test_an_exchange_is_not_rendered_for_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """At INFO nothing is said of an exchange."""
    with caplog.at_level(logging.INFO, "trio_api"):
        log_exchange(REQUEST, AttemptRecord(0, status_code=200))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (AttemptRecord(0, status_code=503, waited=0.5), "503"),
        (AttemptRecord(0, error=APITimeoutError("slow"), waited=0.5), "APITimeoutError"),
    ],
)
def test_a_retry_is_one_info_line(record: AttemptRecord, what: str, caplog: pytest.LogCaptureFixture) -> None:
    """The number of the attempt and the delay before the next one."""
    with caplog.at_level(logging.INFO, "trio_api"):
        log_retry(REQUEST, record, retry=1, max_retries=2)
    assert [(entry.levelno, entry.getMessage()) for entry in caplog.records] == [
        (logging.INFO, f"GET https://api.example.com/v1/items: retry 1 of 2 in 0.500 s, after attempt 0: {what}")
    ]


def test_a_refused_retry_is_one_info_line(caplog: pytest.LogCaptureFixture) -> None:
    """Which retry of which call is not made, and why."""
    with caplog.at_level(logging.INFO, "trio_api"):
        log_refusal(REQUEST, retries=1, max_retries=2)
    line = "GET https://api.example.com/v1/items: no retry 2 of 2, the retry budget of this origin is used up"
    assert [(entry.levelno, entry.getMessage()) for entry in caplog.records] == [(logging.INFO, line)]


@pytest.mark.parametrize(("error", "why"), [(None, "no answer"), (OSError("canary"), "OSError")])
def test_a_store_that_fails_is_one_warning(error: Exception | None, why: str, caplog: pytest.LogCaptureFixture) -> None:
    """What follows, and its kind alone: a Redis server that does not know HELLO answers with a password."""
    for policy in ("open", "closed"):
        log_store_failure(error, policy)
    begin = f"the store of the rate limits can't be asked ({why}): "
    lines = [begin + "calls go on by this process's own count", begin + "calls fail, and nothing is sent"]
    assert [(entry.levelno, entry.getMessage()) for entry in caplog.records] == [
        (logging.WARNING, line) for line in lines
    ]


@pytest.mark.parametrize(
    ("value", "level"), [("debug", logging.DEBUG), ("INFO", logging.INFO), ("", None), ("loud", None), (None, None)]
)
@pytest.mark.usefixtures("pristine")
def test_the_environment_turns_the_log_on(
    value: str | None, level: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``TRIO_API_LOG=debug|info`` gives the logger a handler and that level; anything else changes nothing."""
    if value is None:
        monkeypatch.delenv("TRIO_API_LOG", raising=False)
    else:
        monkeypatch.setenv("TRIO_API_LOG", value)
    set_up_logging()
    set_up_logging()
    assert len(logger.handlers) == (level is not None)
    assert logger.level == (level or logging.NOTSET)


@pytest.mark.usefixtures("pristine")
def test_the_environment_does_not_override_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger that has a handler already is left as the application set it up."""
    monkeypatch.setenv("TRIO_API_LOG", "debug")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    set_up_logging()
    assert logger.handlers == [handler]
    assert logger.level == logging.NOTSET
