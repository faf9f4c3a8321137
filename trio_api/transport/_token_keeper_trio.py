"""One token for the tasks of one run of Trio: one fetch at a time, whoever waits for it and whoever is cancelled.

Where there is a nursery, fetches run in it, and the next one ahead of need. Where there is none, the first who needs
a token fetches it in its own task; if it is cancelled, the next in line takes over.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, final

import trio

from .._logging import log_token_failure
from ..auth import Standing, Token, TokenLife, as_token
from ._fetching import check_not_fetching, fetching

__all__ = ["TrioTokenKeeper"]


@final
class _Fetch:
    """A fetch under way, and what came of it. Cancelled, nothing did."""

    def __init__(self) -> None:
        self.is_over: Final = trio.Event()
        self.token: Token | None = None
        self.error: Exception | None = None
        self.traceback: TracebackType | None = None


@final
class TrioTokenKeeper:
    """Gives tasks the token to use.

    Args:
        provider: Gives another token.
        life: The life of its tokens.
    """

    def __init__(self, provider: Callable[[], object], life: TokenLife) -> None:
        self._provider: Final = provider
        self._life: Final = life
        self._homes: Final[list[trio.Nursery]] = []
        self._fetch: _Fetch | None = None
        self._change: Final = trio.lowlevel.ParkingLot()  # where the end of a fetch is waited for by `_keep_fresh`

    async def token(self) -> Token:
        """The token to use now.

        Raises:
            Exception: There is none, and the last fetch failed: with this.
            ClientStateError: The fetch that is under way asks for it.
        """
        while True:
            token = self.ready()
            if token is not None:
                return token  # noqa: ASYNC910  # the next one is seen to
            now, fetch = trio.current_time(), self._fetch
            if fetch is None:
                if self._life.is_left_off(now):
                    assert self._life.error is not None
                    raise self._life.error.with_traceback(None)
                fetch = self._fetch = _Fetch()
                if self._homes:
                    self._homes[-1].start_soon(self._run, fetch, name="trio_api: fetch a bearer token")
                else:
                    await self._run(fetch)
            else:
                check_not_fetching(self)
            await fetch.is_over.wait()
            if fetch.token is not None:
                return fetch.token
            if fetch.error is not None:
                token = self._life.look(trio.current_time()).token
                if token is not None:
                    return token
                raise fetch.error.with_traceback(fetch.traceback)

    def ready(self) -> Token | None:
        """The token to use now, where another is seen to or is not due; None where a caller has to see to one."""
        standing, token = self._life.look(trio.current_time())
        return token if standing is Standing.GOOD or self._homes or self._fetch is not None else None

    def rejected(self, token: Token) -> bool:
        """Take note of a 401; `TokenLife.rejected`."""
        return self._life.rejected(token, trio.current_time())

    def live_in(self, nursery: trio.Nursery) -> None:
        """Run fetches in *nursery* from now on."""
        nursery.start_soon(self._keep_fresh, nursery, name="trio_api: keep the bearer token fresh")
        self._homes.append(nursery)

    async def _run(self, fetch: _Fetch) -> None:  # noqa: ASYNC910  # `_asked` does checkpoint
        began = trio.current_time()
        try:
            with fetching(self):
                token = as_token(await _asked(self._provider))
            self._life.fetched(token, began, trio.current_time(), time.time())
            fetch.token = token
        except Exception as error:  # it is raised in those who wait; in the background it is only left off
            fetch.error, fetch.traceback = error, error.__traceback__
            log_token_failure(error, self._life.failed(error, trio.current_time()))
        finally:
            self._fetch = None
            fetch.is_over.set()
            self._change.unpark_all()
            del fetch  # its error's traceback has this frame

    async def _keep_fresh(self, nursery: trio.Nursery) -> None:  # noqa: ASYNC910  # it never ends but by being cancelled
        try:
            while True:
                if self._fetch is not None:
                    await self._fetch.is_over.wait()
                elif self._life.next_fetch <= trio.current_time():
                    self._fetch = fetch = _Fetch()
                    await self._run(fetch)
                else:
                    with trio.move_on_at(self._life.next_fetch):
                        await self._change.park()
        finally:
            self._homes.remove(nursery)


async def _asked(provider: Callable[[], object]) -> object:
    given = provider()
    if not inspect.isawaitable(given):
        raise TypeError(
            "token must be an async function for Trio; for one that blocks, give an async one that awaits "
            "trio.to_thread.run_sync(function)"
        )
    given = await given
    await trio.lowlevel.checkpoint()  # a provider that waits for nothing
    return given
