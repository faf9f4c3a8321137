"""One token for the threads of a program: one of them fetches, the others wait for it, or use the old one."""

from __future__ import annotations

import inspect
import math
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Protocol, final, runtime_checkable

from .._logging import log_token_failure
from ..auth import Standing, Token, TokenLife, as_token
from ._deadlines import OutOfTime
from ._fetching import check_not_fetching, fetching

__all__ = ["BlockingTokenKeeper", "is_only_for_trio"]


@runtime_checkable
class _BothColours(Protocol):
    """An async provider that can be asked without an event loop too, and told how long that may take."""

    def fetch_blocking(self, within: float) -> object: ...


def is_only_for_trio(provider: Any) -> bool:
    """Whether *provider* is seen to be async without calling it, and there is no other way to ask it."""
    if isinstance(provider, _BothColours):
        return False
    return any(inspect.iscoroutinefunction(each) for each in (provider, type(provider).__call__))


@final
class BlockingTokenKeeper:
    """Gives threads the token to use.

    Args:
        provider: Gives another token.
        life: The life of its tokens.
    """

    def __init__(self, provider: Callable[[], object], life: TokenLife) -> None:
        self._provider: Final[Any] = provider
        self._life: Final = life
        self._lock: Final = threading.Lock()

    def token(self, deadline: float = math.inf) -> Token:
        """The token to use now.

        A plain function is not cut short at the *deadline*, as nothing of the application's is in a thread.

        Args:
            deadline: When to give up, by `time.monotonic`.

        Raises:
            Exception: There is none, and the last fetch failed: with this.
            ClientStateError: The fetch that is under way asks for it.
            OutOfTime: The deadline came first.
        """
        standing, token = self._life.look(time.monotonic())
        if token is not None and standing is Standing.GOOD:
            return token
        check_not_fetching(self)
        if not self._acquire(deadline if token is None else -math.inf):
            if token is None:
                raise OutOfTime
            return token  # another thread fetches the next
        try:
            now = time.monotonic()
            standing, token = self._life.look(now)
            if token is not None and standing is Standing.GOOD:
                return token  # another thread has just fetched it
            if token is None and self._life.error is not None and self._life.is_left_off(now):
                raise self._life.error.with_traceback(None)
            if now >= deadline:
                raise OutOfTime
            return self._fetched(token, now, deadline)
        finally:
            self._lock.release()

    def _acquire(self, deadline: float) -> bool:
        """Take the lock; whether it was free before the *deadline*."""
        while not self._lock.acquire(timeout=max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))):
            if time.monotonic() >= deadline:
                return False
        return True

    def rejected(self, token: Token, deadline: float = math.inf) -> bool:
        """Take note of a 401; `TokenLife.rejected`. Another thread's fetch is waited for until the *deadline*.

        Raises:
            OutOfTime: The deadline came first.
        """
        if not self._acquire(deadline):
            raise OutOfTime
        try:
            return self._life.rejected(token, time.monotonic())
        finally:
            self._lock.release()

    def _fetched(self, current: Token | None, began: float, deadline: float) -> Token:
        try:
            with fetching(self):
                token = as_token(_asked(self._provider, deadline - began))
        except Exception as error:
            now = time.monotonic()
            if isinstance(self._provider, _BothColours) and now >= deadline:
                raise OutOfTime from None  # it was cut short: that says nothing of the server, and the next begins anew
            log_token_failure(error, self._life.failed(error, now))
            current = self._life.look(now).token
            if current is None:
                raise
            return current
        self._life.fetched(token, began, time.monotonic(), time.time())
        return token


def _asked(provider: Any, within: float) -> object:
    given = provider.fetch_blocking(within) if isinstance(provider, _BothColours) else provider()
    if inspect.iscoroutine(given):  # of a function that does not look async, such as a lambda
        given.close()
        raise TypeError("token gives a coroutine, which a blocking client can't await; give a plain function")
    return given
