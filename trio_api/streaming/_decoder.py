"""What the decoders of both formats share: the bound on an event, and failures that wait for their turn."""

from __future__ import annotations

import abc
from typing import Final

from .._checks import check_bytes
from .._errors import APIStreamDecodeError
from ._event import ServerSentEvent
from ._lines import LineSplitter

__all__ = ["MAX_EVENT_BYTES", "EventDecoder"]

MAX_EVENT_BYTES: Final = 1024 * 1024  # bytes of one event; those of the large APIs are a thousandth of it


class EventDecoder(abc.ABC):
    """A push parser: bytes in, events out, in any split of the bytes.

    A failure is raised when the events before it were given: at once where a piece completed none, else by the
    next call. After it every call raises it again.
    """

    def __init__(self, *, cr_ends: bool, max_event_bytes: int) -> None:
        self._lines = LineSplitter(cr_ends=cr_ends)
        self._limit = check_bytes("max_event_bytes", max_event_bytes)
        self._failure: APIStreamDecodeError | None = None

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take in a piece of the stream.

        Returns:
            The events that it completed.

        Raises:
            APIStreamDecodeError: The stream is broken from here on; the events before were given already.
        """
        self._raise_failure()
        events: list[ServerSentEvent] = []
        self._decode(self._lines.feed(chunk), events)
        if not events:
            self._raise_failure()
        return events

    def finish(self) -> list[ServerSentEvent]:
        """Take in the end of the stream.

        Returns:
            The event that the end completed, in a list; most often there is none.

        Raises:
            APIStreamDecodeError: The stream is broken; the events before were given already.
        """
        self._raise_failure()
        events: list[ServerSentEvent] = []
        self._decode_end(self._lines.finish(), events)
        self._raise_failure()
        return events

    @abc.abstractmethod
    def _decode(self, lines: list[bytes], events: list[ServerSentEvent]) -> None:
        """Decode whole *lines* into *events*, or set the failure."""

    @abc.abstractmethod
    def _decode_end(self, line: bytes, events: list[ServerSentEvent]) -> None:
        """Decode the *line* that the end of the stream cut off."""

    def _fail(self, why: str) -> None:
        self._failure = APIStreamDecodeError(f"an event of the stream {why}")

    def _fail_too_large(self) -> None:
        self._fail(f"is larger than {self._limit} bytes")

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
