"""The same without Trio: only the client's name and the awaits differ."""

from __future__ import annotations

import trio
from first_call import Character

from trio_api import SyncAPIClient, SyncCursorPage
from trio_api.cli.server import UnicodeAPI, serve


def blocking_program(base_url: str) -> None:
    with SyncAPIClient(base_url=base_url) as client:
        print(client.get("characters/0041", cast_to=Character).name)

        digits = client.get_api_list(
            "characters",
            model=Character,
            page=SyncCursorPage[Character],
            options={"params": {"category": "Nd"}},
        )
        print(sum(1 for digit in digits if digit.name.endswith("THREE")) > 50)


async def main() -> None:
    async with serve(UnicodeAPI()) as server:
        await trio.to_thread.run_sync(blocking_program, f"{server.url}/cursor")


if __name__ == "__main__":
    trio.run(main)
