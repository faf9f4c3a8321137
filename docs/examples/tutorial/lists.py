"""A list, page after page."""

from __future__ import annotations

import trio
from first_call import Character

from trio_api import AsyncAPIClient, AsyncCursorPage
from trio_api.cli.server import UnicodeAPI, serve


async def main() -> None:
    async with (
        serve(UnicodeAPI()) as server,
        AsyncAPIClient(base_url=f"{server.url}/cursor") as client,
    ):
        digits = client.get_api_list(
            "characters",
            model=Character,
            page=AsyncCursorPage[Character],
            options={"params": {"category": "Nd", "limit": 20}},
        )
        async for digit in digits:
            print(digit.id, digit.name)
            if digit.name.endswith("THREE"):
                break

        page = await digits
        print(len(page.data), "on the first page; more:", page.has_next_page())


if __name__ == "__main__":
    trio.run(main)
