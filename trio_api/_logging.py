"""The library's log: logger ``trio_api``, what goes there, and ``TRIO_API_LOG``.

DEBUG has one line an exchange, INFO one a retry, made or refused, and one a pause that an origin asks for. WARNING has
one for each place of a model that responses do not fit, each fetch of a token that failed, each list that ends or goes
on otherwise than its pages say, and for a store of rate limits that fails. Query values, header values and the values
of bodies never go there.
"""

from __future__ import annotations

import logging
import os
from typing import Final

import httpx

from ._records import AttemptRecord
from ._redact import one_line, redact_log_records, redact_url

__all__ = [
    "log_exchange",
    "log_pause",
    "log_refusal",
    "log_retry",
    "log_store_failure",
    "log_token_failure",
    "logger",
    "set_up_logging",
]

logger: Final = logging.getLogger("trio_api")
_FORMAT: Final = "[%(asctime)s - %(name)s:%(lineno)d - %(levelname)s] %(message)s"


def log_exchange(request: httpx.Request, record: AttemptRecord) -> None:
    """DEBUG: what one attempt came to."""
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug(
            "%s %s: %s in %.3f s (request id %s)",
            request.method,
            redact_url(request.url),
            record.status_code if record.error is None else type(record.error).__name__,
            record.elapsed,
            None if record.request_id is None else one_line(record.request_id),
        )


def log_retry(request: httpx.Request, record: AttemptRecord, retry: int, max_retries: int) -> None:
    """INFO: a retry and the wait before it."""
    logger.info(
        "%s %s: retry %d of %d in %.3f s, after attempt %d: %s",
        request.method,
        redact_url(request.url),
        retry,
        max_retries,
        record.waited,
        record.number,
        record.status_code if record.error is None else type(record.error).__name__,
    )


def log_refusal(request: httpx.Request, retries: int, max_retries: int) -> None:
    """INFO: a retry that was due, and that the retry budget does not pay for."""
    logger.info(
        "%s %s: no retry %d of %d, the retry budget of this origin is used up",
        request.method,
        redact_url(request.url),
        retries + 1,
        max_retries,
    )


def log_pause(request: httpx.Request, seconds: float) -> None:
    """INFO: a response that makes all attempts at its origin wait."""
    logger.info("%s %s: the origin is paused for %.3f s, as it asked", request.method, redact_url(request.url), seconds)


def log_token_failure(error: Exception, wait: float) -> None:
    """WARNING: a bearer token could not be fetched. Not what the error says, which is the application's own."""
    logger.warning("no bearer token could be fetched (%s); left off for %.3f s", type(error).__name__, wait)


def log_store_failure(error: Exception | None, policy: str) -> None:
    """WARNING: the store of the rate limits does not answer. Not what its error says, which may quote a password."""
    why = "no answer" if error is None else type(error).__name__
    what = "calls go on by this process's own count" if policy == "open" else "calls fail, and nothing is sent"
    logger.warning("the store of the rate limits can't be asked (%s): %s", why, what)


def set_up_logging() -> None:
    """Redact the logs of the HTTP stack, and turn ours on as ``TRIO_API_LOG=debug|info`` says; again has no effect."""
    redact_log_records()
    level = {"debug": logging.DEBUG, "info": logging.INFO}.get(os.environ.get("TRIO_API_LOG", "").lower())
    if level is not None and not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)
        logger.setLevel(level)
