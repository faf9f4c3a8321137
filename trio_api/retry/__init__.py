"""Whether a call is tried again, and when: pure decisions about one call; nothing here sleeps or sends."""

from __future__ import annotations

from ._classify import (
    IDEMPOTENT_METHODS as IDEMPOTENT_METHODS,
    Failure as Failure,
    FailureKind as FailureKind,
    failure_is_retryable as failure_is_retryable,
    is_throttling as is_throttling,
    status_is_retryable as status_is_retryable,
)
from ._policy import RETRY_AFTER_SPREAD as RETRY_AFTER_SPREAD, RetryPolicy as RetryPolicy
from ._retry_after import parse_retry_after as parse_retry_after
