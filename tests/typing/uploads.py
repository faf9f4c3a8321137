"""What the type checkers make of uploads. Only they read this file (``tox -e typing``); nothing runs it."""

from __future__ import annotations

import io
from pathlib import Path

import attrs
import trio

from trio_api import AsyncAPIClient, Omit, SyncAPIClient


@attrs.frozen
class Meta:
    pages: int


def show(sent: int, total: int | None) -> None: ...


def measure(sent: float, total: float | None) -> float:
    return sent / (total or 1)


async def forms(client: AsyncAPIClient, path: Path, optional: Path | Omit, named: dict[str, Path]) -> None:
    nested: dict[str, list[dict[str, Path]]] = {"documents": [{"file": path}]}
    await client.post("/x", cast_to=int, files=nested, progress=show)
    await client.post("/x", cast_to=int, files={"a": b"x", "b": "text", "c": io.BytesIO(), "d": optional, "e": None})
    await client.post("/x", cast_to=int, files={"documents": [{"file": path}], "a": iter([b"x"])}, progress=measure)
    await client.put("/x", cast_to=int, files={"m": (None, Meta(1), "application/json"), "n": ("n", path)})
    await client.patch("/x", cast_to=int, files={"n": ("n", b"", None, {"X-Id": "1"})}, body=Meta(1))
    await client.delete("/x", cast_to=int, files=named)
    pairs: list[tuple[str, Path]] = [("a", path), ("a", path)]
    await client.with_raw_response.post("/x", cast_to=int, files=pairs, progress=show)


async def raw_bodies(client: AsyncAPIClient, path: Path) -> None:
    await client.put("/x", cast_to=int, content=path)
    await client.put("/x", cast_to=int, content=trio.Path("x"))


def blocking(client: SyncAPIClient, path: Path) -> None:
    client.post("/x", cast_to=int, files={"documents": [{"file": path}]}, progress=show)
    client.put("/x", cast_to=int, content=path, progress=measure)
    with open(path, "rb") as file:
        client.put("/x", cast_to=int, content=file, progress=show)
        client.put("/x", cast_to=int, files={"f": file})
