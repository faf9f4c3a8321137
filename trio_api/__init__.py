"""A Trio-native, structured-concurrency client of HTTP/JSON APIs, and the base of SDKs.

This face re-exports the public names; each stands, with what it does, in the room that it comes from.
"""

from __future__ import annotations

from httpx import URL as URL, Limits as Limits, Timeout as Timeout

from ._constants import (
    DEFAULT_CONNECTION_LIMITS as DEFAULT_CONNECTION_LIMITS,
    DEFAULT_MAX_RETRIES as DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT as DEFAULT_TIMEOUT,
    INITIAL_RETRY_DELAY as INITIAL_RETRY_DELAY,
    MAX_RETRY_AFTER_DELAY as MAX_RETRY_AFTER_DELAY,
    MAX_RETRY_DELAY as MAX_RETRY_DELAY,
)
from ._errors import (
    APIConnectionError as APIConnectionError,
    APIError as APIError,
    APIResponseValidationError as APIResponseValidationError,
    APIStatusError as APIStatusError,
    APIStreamDecodeError as APIStreamDecodeError,
    APIStreamError as APIStreamError,
    APIStreamTruncatedError as APIStreamTruncatedError,
    APIThrottledError as APIThrottledError,
    APITimeoutError as APITimeoutError,
    AuthenticationError as AuthenticationError,
    BadRequestError as BadRequestError,
    ClientStateError as ClientStateError,
    ConflictError as ConflictError,
    CrossOriginError as CrossOriginError,
    InternalServerError as InternalServerError,
    NotFoundError as NotFoundError,
    OperationError as OperationError,
    OperationFailedError as OperationFailedError,
    OperationTimeoutError as OperationTimeoutError,
    PaginationLoopError as PaginationLoopError,
    PermissionDeniedError as PermissionDeniedError,
    RateLimitError as RateLimitError,
    RequestTimeoutError as RequestTimeoutError,
    ResponseTooLargeError as ResponseTooLargeError,
    TokenError as TokenError,
    TrioAPIError as TrioAPIError,
    UnprocessableEntityError as UnprocessableEntityError,
)
from ._records import AttemptRecord as AttemptRecord, ValidationProblem as ValidationProblem
from ._types import MISSING as MISSING, NotGiven as NotGiven, Omit as Omit, not_given as not_given, omit as omit
from ._version import __version__ as __version__
from .auth import Token as Token
from .client import (
    APIResponse as APIResponse,
    AsyncAPIClient as AsyncAPIClient,
    AsyncAPIResource as AsyncAPIResource,
    AsyncAPIResponse as AsyncAPIResponse,
    AsyncCursorPage as AsyncCursorPage,
    AsyncItems as AsyncItems,
    AsyncLinkPage as AsyncLinkPage,
    AsyncNextURLPage as AsyncNextURLPage,
    AsyncOffsetPage as AsyncOffsetPage,
    AsyncOperation as AsyncOperation,
    AsyncPage as AsyncPage,
    AsyncPageNumberPage as AsyncPageNumberPage,
    AsyncPaginator as AsyncPaginator,
    AsyncStream as AsyncStream,
    AsyncTokenPage as AsyncTokenPage,
    BaseAsyncPage as BaseAsyncPage,
    BaseClient as BaseClient,
    BaseSyncPage as BaseSyncPage,
    ClientCredentials as ClientCredentials,
    Stream as Stream,
    SyncAPIClient as SyncAPIClient,
    SyncAPIResource as SyncAPIResource,
    SyncCursorPage as SyncCursorPage,
    SyncItems as SyncItems,
    SyncLinkPage as SyncLinkPage,
    SyncNextURLPage as SyncNextURLPage,
    SyncOffsetPage as SyncOffsetPage,
    SyncOperation as SyncOperation,
    SyncPage as SyncPage,
    SyncPageNumberPage as SyncPageNumberPage,
    SyncPaginator as SyncPaginator,
    SyncTokenPage as SyncTokenPage,
    fan_out as fan_out,
    to_raw_response as to_raw_response,
    to_streaming_response as to_streaming_response,
)
from .models import Extras as Extras, wire as wire
from .operations import PollPolicy as PollPolicy
from .pages import BasePage as BasePage, PageInfo as PageInfo
from .redis import RedisRateLimitStore as RedisRateLimitStore
from .request import (
    FinalRequestOptions as FinalRequestOptions,
    Querystring as Querystring,
    RequestOptions as RequestOptions,
    make_request_options as make_request_options,
    path_template as path_template,
)
from .resilience import (
    AdaptiveConcurrency as AdaptiveConcurrency,
    ClientStatistics as ClientStatistics,
    CoolDown as CoolDown,
    Hedge as Hedge,
    OriginStatistics as OriginStatistics,
    QuotaHeaders as QuotaHeaders,
    RateClaim as RateClaim,
    RateLimit as RateLimit,
    RateLimitStore as RateLimitStore,
    RetryBudget as RetryBudget,
    Throttling as Throttling,
)
from .responses import Revalidation as Revalidation
from .retry import RetryPolicy as RetryPolicy
from .streaming import (
    JSONLDecoder as JSONLDecoder,
    ServerSentEvent as ServerSentEvent,
    SSEDecoder as SSEDecoder,
    StreamDialect as StreamDialect,
)
from .transport import (
    BearerAuth as BearerAuth,
    DefaultAsyncHttpxClient as DefaultAsyncHttpxClient,
    DefaultHttpxClient as DefaultHttpxClient,
    DefaultTrioHttpxClient as DefaultTrioHttpxClient,
)
