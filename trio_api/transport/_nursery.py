"""A nursery that its user does not see: what comes out of the block is what happened in the block.

For objects that are async context managers themselves and need tasks in the background. Their public promise is
that exceptions come out single, which a nursery does not give: it wraps everything in an exception group.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, cast, final

import trio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

__all__ = ["HiddenNursery"]


@final
class HiddenNursery:
    """A nursery whose tasks are cancelled when the block ends, and whose group never shows.

    - What the body raises comes out as it is: an `Exception`, `trio.Cancelled` of a scope around the block, a
      `KeyboardInterrupt`. It is not given to the nursery at all, so that nothing can wrap it.
    - A `trio.Cancelled` that the nursery's own scope sent into the body (since a task crashed) ends here, in the
      nursery's scope: let out, it would look for a scope that is gone.
    - A background task that crashes is an error of this library, since what it meets is passed on as values: it comes
      out as a `RuntimeError` caused by the nursery's group. If the body failed too, both come out in a group: two
      things truly failed. `KeyboardInterrupt` and `SystemExit` in a task come out as they are.

    No cancel scope is opened here: one opened in `__aenter__` would have to enclose the nursery, and one in
    `__aexit__` could not. To shield or bound the closing, set the shield or deadline of ``nursery.cancel_scope``.
    """

    __slots__ = ("_manager", "_nursery")

    def __init__(self) -> None:
        self._manager: AbstractAsyncContextManager[trio.Nursery] | None = None
        self._nursery: trio.Nursery | None = None

    @trio.lowlevel.enable_ki_protection
    async def __aenter__(self) -> trio.Nursery:
        """Open the nursery. Like `trio.open_nursery` it neither blocks nor checkpoints."""
        # True is the default of trio.run; given here, since an application may have changed that.
        self._manager = trio.open_nursery(strict_exception_groups=True)
        self._nursery = await self._manager.__aenter__()
        return self._nursery

    @trio.lowlevel.enable_ki_protection
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Cancel the tasks, wait until they are gone, and let out what happened."""
        assert self._manager is not None
        assert self._nursery is not None
        scope = self._nursery.cancel_scope
        # Until now only a crash can have cancelled the nursery. So without one a Cancelled is of a scope outside,
        # and it is safe to let the interpreter raise it again when the nursery is closed.
        crashed = scope.cancel_called
        kept = error if isinstance(error, Exception) or not crashed else None
        scope.cancel(reason="the block that owns the task was left")
        own = None if kept is error else error
        raised: BaseException | None = None
        try:
            # Not shielded, since the tasks are cancelled already: how long they take to go is bounded by their own
            # cleanup. It always lets other tasks run, even with nothing to wait for.
            await self._manager.__aexit__(None if own is None else type(own), own, None)  # noqa: ASYNC102
        except BaseExceptionGroup as group:
            raised = _what_comes_out(group, kept)
        finally:
            self._manager = self._nursery = None
        if raised is None:
            return kept is None and error is not None  # noqa: ASYNC910  # see above
        try:
            raise raised
        finally:
            del raised, kept, own, error, traceback  # the traceback and this frame must not keep each other alive


def _what_comes_out(group: BaseExceptionGroup[BaseException], kept: BaseException | None) -> BaseException | None:
    """What to raise for what the tasks raised; None to have *kept* raised again."""
    crashes = [leaf for leaf in _leaves(group) if not isinstance(leaf, trio.Cancelled)]
    native = next((leaf for leaf in crashes if not isinstance(leaf, Exception)), None)
    if native is not None:
        return native
    if not crashes:
        # The tasks were cancelled from outside while the block was being left. One Cancelled is enough.
        return next(_leaves(group)) if kept is None else None
    crash = RuntimeError("trio_api: a background task crashed; this is a bug of the library")
    crash.__cause__ = group
    if isinstance(kept, Exception):
        return ExceptionGroup("the block failed, and so did a background task", [kept, crash])
    return crash


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(inner)
    else:
        yield error
