"""A server that is overloaded, and a client that says what it does about it."""

from __future__ import annotations

import trio
from first_call import Character

from trio_api import AsyncAPIClient, AttemptRecord, RetryPolicy
from trio_api.cli.server import FaultRates, UnicodeAPI, serve


def tell(attempt: AttemptRecord) -> None:
    print(f"attempt {attempt.number} failed with status {attempt.status_code}")


async def main() -> None:
    overloaded = FaultRates(latency=(0.0, 0.0), rate_limited=0, unavailable=1.0, dropped=0, cut=0)
    async with (
        serve(UnicodeAPI(), rates=overloaded) as server,
        AsyncAPIClient(base_url=f"{server.url}/cursor", retry=RetryPolicy(initial=0.01, on_retry=tell)) as client,
    ):
        response = await client.with_raw_response.get("characters/0041", cast_to=Character)
        print((await response.parse()).name, "after", response.retries_taken, "retries")


if __name__ == "__main__":
    trio.run(main)
