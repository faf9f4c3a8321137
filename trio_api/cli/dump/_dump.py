"""One dump from beginning to end: the crawl, what of it is written, and what a checkpoint then says."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Final, Protocol, final
from urllib.parse import parse_qsl

import attrs
import httpx
import trio

from ..._errors import APIResponseValidationError
from ..._types import not_given
from ...client import AsyncAPIClient
from ...models import NotJSON, loads
from ...request import FinalRequestOptions
from ..detection import FirstResponse, Shape, as_object, detect
from ._checkpoint import Checkpoint, CheckpointFile, Source
from ._job import Job
from ._output import FileOutput, Output, StreamOutput, partial_path
from ._page_class import SIDE_BY_SIDE, page_class
from ._raw_items import json_lines

__all__ = ["Dump", "Watcher"]

CHECKPOINT_SECONDS: Final = 0.5  # at most so much work is done again after a kill


class Watcher(Protocol):
    """What is told how far a dump is."""

    def began(self, shape: Shape, items: int) -> None:
        """The shape is known, and *items* were written by an earlier run."""

    def wrote(self, items: int) -> None:
        """So many items more were written."""


@final
class Dump:
    """A dump: open it with ``with``, run `crawl` under Trio, then `finish`.

    Whatever ends it, the checkpoint says at the end of the block how far the output goes.

    Args:
        job: What to do.
        watcher: What is told how far it is.

    Raises:
        OSError: A file can't be opened.
        ValueError: The job can't be done as it is described, or the checkpoint is of something else.
    """

    def __init__(self, job: Job, watcher: Watcher) -> None:
        self._job = job
        self._watcher = watcher
        job.hints.styles()
        self._client = AsyncAPIClient(
            base_url=job.base_url,
            custom_headers=job.headers,
            trusted_origins=job.trusted,
            max_retries=job.max_retries,
            timeout=job.timeout,
        )
        self._file = CheckpointFile(job.resume) if job.resume else None
        target = None if job.output is None else job.output.resolve()
        self._source = Source(job.list_url, job.method, job.data, None if target is None else str(target))
        self._written = self._file.load(self._source) if self._file else None
        self._saved = self._written
        self._output = self._open_output()

    @property
    def items(self) -> int:
        """How many items are written, with those of earlier runs."""
        return self._written.items if self._written else 0

    @property
    def pages(self) -> int:
        """How many pages are written, with those of earlier runs."""
        return self._written.pages if self._written else 0

    def _open_output(self) -> Output | None:
        target = self._job.output
        if target is None:
            return StreamOutput(sys.stdout.fileno())
        if target.exists() and not target.is_file():
            return StreamOutput(os.open(target, os.O_WRONLY))  # a device or a named pipe: there is nothing to rename
        if self._file is None:
            return FileOutput(target)
        partial = partial_path(target.resolve())
        if self._written and self._written.done and not partial.exists():
            return None  # it was killed between its last two steps: the output has its name already
        return FileOutput(target, partial, self._written.offset if self._written else None)

    def __enter__(self) -> Dump:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._save()
        finally:
            if self._output is not None:
                self._output.close(keep=self._file is not None)

    async def crawl(self) -> None:
        """Fetch what is not yet written, and write it.

        Raises:
            APIError: A call failed.
            OSError: The output can't be written.
            ValueError: The response is no page.
        """
        await trio.lowlevel.checkpoint()
        if self._written and self._written.done:
            return
        async with self._client as client:
            if self._written is None:
                shape = self._job.hints.shape() or await self._detect(client)
                self._written = Checkpoint(source=self._source, shape=shape)
            self._watcher.began(self._written.shape, self._written.items)
            await self._write_pages(client, self._written)

    async def _detect(self, client: AsyncAPIClient) -> Shape:
        job = self._job
        data = not_given if job.data is None else job.data
        response = await client.request(
            httpx.Response, FinalRequestOptions(method=job.method, url=job.list_url, json_data=data)
        )
        try:
            body = loads(response.content)
        except NotJSON as error:
            raise APIResponseValidationError(f"{job.list_url}: {error}", response=response) from None
        query = dict(parse_qsl(response.url.query.decode("ascii"), keep_blank_values=True))
        headers = {name.lower(): value for name, value in response.headers.items()}
        return detect(FirstResponse(headers=headers, body=body, sent={**query, **as_object(job.data)}), job.hints)

    async def _write_pages(self, client: AsyncAPIClient, written: Checkpoint) -> None:
        job, shape, output = self._job, written.shape, self._output
        assert output is not None
        paginator = client.get_api_list(
            job.list_url,
            model=object,
            page=page_class(shape, in_body=job.data is not None),
            method=job.method,
            body=not_given if job.data is None else job.data,
        )
        if written.place is not None:
            paginator = paginator.resume(written.place)
        crawl = paginator.fan_out(job.limit) if shape.style in SIDE_BY_SIDE else paginator.prefetch(job.ahead)
        saved_at = trio.current_time()
        async with crawl as items:
            async for page in items.pages():
                lines = json_lines(page.response.http_response.content, shape.items)
                if lines:
                    await output.write(b"\n".join(lines) + b"\n")
                self._written = attrs.evolve(
                    self._written or written,
                    offset=output.offset,
                    items=self.items + len(lines),
                    pages=self.pages + 1,
                    place=items.checkpoint(),
                )
                self._watcher.wrote(len(lines))
                if self._file is not None and trio.current_time() - saved_at >= CHECKPOINT_SECONDS:
                    await trio.to_thread.run_sync(self._save)
                    saved_at = trio.current_time()

    def finish(self) -> None:
        """All is written: give the output its name, and remove the checkpoint."""
        assert self._written is not None
        self._written = attrs.evolve(self._written, done=True, place=None)
        self._save()
        if self._output is not None:
            self._output.finish()
        if self._file is not None:
            self._file.remove()

    def _save(self) -> None:
        """Write the checkpoint, if there is one and it says something new; first the output that it speaks of."""
        if self._file is None or self._written is None or self._written == self._saved:
            return
        if self._output is not None:
            self._output.sync()
        self._file.save(self._written)
        self._saved = self._written
