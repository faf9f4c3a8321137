"""Many pages at once."""

from __future__ import annotations

import unicodedata

import trio
from first_call import Character

from trio_api import AsyncAPIClient, AsyncCursorPage, AsyncPageNumberPage
from trio_api.cli.server import FaultRates, UnicodeAPI, serve


async def main() -> None:
    rates = FaultRates(latency=(0.02, 0.02), rate_limited=0, unavailable=0, dropped=0, cut=0)
    async with serve(UnicodeAPI(), rates=rates) as server, AsyncAPIClient(base_url=server.url) as client:
        letters = {"params": {"category": "Lu"}}

        by_cursor = client.get_api_list(
            "cursor/characters", model=Character, page=AsyncCursorPage[Character], options=letters
        )
        async with by_cursor.prefetch(ahead=4) as characters:
            names = [character.name async for character in characters]
        print(len(names) > 1000, characters.statistics().mode)

        by_number = client.get_api_list(
            "page/characters", model=Character, page=AsyncPageNumberPage[Character], options=letters
        )
        async with by_number.fan_out(limit=16) as characters:
            again = [character.name async for character in characters]
        print(again == names, characters.statistics().mode)
        print(all(unicodedata.category(unicodedata.lookup(name)) == "Lu" for name in names))


if __name__ == "__main__":
    trio.run(main)
