"""What a caller catches."""

from __future__ import annotations

import trio
from first_call import Character

import trio_api
from trio_api import AsyncAPIClient
from trio_api.cli.server import FaultRates, UnicodeAPI, serve


async def main() -> None:
    slow = FaultRates(latency=(30.0, 30.0), rate_limited=0, unavailable=0, dropped=0, cut=0)
    async with (
        serve(UnicodeAPI()) as server,
        serve(UnicodeAPI(), rates=slow) as slow_server,
        AsyncAPIClient(base_url=f"{server.url}/cursor") as client,
    ):
        try:
            await client.get("characters/XYZ", cast_to=Character)
        except trio_api.NotFoundError as error:
            print(error)

        with trio.move_on_after(0.1) as scope:
            await client.with_options(base_url=f"{slow_server.url}/cursor").get("characters/0041", cast_to=Character)
        print("given up:", scope.cancelled_caught)


if __name__ == "__main__":
    trio.run(main)
