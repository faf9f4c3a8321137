"""Uploads from disk take a bounded amount of memory, whatever the size of the file."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from support.raw_server import OK, RawServer, read_head

MIB = 1024 * 1024
SIZE = 64 * MIB  # bytes of a file without blocks on the disk; one of 1 GiB does the same in more time
GROWTH = 16 * MIB  # bytes that a process may grow by

CLIENT = textwrap.dedent("""
    import resource, sys
    from pathlib import Path
    import trio
    from trio_api import AsyncAPIClient, SyncAPIClient

    colour, how, url, small, large = sys.argv[1:]

    def upload(client, path):
        told = []
        given = {"files": {"f": Path(path)}} if how == "files" else {"content": Path(path)}
        return client.post("/x", cast_to=object, progress=lambda sent, total: told.append(sent), **given)

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    async def main():
        async with AsyncAPIClient(base_url=url, trust_env=False) as client:
            await upload(client, small)
            before = peak()
            await upload(client, large)
            print(peak() - before)

    if colour == "trio":
        trio.run(main)
    else:
        with SyncAPIClient(base_url=url, trust_env=False) as client:
            upload(client, small)
            before = peak()
            upload(client, large)
            print(peak() - before)
""")


@pytest.mark.parametrize("how", ["files", "content"])
@pytest.mark.parametrize("colour", ["trio", "blocking"])
def test_a_large_file_takes_little_memory(colour: str, how: str, tmp_path: Path) -> None:
    """Less than 16 MiB more than a small one."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x")
    with open(large, "wb") as file:
        file.truncate(SIZE)
    received: list[int] = []

    def take_all(connection: socket.socket) -> None:
        for _ in range(2):
            head, _, body = read_head(connection).partition(b"\r\n\r\n")
            length = next(
                int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")
            )
            count = len(body)
            while count < length:
                count += len(connection.recv(MIB))
            received.append(count)
            connection.sendall(OK)

    with RawServer(take_all) as server:
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, colour, how, server.url, small, large],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert received[1] >= SIZE
    assert int(done.stdout) < GROWTH
