"""The clients that the harness compares, each making the same call: one small JSON object, as an object with types.

Every peer is used as its own documentation advises for speed: one client for all calls, its limit of connections
lifted to the number of tasks. Peers that bring no types get them by msgspec, the fastest there is.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs
import msgspec

from .things import Thing, ThingStruct, pydantic_thing

__all__ = ["CLIENTS", "Client", "Get"]

Get = Callable[[int], Awaitable[Any]]
"""Makes the call once. It is told the number of the task that makes it, for the client without a pool."""

Open = Callable[[str, int], AbstractAsyncContextManager[Get]]
"""Opens a client for the URL of the server's root, that many tasks will use at a time."""


@asynccontextmanager
async def trio_api_client(root: str, tasks: int) -> AsyncIterator[Get]:
    from trio_api import AsyncAPIClient, Limits

    limits = Limits(max_connections=tasks, max_keepalive_connections=tasks)
    async with AsyncAPIClient(base_url=root, limits=limits) as client:

        async def get(task: int) -> Thing:
            return await client.get("/thing", cast_to=Thing)

        yield get


@asynccontextmanager
async def openai_client(root: str, tasks: int) -> AsyncIterator[Get]:
    import httpx2
    import openai

    thing_type = pydantic_thing(openai.BaseModel)
    limits = httpx2.Limits(max_connections=tasks, max_keepalive_connections=tasks)
    http_client = openai.DefaultAsyncHttpxClient(limits=limits)
    async with openai.AsyncOpenAI(api_key="bench", base_url=root, http_client=http_client) as client:

        async def get(task: int) -> Any:
            return await client.get("/thing", cast_to=thing_type)

        yield get


def httpx_by_hand(module: str) -> Open:
    """httpx, or its successor with the same face."""

    @asynccontextmanager
    async def opened(root: str, tasks: int) -> AsyncIterator[Get]:
        httpx = importlib.import_module(module)
        decode = msgspec.json.Decoder(ThingStruct).decode
        limits = httpx.Limits(max_connections=tasks, max_keepalive_connections=tasks)
        async with httpx.AsyncClient(base_url=root, limits=limits, timeout=600.0) as client:

            async def get(task: int) -> ThingStruct:
                response = await client.get("/thing")
                response.raise_for_status()
                return decode(response.content)

            yield get

    return opened


@asynccontextmanager
async def aiohttp_by_hand(root: str, tasks: int) -> AsyncIterator[Get]:
    import aiohttp

    decode = msgspec.json.Decoder(ThingStruct).decode
    url = f"{root}/thing"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=tasks)) as session:

        async def get(task: int) -> ThingStruct:
            async with session.get(url) as response:
                response.raise_for_status()
                return decode(await response.read())

        yield get


@asynccontextmanager
async def bare_trio(root: str, tasks: int) -> AsyncIterator[Get]:
    """The limit: a socket for each task, the same bytes sent each time, a parser in C, and nothing else.

    No timeout, no retry, no error, no header that differs, no object for a request or a response.
    """
    import httptools
    import trio

    address = urlsplit(root)
    request = f"GET /thing HTTP/1.1\r\nHost: {address.netloc}\r\nAccept: application/json\r\n\r\n".encode()
    decode = msgspec.json.Decoder(ThingStruct).decode

    class Connection:
        def __init__(self, socket: trio.socket.SocketType) -> None:
            self.socket = socket
            self.parser = httptools.HttpResponseParser(self)
            self.body = b""
            self.is_complete = False

        def on_message_begin(self) -> None:
            self.body = b""
            self.is_complete = False

        def on_body(self, piece: bytes) -> None:
            self.body += piece

        def on_message_complete(self) -> None:
            self.is_complete = True

    async with AsyncExitStack() as stack:
        connections: dict[int, Connection] = {}

        async def connect() -> Connection:
            socket = stack.enter_context(trio.socket.socket())
            await socket.connect((address.hostname, address.port))
            socket.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, True)
            return Connection(socket)

        async def get(task: int) -> ThingStruct:
            connection = connections.get(task)
            if connection is None:
                connection = connections[task] = await connect()
            await connection.socket.send(request)  # a hundred bytes fit into any socket's buffer
            connection.is_complete = False
            while not connection.is_complete:
                connection.parser.feed_data(await connection.socket.recv(65536))
            return decode(connection.body)

        yield get


@attrs.frozen
class Client:
    """One client of the comparison."""

    name: str
    label: str
    """What the table and the plot call it."""
    loop: Literal["trio", "asyncio"]
    open: Open
    needs: tuple[str, ...] = ()
    """The packages without which it cannot be measured."""

    @property
    def missing(self) -> str | None:
        """The first of what it needs that is not installed, or None."""
        return next((name for name in self.needs if importlib.util.find_spec(name) is None), None)


CLIENTS = {
    client.name: client
    for client in (
        Client("trio_api", "trio_api", "trio", trio_api_client),
        Client("bare", "bare Trio sockets", "trio", bare_trio, ("httptools",)),
        Client("aiohttp", "aiohttp + msgspec", "asyncio", aiohttp_by_hand, ("aiohttp",)),
        Client("openai", "openai SDK", "trio", openai_client, ("openai",)),
        Client("httpx2", "httpx2 + msgspec", "trio", httpx_by_hand("httpx2"), ("httpx2",)),
        Client("httpx", "httpx + msgspec", "trio", httpx_by_hand("httpx")),
    )
}
