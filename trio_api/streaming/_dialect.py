"""How a stream speaks: which format, what ends it, which events are errors and which carry nothing."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, final

import attrs

from .._checks import bytes_field
from .._media_types import essence_of
from ._decoder import MAX_EVENT_BYTES
from ._event import ServerSentEvent
from ._json_lines import JSONLDecoder
from ._sse import SSEDecoder

__all__ = ["EventRole", "StreamDialect"]

Decoder: TypeAlias = "SSEDecoder | JSONLDecoder"

_EVENT_STREAM: Final = "text/event-stream"
_JSON_LINES_TYPES: Final = frozenset(
    {"application/jsonl", "application/x-ndjson", "application/x-jsonl", "application/ndjson"}
)


@final
class EventRole(enum.Enum):
    """What an event is to its stream."""

    CONTENT = "content"
    """It is delivered."""
    IGNORED = "ignored"
    """It keeps the connection alive, and is no content."""
    ERROR = "error"
    """The server's error: it is raised."""
    LAST = "last"
    """The terminal event, which is delivered: a named one."""
    END = "end"
    """The terminal event, which is not delivered: a sentinel in the data."""


def _names(value: Iterable[str]) -> frozenset[str]:
    if isinstance(value, str):
        raise TypeError(f"event names must be a collection of str, such as ({value!r},), got a str")
    return frozenset(value)


@attrs.frozen(kw_only=True)
class StreamDialect:
    """How a stream speaks. Make one by `sse` or `json_lines`."""

    format: Literal["sse", "json_lines"]
    """Server-sent events, or JSON Lines."""
    done_data: str | None = None
    """The data of the terminal event, such as ``[DONE]``; it is not delivered."""
    done_events: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    """The types of terminal events, such as ``message_stop``; they are delivered."""
    error_events: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    """The types of events that are errors."""
    ignore_events: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    """The types of events that carry no content."""
    max_event_bytes: int = attrs.field(default=MAX_EVENT_BYTES, validator=bytes_field)
    """The most bytes that one event may have."""

    @classmethod
    def sse(
        cls,
        *,
        done_data: str | None = None,
        done_events: Iterable[str] = (),
        error_events: Iterable[str] = ("error",),
        ignore_events: Iterable[str] = ("ping",),
        max_event_bytes: int = MAX_EVENT_BYTES,
    ) -> StreamDialect:
        """Server-sent events.

        Where neither *done_data* nor *done_events* is given, the stream ends with its connection.

        Args:
            done_data: The data that says that the stream is complete, such as ``"[DONE]"``; it is not delivered.
            done_events: The types of events that say so, such as ``"message_stop"``; they are delivered.
            error_events: The types of events that are raised as `APIStreamError`.
            ignore_events: The types of events that are passed over.
            max_event_bytes: The most bytes that one event may have.
        """
        return cls(
            format="sse",
            done_data=done_data,
            done_events=done_events,
            error_events=error_events,
            ignore_events=ignore_events,
            max_event_bytes=max_event_bytes,
        )

    @classmethod
    def json_lines(cls, *, max_event_bytes: int = MAX_EVENT_BYTES) -> StreamDialect:
        """JSON Lines: each line a value; the stream ends with its connection.

        Args:
            max_event_bytes: The most bytes that one line may have.
        """
        return cls(format="json_lines", max_event_bytes=max_event_bytes)

    @classmethod
    def for_content_type(cls, content_type: str) -> StreamDialect:
        """The dialect of a response that names none: JSON Lines by its types, else plain server-sent events."""
        return cls.json_lines() if essence_of(content_type) in _JSON_LINES_TYPES else cls.sse()

    @property
    def accept(self) -> str:
        """The ``Accept`` header that asks for a stream of this dialect."""
        return _EVENT_STREAM if self.format == "sse" else "application/jsonl"

    @property
    def declares_end(self) -> bool:
        """Whether a complete stream has a terminal event, so that one without it was cut off."""
        return self.done_data is not None or bool(self.done_events)

    def reads(self, content_type: str, *, strict: bool) -> bool:
        """Whether a body of this type can be a stream of this dialect.

        Labels are often wrong, so anything passes but what would silently be a stream without events: a JSON or
        HTML page read as server-sent events. Where *strict*, only the types of the format pass.
        """
        essence = essence_of(content_type)
        if self.format == "json_lines":
            return not strict or essence in _JSON_LINES_TYPES or essence == "application/json"
        return essence == _EVENT_STREAM or not (strict or essence.endswith("json") or essence == "text/html")

    def decoder(self, *, last_event_id: str = "") -> Decoder:
        """A decoder for a stream of this dialect, which may go on where another broke off."""
        if self.format == "sse":
            return SSEDecoder(max_event_bytes=self.max_event_bytes, last_event_id=last_event_id)
        return JSONLDecoder(max_event_bytes=self.max_event_bytes)

    def role(self, event: ServerSentEvent) -> EventRole:
        """What *event* is to a stream of this dialect."""
        if event.data == self.done_data:
            return EventRole.END
        if event.event in self.done_events:
            return EventRole.LAST
        if event.event in self.error_events:
            return EventRole.ERROR
        return EventRole.IGNORED if event.event in self.ignore_events else EventRole.CONTENT
