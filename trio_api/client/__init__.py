"""The clients of both colours: the pure half, the thin drivers, the verbs, and pages that fetch pages."""

from __future__ import annotations

from ._base import BaseClient as BaseClient
from ._blocking import SyncAPIClient as SyncAPIClient
from ._resource import AsyncAPIResource as AsyncAPIResource
from ._resource import SyncAPIResource as SyncAPIResource
from ._responses_blocking import APIResponse as APIResponse
from ._responses_trio import AsyncAPIResponse as AsyncAPIResponse
from ._trio import AsyncAPIClient as AsyncAPIClient
