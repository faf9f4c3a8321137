"""Long-running operations of the blocking client: waits and asks, as their progress says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, final

from .._errors import APITimeoutError
from .._redact import sealed
from ..operations import Pending, PollPolicy, PollRules
from ._call import OptionsTypes
from ._driver_blocking import BlockingDriver
from ._operation import BaseOperation, begin
from ._responses_blocking import APIResponse

if TYPE_CHECKING:
    from typing import Self

    from typing_extensions import TypeForm

    from ..operations import OperationProgress

__all__ = ["SyncOperation", "SyncOperationStates", "SyncOperations"]

T = TypeVar("T")


@final
class SyncOperation(BaseOperation[T, BlockingDriver]):
    """An operation that goes on at the server; ``result()`` waits for it, iterating gives its states.

    Made by ``client.poll(...)`` only. Nothing runs in the background: it is asked after while somebody waits for it.
    A wait that failed or ran out of time can be begun again, and goes on. Any number of threads may wait for
    one operation; they take turns to ask.
    """

    def __init__(self, client: BlockingDriver, progress: OperationProgress[T], cast_to: Any) -> None:
        super().__init__(client, progress, cast_to)
        self._turn = threading.Lock()

    @sealed
    def result(self) -> T:
        """Wait until the operation is over, and give its last value; the same each time.

        Raises:
            OperationFailedError: It failed.
            OperationTimeoutError: The next poll would come after the end of the ``timeout``, or the server asks for
                more patience than the policy has.
            APIError: A poll failed.
        """
        for _ in self:
            pass
        return self._progress.result()

    def __iter__(self) -> SyncOperationStates[T]:
        """An iterator over the values of the answers as they come; the last is the result."""
        return SyncOperationStates(self._step, self._progress)

    def _step(self, ends: float) -> tuple[T | Pending, bool]:
        """Wait for the next answer: its value, and whether that is the last one."""
        progress = self._progress
        if progress.is_over:
            return progress.state(), True
        seen = progress.polls
        if wait := progress.wait(time.monotonic(), ends):
            time.sleep(wait)
        left = max(ends - time.monotonic(), 0.0)
        if not self._turn.acquire(timeout=min(left, threading.TIMEOUT_MAX)):
            raise progress.cut_off()
        try:
            if progress.polls == seen:  # else another thread asked in the meantime
                self._ask(ends)
            return progress.state(), progress.is_over
        finally:
            self._turn.release()

    def _ask(self, ends: float) -> None:
        client, progress = self._client, self._progress
        options = progress.options_within(ends - time.monotonic(), client.total_timeout)
        call = client._new_call(options)  # pyright: ignore[reportPrivateUsage]  # of this room, as all below
        try:
            reply = client._send(call)  # pyright: ignore[reportPrivateUsage]
        except APITimeoutError as error:
            if progress.is_up(time.monotonic(), ends):
                raise progress.cut_off() from error
            raise
        if progress.answered(reply, time.monotonic()):
            progress.judge(client._result(reply, call, self._cast_to, APIResponse))  # pyright: ignore[reportPrivateUsage]


@final
class SyncOperationStates(Generic[T]):
    """The values of an operation's answers, each asked for when it is due. No generator: it may be abandoned."""

    def __init__(self, step: Callable[[float], tuple[T | Pending, bool]], progress: OperationProgress[T]) -> None:
        self._step = step
        self._progress = progress
        self._ends: float | None = None
        self._was_last = False

    def __iter__(self) -> Self:
        return self

    @sealed
    def __next__(self) -> T:
        """The next value.

        Raises:
            TrioAPIError: As from ``result()``; the iteration can be gone on with.
        """
        if self._was_last:
            raise StopIteration
        if self._ends is None:
            self._ends = self._progress.ends(time.monotonic())
        while True:
            value, self._was_last = self._step(self._ends)
            if not isinstance(value, Pending):
                return value


class SyncOperations(BlockingDriver):
    """The verb that describes an operation."""

    @sealed
    def poll(
        self,
        place: str | APIResponse[Any] | Mapping[str, Any],
        *,
        cast_to: TypeForm[T],
        until: Callable[[T], object] | None = None,
        failed: Callable[[T], object] | None = None,
        policy: PollPolicy | None = None,
        timeout: float | None = None,
        options: OptionsTypes | None = None,
    ) -> SyncOperation[T]:
        """Describe an operation that takes its time at the server; nothing is sent yet.

        ::

            job = client.poll("/jobs/17", cast_to=Job, until=lambda job: job.status != "running")

        Args:
            place: Where to ask, by GET: a path; the response that began the operation, whose ``Operation-Location``,
                ``Azure-AsyncOperation`` or ``Location`` says where; or a token of an operation's ``token()``.
            cast_to: What each answer is built into.
            until: Whether a value is the last one, a plain function. Default: the first answer that is no 202 is the
                last (RFC 9110, section 15.3.3), and those before it are not built.
            failed: Whether a value says that the operation failed, a plain function; asked before *until*.
            policy: How long to wait between polls. Default: ``PollPolicy()``.
            timeout: Seconds that each wait for the result, or each iteration, may take in all. Default: no bound.
            options: What each poll overrides; each is a call of its own, with its own retries.

        Returns:
            The operation: ``result()`` waits for its last value, iterating gives them as they come.

        Raises:
            TypeError, ValueError: It can't be made as it is described; of a token, the message names the field.
            APIResponseValidationError: The response does not say where to ask.
            CrossOriginError: The response or the token leads to an origin that is not trusted.
        """
        rules = PollRules.checked(until=until, failed=failed, policy=policy, timeout=timeout)
        return SyncOperation[T](self, begin(self, place, options, rules), cast_to)
