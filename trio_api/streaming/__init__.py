"""Event streams: push parsers (bytes in, events out) and what a dialect declares. No IO."""

from __future__ import annotations

from ._dialect import EventRole as EventRole, StreamDialect as StreamDialect
from ._json_lines import JSONLDecoder as JSONLDecoder
from ._sse import ServerSentEvent as ServerSentEvent, SSEDecoder as SSEDecoder
