"""Long-running operations on Trio: waits and asks, as their progress says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, final

import trio

from .._redact import sealed
from ..operations import Pending, PollPolicy, PollRules
from ._call import OptionsTypes
from ._driver_trio import TrioDriver
from ._operation import BaseOperation, begin
from ._responses_trio import AsyncAPIResponse

if TYPE_CHECKING:
    from typing import Self

    from typing_extensions import TypeForm

    from ..operations import OperationProgress

__all__ = ["AsyncOperation", "AsyncOperationStates", "AsyncOperations"]

T = TypeVar("T")


@final
class AsyncOperation(BaseOperation[T, TrioDriver]):
    """An operation that goes on at the server; ``await`` it for its result, iterate it for its states.

    Made by ``client.poll(...)`` only. Nothing runs in the background: it is asked after while somebody waits for it.
    A wait that failed, was cancelled or ran out of time can be begun again, and goes on. Any number of tasks may wait
    for one operation; they take turns to ask.
    """

    def __init__(self, client: TrioDriver, progress: OperationProgress[T], cast_to: Any) -> None:
        super().__init__(client, progress, cast_to)
        self._turn = trio.Lock()

    def __await__(self) -> Generator[Any, Any, T]:
        return self.result().__await__()

    @sealed
    async def result(self) -> T:
        """Wait until the operation is over, and give its last value; the same each time.

        Raises:
            OperationFailedError: It failed.
            OperationTimeoutError: The next poll would come after the end of the ``timeout``, or after the deadline of
                the scope that this runs in; or the server asks for more patience than the policy has.
            APIError: A poll failed.
        """
        async for _ in self:
            pass
        return self._progress.result()

    def __aiter__(self) -> AsyncOperationStates[T]:
        """An iterator over the values of the answers as they come; the last is the result."""
        return AsyncOperationStates(self._step, self._progress)

    async def _step(self, ends: float) -> tuple[T | Pending, bool]:
        """Wait for the next answer: its value, and whether that is the last one."""
        progress = self._progress
        await trio.lowlevel.checkpoint()  # else a cancellation would look like a deadline
        if not progress.is_over:
            seen = progress.polls
            if wait := progress.wait(trio.current_time(), min(ends, trio.current_effective_deadline())):
                await self._client._wait(wait)  # pyright: ignore[reportPrivateUsage]  # of this room, as all below
            with trio.CancelScope(deadline=ends) as scope:
                async with self._turn:
                    if progress.polls == seen:  # else another task asked in the meantime
                        await self._ask()
            if scope.cancelled_caught:
                raise progress.cut_off()
        return progress.state(), progress.is_over

    async def _ask(self) -> None:
        client = self._client
        call = client._new_call(self._progress.options)  # pyright: ignore[reportPrivateUsage]
        reply = await client._send(call)  # pyright: ignore[reportPrivateUsage]
        if self._progress.answered(reply, trio.current_time()):
            self._progress.judge(client._result(reply, call, self._cast_to, AsyncAPIResponse))  # pyright: ignore[reportPrivateUsage]


@final
class AsyncOperationStates(Generic[T]):
    """The values of an operation's answers, each asked for when it is due. No generator: it may be abandoned."""

    def __init__(
        self, step: Callable[[float], Awaitable[tuple[T | Pending, bool]]], progress: OperationProgress[T]
    ) -> None:
        self._step = step
        self._progress = progress
        self._ends: float | None = None
        self._was_last = False

    def __aiter__(self) -> Self:
        return self

    @sealed
    async def __anext__(self) -> T:
        """The next value.

        Raises:
            TrioAPIError: As from ``result()``; the iteration can be gone on with.
        """
        if self._was_last:
            await trio.lowlevel.checkpoint()
            raise StopAsyncIteration
        if self._ends is None:
            self._ends = self._progress.ends(trio.current_time())
        while True:
            value, self._was_last = await self._step(self._ends)
            if not isinstance(value, Pending):
                return value


class AsyncOperations(TrioDriver):
    """The verb that describes an operation."""

    @sealed
    def poll(
        self,
        place: str | AsyncAPIResponse[Any] | Mapping[str, Any],
        *,
        cast_to: TypeForm[T],
        until: Callable[[T], object] | None = None,
        failed: Callable[[T], object] | None = None,
        policy: PollPolicy | None = None,
        timeout: float | None = None,
        options: OptionsTypes | None = None,
    ) -> AsyncOperation[T]:
        """Describe an operation that takes its time at the server; nothing is sent yet.

        ::

            job = await client.poll("/jobs/17", cast_to=Job, until=lambda job: job.status != "running")

        Args:
            place: Where to ask, by GET: a path; the response that began the operation, whose ``Operation-Location``,
                ``Azure-AsyncOperation`` or ``Location`` says where; or a token of an operation's ``token()``.
            cast_to: What each answer is built into.
            until: Whether a value is the last one, a plain function. Default: the first answer that is no 202 is the
                last (RFC 9110, section 15.3.3), and those before it are not built.
            failed: Whether a value says that the operation failed, a plain function; asked before *until*.
            policy: How long to wait between polls. Default: ``PollPolicy()``.
            timeout: Seconds that each wait for the result, or each iteration, may take in all. Default: no bound but
                the scope's that it runs in.
            options: What each poll overrides; each is a call of its own, with its own retries.

        Returns:
            The operation: ``await`` it for its result, iterate it for its values as they come.

        Raises:
            TypeError, ValueError: It can't be made as it is described; of a token, the message names the field.
            APIResponseValidationError: The response does not say where to ask.
            CrossOriginError: The response or the token leads to an origin that is not trusted.
        """
        rules = PollRules.checked(until=until, failed=failed, policy=policy, timeout=timeout)
        return AsyncOperation[T](self, begin(self, place, options, rules), cast_to)
