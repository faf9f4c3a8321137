"""One event of a stream, in either format."""

from __future__ import annotations

from typing import Any

import attrs

from .._errors import APIStreamDecodeError
from ..models import NotJSON, loads

__all__ = ["ServerSentEvent"]


@attrs.define
class ServerSentEvent:
    """One event of a stream; a line of JSON Lines is an event with nothing but data."""

    event: str = "message"
    """Its type; ``message`` where the server gave none."""
    data: str = ""
    """Its data; several ``data:`` lines are joined by newlines."""
    id: str = ""
    """The last event id that the stream has given, here or before; empty where it gave none."""
    retry: int | None = None
    """The reconnection time, in milliseconds, that came with this event, or None."""

    def json(self) -> Any:
        """The data as plain JSON values.

        Raises:
            APIStreamDecodeError: The data is no JSON.
        """
        try:
            return loads(self.data.encode())
        except NotJSON as problem:
            raise APIStreamDecodeError(f"the data of an event {self.event!r} is {problem}", body=self.data) from None
