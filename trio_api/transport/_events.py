"""The events of httpcore, for who asked for them by the extension ``trace``; the names are httpcore's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast, final

import httpx

from ._failures import Trace

__all__ = ["Events", "events_for"]

T = TypeVar("T")


@final
class Events:
    """Tells *trace* what begins, and how it ends.

    Args:
        trace: The caller's ``async def trace(name, info)``.
    """

    def __init__(self, trace: Callable[[str, dict[str, Any]], Awaitable[None]]) -> None:
        self._trace: Final = trace

    async def around(self, step: Callable[[], Awaitable[T]], name: str, **info: Any) -> T:
        """Take a *step* and tell of it as *name*."""
        await self._trace(f"{name}.started", info)
        try:
            result = await step()
        except BaseException as error:
            # Tells of a cancellation too; what the caller awaits there is cancelled at once, as with httpcore.
            await self._trace(f"{name}.failed", {"exception": error})  # noqa: ASYNC102
            raise
        await self._trace(f"{name}.complete", {"return_value": result})
        return result


def events_for(request: httpx.Request) -> Events | None:
    """Whom to tell about *request*; nobody where the trace is this library's own, which is told only of failures."""
    trace = request.extensions.get("trace")
    if trace is None or isinstance(getattr(trace, "__self__", None), Trace):
        return None
    return Events(cast("Callable[[str, dict[str, Any]], Awaitable[None]]", trace))
