"""Bearer tokens for httpx: put on each request, fetched when they are due, replaced once when a server rejects one."""

from __future__ import annotations

import functools
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any, Final, NoReturn, final
from weakref import WeakKeyDictionary

import httpx
import trio

from .._checks import check_fraction, check_seconds
from ..auth import Token, TokenLife
from ..request import LazyRequest
from ..retry import RetryPolicy
from ._bodies import can_be_sent_again
from ._deadlines import DEADLINE
from ._token_keeper_blocking import BlockingTokenKeeper, is_only_for_trio
from ._token_keeper_trio import TrioTokenKeeper

__all__ = ["BearerAuth", "authorize", "check_blocking_auth"]

_BACKOFF: Final = RetryPolicy(initial=1.0, maximum=60.0)


@final
class BearerAuth(httpx.Auth):
    """Sends ``Authorization: Bearer <token>`` (RFC 6750), with a token that is fresh.

    Give it to a client as ``auth=``, or to any `httpx.AsyncClient` or `httpx.Client`. However many requests wait, one
    fetches; the others wait for it, each until it is cancelled itself. A token is used as long as it is good while the
    next one is fetched. In an `AsyncAPIClient` that is done ahead of need, in the client's own nursery; elsewhere by
    the first request that meets a token which is due.

    A fetch that fails is made again after a backoff. Until then the old token serves as long as it is good; when none
    is, requests fail at once with what the fetch failed with.

    A response of 401 to a token that is still the current one makes another be fetched, and the request is sent once
    more, if its body can be. It is the server's last word then.

    One object may serve many clients, which then share its token.

    Args:
        token: The token as text, which is never refreshed; or a function without arguments that gives one, as text or,
            so that it can be refreshed ahead of its end, as a `Token`. It is async for Trio, plain for blocking
            clients; `ClientCredentials` is for both. What it raises comes out of the call as it is.
        refresh_at: The part of a token's life, more than 0 and less than 1, after which the next one is fetched.
            Default: 0.8.
        leeway: The last seconds of a token's life in which it is not used any more; less, if the life is short.
            Default: 10.
        backoff: How long to leave off after fetches that failed; of the policy, ``backoff`` is used. Default: from 1
            to 60 seconds.

    Raises:
        TypeError, ValueError: An argument can't be what it is meant to be; the message does not show the token.
    """

    def __init__(
        self,
        token: str | Callable[[], str | Token | Awaitable[str | Token]],
        *,
        refresh_at: float = 0.8,
        leeway: float = 10.0,
        backoff: RetryPolicy = _BACKOFF,
    ) -> None:
        provider: Any = token
        if not isinstance(provider, str) and not callable(provider):
            raise TypeError(f"token must be a str or a function that gives one, got {type(provider).__name__}")
        policy: Any = backoff
        if not isinstance(policy, RetryPolicy):
            raise TypeError(f"backoff must be a RetryPolicy, got {policy!r}")
        if not 0 < check_fraction("refresh_at", refresh_at) < 1:
            raise ValueError(f"refresh_at must be a part of a token's life, between 0 and 1, got {refresh_at!r}")
        self._fixed: Final = Token(token) if isinstance(token, str) else None
        self._provider: Final[Any] = provider
        self._new_life: Final = functools.partial(
            TokenLife, refresh_at=refresh_at, leeway=check_seconds("leeway", leeway), backoff=backoff.backoff
        )
        self._is_only_for_trio: Final = self._fixed is None and is_only_for_trio(provider)
        self._blocking: Final = BlockingTokenKeeper(self._provider, self._new_life())
        # Each run of Trio has a clock, events and nurseries of its own.
        self._by_run: Final[WeakKeyDictionary[trio.lowlevel.TrioToken, TrioTokenKeeper]] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [redacted]>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} can't be pickled: it holds a token")

    def keep_fresh_in(self, nursery: trio.Nursery) -> None:
        """Fetch tokens in *nursery* from now on, the next one ahead of its predecessor's end.

        An `AsyncAPIClient` does so with the auth that it has when it is opened. The task ends when *nursery* is
        cancelled, and before that only with it; no failure of a fetch reaches the nursery.

        Args:
            nursery: It must be open, in the running Trio.
        """
        if self._fixed is None:
            self._keeper().live_in(nursery)

    # -- without a flow --------------------------------------------------------------------------------------

    def ready(self) -> Token | None:
        """The token to use now, where no request has to see to another one first; in Trio."""
        return self._fixed or self._keeper().ready()

    def rejected(self, response: httpx.Response, token: Token) -> bool:
        """Take note of how a server took *token*; whether the request may be sent again with another."""
        return self._fixed is None and _is_rejection(response, token) and self._keeper().rejected(token)

    # -- what httpx asks for ---------------------------------------------------------------------------------

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """As `httpx.Auth` has it."""
        if self._fixed is not None:
            authorize(request, self._fixed)
            yield request
            return
        check_blocking_auth(self)
        keeper, deadline = self._blocking, request.extensions.get(DEADLINE, math.inf)
        token = keeper.token(deadline)
        authorize(request, token)
        response = yield request
        if _is_rejection(response, token) and keeper.rejected(token, deadline):
            another = keeper.token(deadline)
            if another.value != token.value and can_be_sent_again(request):
                authorize(request, another)
                yield request

    # httpx asks for an async generator, drives it itself and closes it in a `finally`.
    async def async_auth_flow(  # noqa: ASYNC900, ASYNC911
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """As `httpx.Auth` has it."""
        if self._fixed is not None:
            authorize(request, self._fixed)
            yield request  # noqa: ASYNC911  # sending waits
            return  # noqa: ASYNC911
        keeper = self._keeper()
        token = await keeper.token()
        authorize(request, token)
        response = yield request
        if _is_rejection(response, token) and keeper.rejected(token):
            another = await keeper.token()
            if another.value != token.value and can_be_sent_again(request):
                authorize(request, another)
                yield request

    # -- tokens ----------------------------------------------------------------------------------------------

    def _keeper(self) -> TrioTokenKeeper:
        run = trio.lowlevel.current_trio_token()
        keeper = self._by_run.get(run)
        if keeper is None:
            keeper = self._by_run.setdefault(run, TrioTokenKeeper(self._provider, self._new_life()))
        return keeper


def check_blocking_auth(auth: object) -> None:
    """Refuse an auth that only Trio can wait for.

    Raises:
        TypeError: It is one.
    """
    if isinstance(auth, BearerAuth) and auth._is_only_for_trio:  # pyright: ignore[reportPrivateUsage]  # its own module
        raise TypeError(
            "token is an async function, which a blocking client can't await: give BearerAuth a plain one, or give it "
            "to an AsyncAPIClient"
        )


def authorize(request: httpx.Request, token: Token) -> None:
    """Put *token* on a request, in place of what it has."""
    value = _authorization(token)
    if not (isinstance(request, LazyRequest) and request.add_field(b"Authorization", value.encode("ascii"))):
        request.headers["Authorization"] = value


def _authorization(token: Token) -> str:
    return f"Bearer {token.value}"


def _is_rejection(response: httpx.Response, token: Token) -> bool:
    """Whether a server that was sent *token* did not accept it; one that a redirect led to may not have had it."""
    return response.status_code == 401 and response.request.headers.get("Authorization") == _authorization(token)
