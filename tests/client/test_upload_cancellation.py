"""An upload that is cancelled, wherever it stands, leaves no file, no connection and no permit behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import trio

from support.raw_server import OK, RawServer, read_head
from trio_api import AsyncAPIClient, Limits

SIZE = 400_000  # bytes: several reads, so several threads and writes
STEP = 0.0003  # seconds of the real clock, since threads and sockets keep no other
STEPS = 90  # an upload takes fewer


def serve(connection: socket.socket) -> None:
    """Take uploads, until the client goes."""
    while head := read_head(connection):
        top, _, body = head.partition(b"\r\n\r\n")
        length = next(int(line[16:]) for line in top.split(b"\r\n") if line.lower().startswith(b"content-length: "))
        count = len(body)
        while count < length:
            piece = connection.recv(65_536)
            if not piece:
                return
            count += len(piece)
        connection.sendall(OK)


def is_open(path: Path) -> bool:
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}") == str(path):
                return True
        except OSError:  # the descriptor of the listing itself
            continue
    return False


@pytest.mark.parametrize("how", ["files", "content"])
async def test_a_cancelled_upload_leaves_nothing(how: str, tmp_path: Path) -> None:
    """Cancelled earlier and later; the next call of the same client succeeds."""
    path = tmp_path / "large"
    path.write_bytes(bytes(SIZE))
    finished = 0
    with RawServer(*[serve] * 3 * STEPS) as server:
        async with AsyncAPIClient(
            base_url=server.url, trust_env=False, timeout=5, limits=Limits(max_connections=1)
        ) as client:
            for step in range(STEPS):
                finished += await upload(client, how, path, cancelled_after=step * STEP)
                assert not is_open(path)
            assert await upload(client, how, path, cancelled_after=5)
    assert finished < STEPS
    assert trio.to_thread.current_default_thread_limiter().borrowed_tokens == 0


async def upload(client: AsyncAPIClient, how: str, path: Path, *, cancelled_after: float) -> bool:
    """Whether an upload came to its end, before so many seconds were over."""
    done = False
    async with trio.open_nursery() as nursery:

        async def cancel() -> None:
            await trio.sleep(cancelled_after)
            nursery.cancel_scope.cancel()

        nursery.start_soon(cancel)
        if how == "files":
            await client.post("/x", cast_to=object, files={"f": path})
        else:
            await client.post("/x", cast_to=object, content=path)
        done = True
        nursery.cancel_scope.cancel()
    return done
