"""The clients of both colours: the pure half, the thin drivers, the verbs, and pages that fetch pages."""

from __future__ import annotations

from ._base import BaseClient as BaseClient
from ._blocking import SyncAPIClient as SyncAPIClient
from ._client_credentials import ClientCredentials as ClientCredentials
from ._fan_out import fan_out as fan_out
from ._items_blocking import SyncItems as SyncItems
from ._items_trio import AsyncItems as AsyncItems
from ._operation_blocking import SyncOperation as SyncOperation
from ._operation_trio import AsyncOperation as AsyncOperation
from ._pages_blocking import BaseSyncPage as BaseSyncPage, SyncPaginator as SyncPaginator
from ._pages_trio import AsyncPaginator as AsyncPaginator, BaseAsyncPage as BaseAsyncPage
from ._resource import AsyncAPIResource as AsyncAPIResource, SyncAPIResource as SyncAPIResource
from ._responses_blocking import APIResponse as APIResponse
from ._responses_trio import AsyncAPIResponse as AsyncAPIResponse
from ._shapes import (
    AsyncCursorPage as AsyncCursorPage,
    AsyncLinkPage as AsyncLinkPage,
    AsyncNextURLPage as AsyncNextURLPage,
    AsyncOffsetPage as AsyncOffsetPage,
    AsyncPage as AsyncPage,
    AsyncPageNumberPage as AsyncPageNumberPage,
    AsyncTokenPage as AsyncTokenPage,
    SyncCursorPage as SyncCursorPage,
    SyncLinkPage as SyncLinkPage,
    SyncNextURLPage as SyncNextURLPage,
    SyncOffsetPage as SyncOffsetPage,
    SyncPage as SyncPage,
    SyncPageNumberPage as SyncPageNumberPage,
    SyncTokenPage as SyncTokenPage,
)
from ._stream_blocking import Stream as Stream
from ._stream_trio import AsyncStream as AsyncStream
from ._trio import AsyncAPIClient as AsyncAPIClient
from ._views import to_raw_response as to_raw_response, to_streaming_response as to_streaming_response
