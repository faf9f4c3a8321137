"""Storing the body of a response in a file, on Trio; what is done is decided by `trio_api.responses.Download`."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, final

import attrs
import trio

from .._constants import CLEANUP_SECONDS
from .._errors import APIConnectionError, APIStatusError
from .._records import Reply
from .._types import Progress
from ..request import FinalRequestOptions, merge_headers
from ..responses import Checksum, Download, Phase
from ..retry import RetryPolicy
from ._open_body_trio import OpenBody
from ._part_file import PartFile
from ._pieces_trio import KnownBody

__all__ = ["Reopener", "TrioDownload"]

T = TypeVar("T")


class Reopener(Protocol):
    """What a download asks of the client, to get more than came."""

    def _policy_for(self, options: FinalRequestOptions) -> RetryPolicy: ...
    async def _open_again(self, options: FinalRequestOptions) -> tuple[Reply, OpenBody]: ...


@final
class TrioDownload:
    """Stores one body. Files are worked on in threads.

    Args:
        client: Whose response it is.
        options: The call that was made.
        reply: What it came to.
        body: Its body, of which nothing was read.
        progress: Told how many bytes are stored, and of how many.
    """

    def __init__(
        self,
        client: Reopener,
        options: FinalRequestOptions,
        reply: Reply,
        body: OpenBody | KnownBody,
        progress: Progress | None,
    ) -> None:
        self._client = client
        self._options = options
        self._reply = reply
        self._body = body
        self._progress = progress
        self._told: tuple[int, int | None] | None = None
        self._deadline = body.deadline if isinstance(body, OpenBody) else math.inf  # of this call and those after it

    async def save(self, path: str | os.PathLike[str], *, resume: bool, checksum: Checksum | None) -> None:
        """Store the body as *path*; see `AsyncAPIResponse.stream_to_file`."""
        policy = self._client._policy_for(self._options)  # pyright: ignore[reportPrivateUsage]  # as `Reopener`
        part = await _in_thread(PartFile, path, resume=resume)
        plan = Download(self._reply, policy=policy, resume=resume, found=part.found)
        try:
            while plan.phase is not Phase.DONE:
                if plan.phase is Phase.STORE:
                    await self._store(plan, part)
                else:
                    await self._ask(plan)
            self._tell(plan)
            if checksum is not None:  # what is on the disk counts; left behind, reading it harms nobody
                digest = await trio.to_thread.run_sync(part.digest, checksum.algorithm, abandon_on_cancel=True)
                plan.verify(checksum, digest)
            await _in_thread(part.finish)
        finally:
            keep = plan.is_worth_keeping
            with trio.move_on_after(CLEANUP_SECONDS, shield=True):
                await trio.to_thread.run_sync(functools.partial(part.close, keep=keep), abandon_on_cancel=True)
            await self._body.aclose()

    async def _store(self, plan: Download, part: PartFile) -> None:
        """Store the body in hand, as far as it comes."""
        await _in_thread(part.begin, plan.offset, plan.version)
        error: APIConnectionError | None
        while True:
            self._tell(plan)
            try:
                piece = await self._body.receive()
            except APIConnectionError as failed:
                error = failed
                break
            if piece is None:
                error = plan.ended()
                break
            await _in_thread(part.write, piece)
            plan.stored(len(piece))
        await self._body.aclose()
        if error is not None:
            deadline = min(self._deadline, trio.current_effective_deadline())
            wait = plan.broke(error, deadline - trio.current_time())
            if wait is None:
                raise error
            await trio.sleep(wait)

    async def _ask(self, plan: Download) -> None:
        """Make the call again, within what is left of its time."""
        await self._body.aclose()
        left = self._deadline - trio.current_time()
        options = attrs.evolve(
            self._options,
            headers=merge_headers(self._options.headers, plan.headers),
            total_timeout=None if math.isinf(left) else max(left, 0.0),
        )
        try:
            reply, self._body = await self._client._open_again(options)  # pyright: ignore[reportPrivateUsage]
        except APIStatusError as error:
            if not plan.refused(error.response):
                raise
        else:
            plan.answered(reply)

    def _tell(self, plan: Download) -> None:
        if self._progress is not None and self._told != (told := (plan.offset, plan.total)):
            self._told = told
            self._progress(*told)


async def _in_thread(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call *function* in a thread, and see it out: what it opens or writes is known afterwards."""
    return await trio.to_thread.run_sync(functools.partial(function, *args, **kwargs))
