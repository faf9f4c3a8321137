"""An `httpx.Auth` under watch: it does what it does, and what it raises is known for its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any

import httpx
import pytest

from trio_api.transport import WatchedAuth

REQUEST = httpx.Request("GET", "https://api.example.com/")


class TwoSteps(httpx.Auth):
    """Asks for a token, then sends it; notes whether its generator was closed."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.closed = False

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        try:
            response = yield httpx.Request("POST", "https://api.example.com/token")
            if self.error is not None:
                raise self.error
            request.headers["Authorization"] = f"Bearer {response.text}"
            yield request
        finally:
            self.closed = True


async def async_steps(flow: AsyncGenerator[httpx.Request, httpx.Response]) -> list[str]:
    """Play the flow to its end, as httpx does."""
    seen = []
    request = await anext(flow)
    while True:
        seen.append(f"{request.method} {request.headers.get('authorization')}")
        try:
            request = await flow.asend(httpx.Response(200, text="t", request=request))
        except StopAsyncIteration:
            return seen


def steps(flow: Generator[httpx.Request, httpx.Response, None]) -> list[str]:
    """Play the flow to its end, as httpx does."""
    seen = []
    request = next(flow)
    while True:
        seen.append(f"{request.method} {request.headers.get('authorization')}")
        try:
            request = flow.send(httpx.Response(200, text="t", request=request))
        except StopIteration:
            return seen


STEPS = ["POST None", "GET Bearer t"]


async def test_the_requests_and_responses_pass_through() -> None:
    """A flow of several requests is played in full, in both colours."""
    assert steps(WatchedAuth(TwoSteps()).sync_auth_flow(httpx.Request("GET", REQUEST.url))) == STEPS
    assert await async_steps(WatchedAuth(TwoSteps()).async_auth_flow(httpx.Request("GET", REQUEST.url))) == STEPS


async def test_what_the_auth_raises_is_kept() -> None:
    """The very exception is raised, and known afterwards."""
    error = httpx.ConnectError("the auth's own request failed")
    watched = WatchedAuth(TwoSteps(error))
    with pytest.raises(httpx.ConnectError) as caught:
        steps(watched.sync_auth_flow(REQUEST))
    assert watched.error is caught.value is error
    watched = WatchedAuth(TwoSteps(error))
    with pytest.raises(httpx.ConnectError) as caught:
        await async_steps(watched.async_auth_flow(REQUEST))
    assert watched.error is caught.value is error


async def test_leaving_early_closes_the_auth() -> None:
    """A request that fails between two steps leaves no open generator of the application behind."""
    auth = TwoSteps()
    flow = WatchedAuth(auth).sync_auth_flow(REQUEST)
    next(flow)
    flow.close()
    assert auth.closed
    auth = TwoSteps()
    async_flow = WatchedAuth(auth).async_auth_flow(REQUEST)
    await anext(async_flow)
    await async_flow.aclose()
    assert auth.closed


@pytest.mark.parametrize("wants", ["requires_request_body", "requires_response_body"])
async def test_bodies_are_read_where_the_auth_needs_them(wants: str) -> None:
    """The flags by which an auth asks httpx for whole bodies work under watch, in both colours."""
    read: list[bool] = []

    class Reads(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            response = yield request
            message: Any = request if wants == "requires_request_body" else response
            read.append(hasattr(message, "_content"))

    auth = Reads()
    setattr(auth, wants, True)
    request = httpx.Request("POST", REQUEST.url, stream=httpx.ByteStream(b"x"))
    flow = WatchedAuth(auth).sync_auth_flow(request)
    next(flow)
    with pytest.raises(StopIteration):
        flow.send(httpx.Response(200, stream=httpx.ByteStream(b"y"), request=request))
    request = httpx.Request("POST", REQUEST.url, stream=httpx.ByteStream(b"x"))
    async_flow = WatchedAuth(auth).async_auth_flow(request)
    await anext(async_flow)
    with pytest.raises(StopAsyncIteration):
        await async_flow.asend(httpx.Response(200, stream=httpx.ByteStream(b"y"), request=request))
    assert read == [True, True]


def test_credentials_are_known_by_the_object() -> None:
    """What an auth adds shows only in its work; the object stays, so that no other can be taken for it."""
    auth = TwoSteps()
    assert WatchedAuth(auth).credentials == WatchedAuth(auth).credentials
    assert hash(WatchedAuth(auth).credentials) == hash(WatchedAuth(auth).credentials)
    assert WatchedAuth(auth).credentials != WatchedAuth(TwoSteps()).credentials
    assert WatchedAuth(auth).credentials != auth


@pytest.mark.parametrize(("name", "password", "same"), [("ann", "a", True), ("bob", "a", False), ("ann", "b", False)])
def test_basic_credentials_are_known_by_what_they_are(name: str, password: str, same: bool) -> None:
    """Two objects with the same ones are the same; and nothing of them can be read there."""
    known = WatchedAuth(httpx.BasicAuth("ann", "a")).credentials
    assert (WatchedAuth(httpx.BasicAuth(name, password)).credentials == known) is same
    assert "ann" not in str(known)


def test_a_kind_of_basic_auth_is_known_by_the_object() -> None:
    """A subclass may add more."""
    kind = type("Kind", (httpx.BasicAuth,), {})
    assert WatchedAuth(kind("ann", "a")).credentials != WatchedAuth(kind("ann", "a")).credentials
