"""One test for both colours of client: the same calls against the same script, on a virtual clock."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar

import httpx
import pytest
import trio
import trio.testing

from trio_api import AsyncAPIClient, SyncAPIClient

from .scripted import Answer, Script, VirtualTime

BASE_URL = "https://api.example.com/v1/"
ErrorT = TypeVar("ErrorT", bound=BaseException)

Body: TypeAlias = Callable[[Any], Any]
"""What a test does with the client. It returns what a method of the client gave, or is a generator: what it yields
is awaited where that is due, and comes back as the value or as the exception."""


def get_items(client: Any) -> Any:
    """The body of most tests: one call."""
    return client.get("/items", cast_to=object)


class Colour:
    """Runs a test's body with an open client of one colour, over a script in place of a network.

    Args:
        time: The clock of the blocking client; the Trio client has Trio's own.
    """

    name: str
    client_class: type[Any]
    http_client_class: type[Any]

    def __init__(self, time: VirtualTime) -> None:
        self.time = time

    def run(self, script: Script, body: Body, client_class: type[Any], http: dict[str, Any], settings: Any) -> Any:
        raise NotImplementedError

    def hook(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A plain function as a hook of this colour: async in the Trio client."""
        raise NotImplementedError

    def sleep(self, seconds: float) -> Any:
        """Let time pass, as a program does: to be awaited in the Trio colour."""
        raise NotImplementedError

    def client(self, **settings: Any) -> Any:
        """A client that was not entered, for what needs no exchange."""
        http_client = self.http_client_class(transport=Script(time=self.time))
        return self.client_class(**{"base_url": BASE_URL, "http_client": http_client, **settings})

    def make_class(self, **members: Any) -> type[Any]:
        """A subclass of the client; the hooks that are async in the Trio client are given as plain functions."""
        for name in ("_prepare_options", "_prepare_request"):
            if name in members:
                members[name] = self.hook(members[name])
        return type("MyClient", (self.client_class,), members)

    def play(
        self,
        *answers: Answer,
        body: Body = get_items,
        script: Script | None = None,
        client_class: type[Any] | None = None,
        http: dict[str, Any] | None = None,
        **settings: Any,
    ) -> tuple[Any, Script]:
        """Run *body* with a client whose requests the *answers* meet.

        Args:
            answers: What the requests are answered with, in turn.
            body: What is done with the client.
            script: The transport in place of a fresh one.
            client_class: A class from `make_class`.
            http: Arguments of the HTTP client below.
            settings: Arguments of the client.

        Returns:
            The body's result, and the script with what was sent.
        """
        script = script or Script(time=self.time)
        script.answers += answers
        return self.run(
            script, body, client_class or self.client_class, http or {}, {"base_url": BASE_URL, **settings}
        ), script

    def fail(self, kind: type[ErrorT], *answers: Answer, **how: Any) -> tuple[ErrorT, Script]:
        """As `play`, for a body that raises *kind*: gives the exception in place of a result."""
        script = how.pop("script", None) or Script(time=self.time)
        with pytest.raises(kind) as caught:
            self.play(*answers, script=script, **how)
        return caught.value, script


class TrioColour(Colour):
    """`AsyncAPIClient` under `trio.run`, on Trio's mock clock."""

    name = "trio"
    client_class = AsyncAPIClient
    http_client_class = httpx.AsyncClient

    def run(self, script: Script, body: Body, client_class: type[Any], http: dict[str, Any], settings: Any) -> Any:
        async def main() -> Any:
            async with (
                httpx.AsyncClient(transport=script, **http) as http_client,
                client_class(http_client=http_client, **settings) as client,
            ):
                return await _awaited(body(client))

        return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

    def sleep(self, seconds: float) -> Any:
        return trio.sleep(seconds)  # noqa: ASYNC105  # the caller awaits it

    def hook(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def hook(*args: Any) -> Any:
            await trio.lowlevel.checkpoint()
            return function(*args)

        return hook


class BlockingColour(Colour):
    """`SyncAPIClient`, on a clock that its sleeping moves."""

    name = "blocking"
    client_class = SyncAPIClient
    http_client_class = httpx.Client

    def run(self, script: Script, body: Body, client_class: type[Any], http: dict[str, Any], settings: Any) -> Any:
        with (
            httpx.Client(transport=script, **http) as http_client,
            client_class(http_client=http_client, **settings) as client,
        ):
            return _played(body(client))

    def sleep(self, seconds: float) -> Any:
        self.time.sleep(seconds)

    def hook(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: function(*args)  # a function, so that it becomes a method


async def _awaited(result: Any) -> Any:
    if not inspect.isgenerator(result):
        return await result if inspect.isawaitable(result) else result
    steps: Generator[Any, Any, Any] = result
    try:
        step = next(steps)
        while True:
            try:
                value = await step if inspect.isawaitable(step) else step
            except Exception as error:
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as stop:
        return stop.value


def _played(result: Any) -> Any:
    if not inspect.isgenerator(result):
        return result
    steps: Generator[Any, Any, Any] = result
    try:
        step = next(steps)
        while True:
            step = steps.send(step)
    except StopIteration as stop:
        return stop.value
