"""How a client behaves towards an origin that fails, is slow or asks for less: policies as values, state as books.

What is decided about one call stands in `trio_api.retry`; here stands what all the calls to an origin share. Pure:
nothing here sleeps, sends or locks. The waiting is done by ``_admission_*`` in `trio_api.client`.
"""

from __future__ import annotations

from ._books import OriginBook as OriginBook, OriginBooks as OriginBooks
from ._budget import RetryBudget as RetryBudget
from ._concurrency import AdaptiveConcurrency as AdaptiveConcurrency, Permit as Permit, Permits as Permits
from ._cool_down import CoolDown as CoolDown, Pause as Pause, Ticket as Ticket
from ._hedging import HEDGED_METHODS as HEDGED_METHODS, Hedge as Hedge, Hedging as Hedging, is_answer as is_answer
from ._load import Load as Load, Seen as Seen, load_of_status as load_of_status
from ._pacing import Pace as Pace, Place as Place
from ._quota_headers import QuotaHeaders as QuotaHeaders
from ._rate_limit import RateLimit as RateLimit, thousandths as thousandths
from ._rate_store import RateClaim as RateClaim, RateLimitStore as RateLimitStore
from ._refusal import (
    Refusal as Refusal,
    refusal_for_pace as refusal_for_pace,
    refusal_for_pause as refusal_for_pause,
)
from ._rules import OriginRules as OriginRules, given_names as given_names
from ._statistics import ClientStatistics as ClientStatistics, OriginStatistics as OriginStatistics
from ._throttling import Throttle as Throttle, Throttling as Throttling
