"""One typed call."""

from __future__ import annotations

import attrs
import trio

from trio_api import AsyncAPIClient, wire
from trio_api.cli.server import UnicodeAPI, serve


@attrs.frozen
class Character:
    id: str
    name: str
    category: str
    code_point: int = wire("codePoint")


async def main() -> None:
    async with (
        serve(UnicodeAPI()) as server,
        AsyncAPIClient(base_url=f"{server.url}/cursor") as client,
    ):
        character = await client.get("characters/0041", cast_to=Character)
        print(character)
        print(character.code_point + 1)


if __name__ == "__main__":
    trio.run(main)
