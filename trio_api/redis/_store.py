"""A rate limit that processes share: its count is kept by a Redis or Valkey server."""

from __future__ import annotations

import contextlib
import math
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, final

import trio

from .._checks import check_choice, check_period
from .._errors import APIConnectionError, ClientStateError
from .._logging import log_store_failure
from ..resilience import RateClaim
from ..transport import HiddenNursery
from ._scripts import CORRECT, MICROSECONDS, TAKE, arguments_of, keys_of

if TYPE_CHECKING:
    from typing import Self

    from coredis import Redis

__all__ = ["RedisRateLimitStore"]

_SCHEMES: Final = ("redis://", "rediss://", "unix://")


def _client(redis: str | Redis[Any], timeout: float) -> Redis[Any]:
    try:
        import coredis
    except ImportError as error:
        raise ImportError("RedisRateLimitStore needs coredis: pip install 'trio-api[redis]'") from error
    if isinstance(redis, str):
        if redis.startswith(_SCHEMES):
            with contextlib.suppress(ValueError):  # which quotes the part that it does not like, of a password too
                # An answer that nobody waits for any more is awaited: it says whether there is something to give back.
                return coredis.Redis.from_url(redis, connect_timeout=timeout, stream_timeout=10 * timeout)
        raise ValueError(
            "redis is no URL that can be used: redis://user:password@host:6379/0, rediss:// or unix://; in a password "
            "what is special in a URL has to be quoted"
        )
    if not isinstance(redis, coredis.Redis):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"redis must be a URL (redis://..., unix://...) or a coredis.Redis, got {type(redis).__name__}")
    return redis


@final
class _Job:
    """A script that a task of the store runs, so that whoever waits for it can be cancelled at any time."""

    __slots__ = ("error", "is_abandoned", "is_done", "result")

    def __init__(self) -> None:
        self.is_done: Final = trio.Event()
        self.is_abandoned: bool = False
        """Whether nobody waits for it any more."""
        self.result: int | None = None
        """What the script gave."""
        self.error: Exception | None = None
        """Why it gave nothing."""


@final
class RedisRateLimitStore:
    """Keeps the count of rate limits for all processes and machines that use one Redis or Valkey server.

    ``async with RedisRateLimitStore("redis://localhost") as store:``, around the clients that have it as
    ``rate_limit_store``. Whoever uses the same prefix, origin and name of a limit shares its quota. In any window, by
    the server's clock, no more is taken than the quota: a sliding-window log and the generic cell rate algorithm, as
    `RateLimit` has them, in one script that is atomic.

    A client asks for one attempt at a time, so it gets no more a second than there are round trips to the server. Among
    processes nobody is first: each lets its own tasks go in the order of coming.

    Needs the extra ``redis``, for coredis. If the server forgets (a restart without its data) the count begins anew.

    Args:
        redis: Where the server is: ``redis://``, ``rediss://`` or ``unix://``; or a client, open or not, whose own
            timeouts bound how long a request that nobody waits for is left to itself.
        prefix: What all keys begin with.
        on_failure: What happens while the server can't be asked: ``"open"``, each client goes on by its own count, and
            keeps to the limits by itself; ``"closed"``, nothing is sent, and calls fail with `APIConnectionError`.
        timeout: Seconds to wait for an answer; and how long it is not asked again after a failure.

    Raises:
        ImportError: coredis is not installed.
        TypeError, ValueError: An argument is none that there may be.
    """

    def __init__(
        self,
        redis: str | Redis[Any],
        *,
        prefix: str = "trio_api:",
        on_failure: Literal["open", "closed"] = "open",
        timeout: float = 1.0,
    ) -> None:
        check_choice("on_failure", on_failure, ("open", "closed"))
        check_period("timeout", timeout)
        self._redis: Final = _client(redis, timeout)
        self._prefix: Final = prefix
        self._policy: Final = on_failure
        self._timeout: Final = timeout
        self._take: Final[Any] = self._redis.register_script(TAKE)
        self._correct: Final[Any] = self._redis.register_script(CORRECT)
        self._hidden: Final = HiddenNursery()
        self._nursery: trio.Nursery | None = None
        self._not_before = -math.inf  # when the server is asked again, after a failure
        self._is_down = False  # whether that was told

    async def __aenter__(self) -> Self:
        """Open the connections; the server need not be there yet.

        Raises:
            ClientStateError: It is open already.
        """
        if self._nursery is not None:
            raise ClientStateError("this RedisRateLimitStore is open already")
        nursery = await self._hidden.__aenter__()
        try:
            await nursery.start(self._stay_open)
        except BaseException as error:
            await self._hidden.__aexit__(type(error), error, error.__traceback__)  # noqa: ASYNC102  # its tasks are cancelled
            raise
        self._nursery = nursery
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Close them."""
        self._nursery = None
        return await self._hidden.__aexit__(kind, error, traceback)  # noqa: ASYNC102  # its tasks are cancelled

    async def take(self, claim: RateClaim) -> float:
        """Take what *claim* costs out of all its limits, or out of none; cancelled, it takes nothing.

        Returns:
            0 if it was taken; else the seconds after which to ask again.

        Raises:
            APIConnectionError: The server can't be asked, and the policy is ``"closed"``.
            ClientStateError: The store is not open.
        """
        if self._nursery is None:
            raise ClientStateError(
                "this RedisRateLimitStore is not open. Use it inside its block:\n"
                "    async with (\n"
                "        RedisRateLimitStore(...) as store,\n"
                "        AsyncAPIClient(rate_limit_store=store, ...) as client,\n"
                "    ):"
            )
        if trio.current_time() < self._not_before:
            await trio.lowlevel.checkpoint()
            return self._without(None)
        job = _Job()
        self._nursery.start_soon(self._run_take, job, claim)
        try:
            with trio.move_on_after(self._timeout):
                await job.is_done.wait()
        except trio.Cancelled:
            self._abandon(job, claim)
            raise
        if job.result is not None:
            self._is_down = False
            return job.result / MICROSECONDS
        self._not_before = trio.current_time() + self._timeout
        if self._policy == "closed":
            self._abandon(job, claim)
        return self._without(job.error)

    async def correct(self, claim: RateClaim, costs: tuple[float, ...]) -> None:
        """Count *costs* for a claim that was taken, in place of its own. It raises nothing where that fails."""
        if self._nursery is None or trio.current_time() < self._not_before:
            await trio.lowlevel.checkpoint()
            return
        job = _Job()
        self._nursery.start_soon(self._run, job, self._correct, claim, costs)
        with trio.move_on_after(self._timeout):
            await job.is_done.wait()

    async def _stay_open(self, *, task_status: trio.TaskStatus[None]) -> None:  # noqa: ASYNC114  # its own nursery's
        # In a task of its own: what comes out of coredis's block is a group of exceptions, whatever goes in.
        async with self._redis.connection_pool:  # which may be open already
            task_status.started()
            await trio.sleep_forever()

    async def _run(  # noqa: ASYNC910  # the script does checkpoint
        self, job: _Job, script: Any, claim: RateClaim, costs: tuple[float, ...]
    ) -> None:
        try:
            job.result = int(await script(keys_of(self._prefix, claim), arguments_of(claim, costs)))
        except Exception as error:  # coredis's, anyio's or the system's: whatever it is, the policy decides
            job.error = error
        finally:
            job.is_done.set()

    async def _run_take(self, job: _Job, claim: RateClaim) -> None:
        await self._run(job, self._take, claim, claim.costs)
        if job.is_abandoned:
            await self._give_back(job, claim)

    async def _give_back(self, job: _Job, claim: RateClaim) -> None:  # noqa: ASYNC910  # a task of its own
        if job.result == 0:
            await self._run(_Job(), self._correct, claim, (0.0,) * len(claim.costs))

    def _abandon(self, job: _Job, claim: RateClaim) -> None:
        """See to it that a claim that nobody waits for any more takes nothing."""
        job.is_abandoned = True
        if job.is_done.is_set() and self._nursery is not None:
            self._nursery.start_soon(self._give_back, job, claim)

    def _without(self, error: Exception | None) -> float:
        """What is answered where the server can't be asked."""
        if not self._is_down:
            self._is_down = True
            log_store_failure(error, self._policy)
        if self._policy == "open":
            return 0.0
        raise APIConnectionError("Not sent: the store of the rate limits does not answer", sent=False) from error
