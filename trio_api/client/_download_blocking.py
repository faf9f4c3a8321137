"""Storing the body of a response in a file, in a thread; what is done is decided by `trio_api.responses.Download`."""

from __future__ import annotations

import math
import os
import time
from typing import Protocol, final

import attrs

from .._errors import APIConnectionError, APIStatusError
from .._records import Reply
from .._types import Progress
from ..request import FinalRequestOptions, merge_headers
from ..responses import Checksum, Download, Phase
from ..retry import RetryPolicy
from ._open_body_blocking import OpenBody
from ._part_file import PartFile
from ._pieces_blocking import KnownBody

__all__ = ["BlockingDownload", "Reopener"]


class Reopener(Protocol):
    """What a download asks of the client, to get more than came."""

    def _policy_for(self, options: FinalRequestOptions) -> RetryPolicy: ...
    def _open_again(self, options: FinalRequestOptions) -> tuple[Reply, OpenBody]: ...


@final
class BlockingDownload:
    """Stores one body.

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

    def save(self, path: str | os.PathLike[str], *, resume: bool, checksum: Checksum | None) -> None:
        """Store the body as *path*; see `APIResponse.stream_to_file`."""
        policy = self._client._policy_for(self._options)  # pyright: ignore[reportPrivateUsage]  # as `Reopener`
        part = PartFile(path, resume=resume)
        plan = Download(self._reply, policy=policy, resume=resume, found=part.found)
        try:
            while plan.phase is not Phase.DONE:
                if plan.phase is Phase.STORE:
                    self._store(plan, part)
                else:
                    self._ask(plan)
            self._tell(plan)
            if checksum is not None:  # what is on the disk counts
                plan.verify(checksum, part.digest(checksum.algorithm))
            part.finish()
        finally:
            part.close(keep=plan.is_worth_keeping)
            self._body.close()

    def _store(self, plan: Download, part: PartFile) -> None:
        """Store the body in hand, as far as it comes."""
        part.begin(plan.offset, plan.version)
        error: APIConnectionError | None
        while True:
            self._tell(plan)
            try:
                piece = self._body.receive()
            except APIConnectionError as failed:
                error = failed
                break
            if piece is None:
                error = plan.ended()
                break
            part.write(piece)
            plan.stored(len(piece))
        self._body.close()
        if error is not None:
            wait = plan.broke(error, self._deadline - time.monotonic())
            if wait is None:
                raise error
            time.sleep(wait)

    def _ask(self, plan: Download) -> None:
        """Make the call again, within what is left of its time."""
        self._body.close()
        left = self._deadline - time.monotonic()
        options = attrs.evolve(
            self._options,
            headers=merge_headers(self._options.headers, plan.headers),
            total_timeout=None if math.isinf(left) else max(left, 0.0),
        )
        try:
            reply, self._body = self._client._open_again(options)  # pyright: ignore[reportPrivateUsage]
        except APIStatusError as error:
            if not plan.refused(error.response):
                raise
        else:
            plan.answered(reply)

    def _tell(self, plan: Download) -> None:
        if self._progress is not None and self._told != (told := (plan.offset, plan.total)):
            self._told = told
            self._progress(*told)
