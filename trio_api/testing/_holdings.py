"""What a run of Trio has open at a moment, counted by what it is: tasks, sockets, files, threads, what clients hold."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, cast

import trio

from ..client import AsyncAPIClient

__all__ = ["all_at_rest", "holdings", "left_beyond"]

_DESCRIPTORS: Final = Path("/dev/fd")
_WATCH: Final = "Housekeeper._wait_for_close"  # a task that ends with its idle connection, whose socket is counted
_SETTLING: Final = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # seconds; the peer closes in them


def holdings(clients: Iterable[AsyncAPIClient]) -> Counter[str]:
    """What is open now.

    Args:
        clients: The open clients whose calls, permits and connections are counted.
    """
    found = Counter(f"task {task.name}" for task in _tasks() if not task.name.endswith(_WATCH))
    found.update(_descriptors())
    found["thread"] = int(trio.to_thread.current_default_thread_limiter().borrowed_tokens)
    for client in clients:
        held = cast("dict[str, int]", cast("Any", client)._held())
        found.update({f"{name} of the {type(client).__name__}": count for name, count in held.items()})
    return found


async def all_at_rest(seconds: float) -> None:
    """Wait until every task has been waiting for *seconds*."""
    from trio.testing import wait_all_tasks_blocked  # only now: trio.testing imports pytest where that is installed

    await wait_all_tasks_blocked(seconds)


async def left_beyond(allowed: Counter[str], look: Callable[[], Counter[str]]) -> Counter[str]:
    """What *look* finds beyond what is *allowed*, once everybody has come to rest, or had 2 seconds for it."""
    left: Counter[str] = Counter()
    for cushion in _SETTLING:
        with trio.move_on_after(1, shield=True):
            await all_at_rest(cushion)
        left = look() - allowed
        if not left:
            break
    return left  # noqa: ASYNC910


def _tasks() -> Iterator[trio.lowlevel.Task]:
    root = trio.lowlevel.current_root_task()
    pending = [] if root is None else [root]
    while pending:
        task = pending.pop()
        yield task
        for nursery in task.child_nurseries:
            pending.extend(nursery.child_tasks)


def _descriptors() -> Iterator[str]:
    """The open sockets and files of this process, where the system lists them."""
    try:
        names = os.listdir(_DESCRIPTORS)
    except OSError:  # pragma: no cover  # Windows
        return
    for name in names:
        try:
            target = os.readlink(_DESCRIPTORS / name)
        except OSError:  # that of the listing itself; or this system does not tell
            continue
        if target.startswith("socket:"):
            yield "socket"
        elif target.startswith("/") and not target.startswith(("/dev/", "/proc/")):
            yield f"file {target}"
