"""A crawl that is broken off, and goes on elsewhere."""

from __future__ import annotations

import json

import trio
from first_call import Character

from trio_api import AsyncAPIClient, AsyncPageNumberPage, AsyncPaginator
from trio_api.cli.server import UnicodeAPI, serve


def letters(client: AsyncAPIClient) -> AsyncPaginator[Character, AsyncPageNumberPage[Character]]:
    return client.get_api_list(
        "characters",
        model=Character,
        page=AsyncPageNumberPage[Character],
        options={"params": {"category": "Lu", "per_page": 100}},
    )


async def main() -> None:
    async with (
        serve(UnicodeAPI()) as server,
        AsyncAPIClient(base_url=f"{server.url}/page") as client,
    ):
        first: list[str] = []
        async with letters(client).fan_out(limit=8) as characters:
            async for character in characters:
                first.append(character.name)
                if len(first) == 250:
                    break
            saved = json.dumps(characters.checkpoint())

        async with letters(client).resume(json.loads(saved)).fan_out(limit=8) as characters:
            rest = [character.name async for character in characters]

        whole = [character.name async for character in letters(client)]
        print(first + rest == whole)


if __name__ == "__main__":
    trio.run(main)
