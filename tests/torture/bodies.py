"""Flows: bodies that are sent, read and stored piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import trio.lowlevel

from torture.flow import flow
from torture.service import CONTENT, ITEM, SHA
from trio_api import AsyncAPIClient


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(3):
        await trio.lowlevel.checkpoint()
        yield b"piece"


def upload_in(folder: Path, size: int) -> Path:
    path = folder / "upload"
    path.write_bytes(bytes(size))
    return path


@flow()
async def upload(client: AsyncAPIClient, folder: Path) -> None:
    path = upload_in(folder, 100_000)
    assert await client.post("/item", cast_to=object, content=path) == ITEM


@flow()
async def generated_upload(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.post("/item", cast_to=object, content=pieces()) == ITEM


@flow()
async def told_upload(client: AsyncAPIClient, folder: Path) -> None:
    told: list[int] = []

    def progress(sent: int, total: int | None) -> None:
        told.append(sent)

    assert await client.post("/item", cast_to=object, content=[b"piece", b"piece"], progress=progress) == ITEM
    assert told[-1] == 10


@flow()
async def multipart(client: AsyncAPIClient, folder: Path) -> None:
    path = upload_in(folder, 1000)
    assert await client.post("/item", cast_to=object, files={"f": path}) == ITEM


@flow()
async def read_later(client: AsyncAPIClient, folder: Path) -> None:
    async with client.with_streaming_response.get("/file", cast_to=bytes) as response:
        assert await response.read() == CONTENT
    async with client.with_streaming_response.get("/item", cast_to=object) as response:
        assert await response.text() == '{"id":1}'


@flow()
async def read_in_pieces(client: AsyncAPIClient, folder: Path) -> None:
    async with client.with_streaming_response.get("/file", cast_to=bytes) as response:
        assert b"".join([piece async for piece in response.iter_bytes()]) == CONTENT


@flow()
async def in_pieces_of_what_was_read(client: AsyncAPIClient, folder: Path) -> None:
    response = await client.with_raw_response.get("/file", cast_to=bytes)
    assert b"".join([piece async for piece in response.iter_bytes()]) == CONTENT


@flow()
async def left_unread(client: AsyncAPIClient, folder: Path) -> None:
    async with client.with_streaming_response.get("/file", cast_to=bytes) as response:
        assert response.status_code == 200


@flow()
async def download(client: AsyncAPIClient, folder: Path) -> None:
    target = folder / "download"
    async with client.with_streaming_response.get("/file", cast_to=bytes) as response:
        await response.stream_to_file(target, checksum=SHA)
    assert target.read_bytes() == CONTENT
    target.unlink()


@flow(needs_retries=True)
async def resumed_download(client: AsyncAPIClient, folder: Path) -> None:
    """The server breaks off in the middle."""
    target = folder / "resumed"
    async with client.with_streaming_response.get("/brittle_file", cast_to=bytes) as response:
        await response.stream_to_file(target, resume=True, checksum=SHA)
    assert target.read_bytes() == CONTENT
    target.unlink()
