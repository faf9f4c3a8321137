"""A download on Trio, cancelled at every checkpoint: no connection, no task, no file is left, and nothing blocks."""

from __future__ import annotations

import hashlib
import math
import os
import random
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
import trio.testing

from support.cancelling import cancel_everywhere
from trio_api import APIConnectionError, AsyncAPIClient, RetryPolicy

CONTENT = random.Random(3).randbytes(300)
SHA = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Body(httpx.AsyncByteStream):
    """Comes in pieces of 100 bytes, breaks after *cut* bytes, and is counted while it is open."""

    open_now = 0

    def __init__(self, content: bytes, cut: int | None = None) -> None:
        self._content = content
        self._cut = len(content) if cut is None else cut
        Body.open_now += 1
        self._is_open = True

    async def __aiter__(self) -> Any:
        for start in range(0, self._cut, 100):
            await trio.lowlevel.checkpoint()
            yield self._content[start : min(start + 100, self._cut)]
        if self._cut < len(self._content):
            raise httpx.ReadError("cut")

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()
        if self._is_open:
            self._is_open = False
            Body.open_now -= 1


class Server(httpx.AsyncBaseTransport):
    """Serves `CONTENT`, cut after 150 bytes, and then what is asked for by ranges."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        headers = {"ETag": '"v1"'}
        if "Range" not in request.headers:
            return httpx.Response(200, headers={**headers, "Content-Length": "300"}, stream=Body(CONTENT, 150))
        start = int(request.headers["Range"][6:-1])
        headers |= {"Content-Range": f"bytes {start}-299/300", "Content-Length": str(300 - start)}
        return httpx.Response(206, headers=headers, stream=Body(CONTENT[start:]))


@pytest.mark.parametrize("resume", [False, True])
async def test_cancelled_anywhere_nothing_is_left(tmp_path: Path, resume: bool) -> None:
    """Under resume the part is left, its record beside it; the file itself only whole."""
    target = tmp_path / "f"

    async def work() -> None:
        try:
            async with client.with_streaming_response.get("/f", cast_to=bytes) as response:
                await response.stream_to_file(target, resume=resume, checksum=SHA)
        except APIConnectionError:
            # It is the end without resume; and where there is no time left to go on, it says more than a cancellation.
            assert not resume or trio.current_effective_deadline() == -math.inf

    async def after() -> None:
        await trio.testing.wait_all_tasks_blocked()
        assert Body.open_now == 0
        left = set(os.listdir(tmp_path))
        if "f" in left:
            assert target.read_bytes() == CONTENT
            assert left == {"f"}
        elif resume:
            assert left in (set(), {"f.part", "f.part.json"})
            kept.append(len(left))
        else:
            assert left == set()
        for name in left:
            (tmp_path / name).unlink()

    kept: list[int] = []
    async with (
        httpx.AsyncClient(transport=Server()) as http_client,
        AsyncAPIClient(
            base_url="https://api.example.com", http_client=http_client, retry=RetryPolicy(initial=0)
        ) as client,
    ):
        assert await cancel_everywhere(work, after) > 10
    assert resume is (2 in kept)


async def test_no_file_work_holds_the_loop_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes its time delays this download, and no other task."""
    threads: set[int] = set()

    def slow(fd: int, data: bytes) -> None:
        threads.add(threading.get_ident())
        time.sleep(0.02)
        os.write(fd, data)

    monkeypatch.setattr("trio_api.client._part_file.write_all", slow)
    async with (
        httpx.AsyncClient(transport=Server()) as http_client,
        AsyncAPIClient(
            base_url="https://api.example.com", http_client=http_client, retry=RetryPolicy(initial=0)
        ) as client,
        client.with_streaming_response.get("/f", cast_to=bytes) as response,
    ):
        await response.stream_to_file(tmp_path / "f", resume=True)
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert threading.get_ident() not in threads
