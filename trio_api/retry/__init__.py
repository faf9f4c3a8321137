"""Whether a call is tried again, when, and at what cost: pure decisions and books; nothing here sleeps or sends."""

from __future__ import annotations

from ._books import OriginBook as OriginBook, OriginBooks as OriginBooks
from ._budget import RetryBudget as RetryBudget
from ._classify import (
    IDEMPOTENT_METHODS as IDEMPOTENT_METHODS,
    Failure as Failure,
    FailureKind as FailureKind,
    failure_is_retryable as failure_is_retryable,
    is_throttling as is_throttling,
    status_is_retryable as status_is_retryable,
)
from ._policy import RetryPolicy as RetryPolicy
from ._retry_after import parse_retry_after as parse_retry_after
from ._statistics import ClientStatistics as ClientStatistics, OriginStatistics as OriginStatistics
