"""How far a request is, and its cancellation at a certain point."""

from __future__ import annotations

from typing import Any, Final

import trio

__all__ = ["Phase"]


class Phase:
    """How far a request is, by what its transport traces or its sender says.

    Args:
        first: The phase that it begins in.
    """

    _NAMES: Final = {
        "connect_tcp": "connecting",
        "send_request_headers": "sending",
        "send_request_body": "sending",
        "receive_response_headers": "waiting",
    }

    def __init__(self, first: str) -> None:
        self.name = first
        self._scope = trio.CancelScope()
        self._target = ""
        self._patience = 0.0

    def cancel(self, scope: trio.CancelScope, target: str, patience: float) -> None:
        """Cancel *scope* so many seconds after the request came to the phase *target*."""
        self._scope, self._target, self._patience = scope, target, patience
        self.enter(self.name)

    def enter(self, name: str) -> None:
        """Be in another phase."""
        self.name = name
        if name == self._target:
            self._scope.deadline = trio.current_time() + self._patience

    async def trace(self, name: str, _: dict[str, Any]) -> None:
        """Take an event of the transport."""
        what, _, when = name.partition(".")[2].partition(".")
        if when == "started" and what in self._NAMES:
            self.enter(self._NAMES[what])
