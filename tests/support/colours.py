"""One test for both colours of client: the same calls against the same script, on a virtual clock."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import trio
import trio.testing

from trio_api import AsyncAPIClient, SyncAPIClient

from .scripted import Answer, Script, VirtualTime

BASE_URL = "https://api.example.com/v1/"


class Colour:
    """Runs a test's body with an open client of one colour.

    The body calls the client's methods; `play` awaits what it returns where that is awaitable.
    """

    client_class: type[Any]
    name: str

    def __init__(self, time: VirtualTime) -> None:
        self.time = time

    def play(
        self,
        *answers: Answer,
        body: Callable[[Any], Any],
        client_class: type[Any] | None = None,
        script: Script | None = None,
        **settings: Any,
    ) -> tuple[Any, Script]:
        """Run *body* with a client whose requests the *answers* meet; gives its result and the script."""
        script = script or Script(*answers, time=self.time)
        script.answers += [] if script.answers else list(answers)
        settings = {"base_url": BASE_URL, **settings}
        return self._run(client_class or self.client_class, script, body, settings), script

    def _run(self, client_class: type[Any], script: Script, body: Callable[[Any], Any], settings: Any) -> Any:
        raise NotImplementedError


class TrioColour(Colour):
    client_class = AsyncAPIClient
    name = "trio"

    def _run(self, client_class: type[Any], script: Script, body: Callable[[Any], Any], settings: Any) -> Any:
        async def main() -> Any:
            async with httpx.AsyncClient(transport=script) as http_client:
                async with client_class(http_client=http_client, **settings) as client:
                    result = body(client)
                    return await _settled(result)

        return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


class BlockingColour(Colour):
    client_class = SyncAPIClient
    name = "blocking"

    def _run(self, client_class: type[Any], script: Script, body: Callable[[Any], Any], settings: Any) -> Any:
        with httpx.Client(transport=script) as http_client, client_class(http_client=http_client, **settings) as client:
            return body(client)


async def _settled(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


Body = Callable[[Any], Awaitable[Any] | Any]
