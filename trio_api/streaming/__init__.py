"""Event streams: push parsers (bytes in, events out) and what a dialect declares. No IO."""

from __future__ import annotations

from ._dialect import EventRole as EventRole, StreamDialect as StreamDialect
from ._event import ServerSentEvent as ServerSentEvent
from ._json_lines import JSONLDecoder as JSONLDecoder
from ._reader import EventReader as EventReader, NoEvent as NoEvent
from ._sse import SSEDecoder as SSEDecoder
