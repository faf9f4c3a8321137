"""An `httpx.Auth` at work: what it wants sent is sent, and what it raises is known for its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import httpx
import pytest
import trio

from trio_api.transport import WatchedAuth

REQUEST = httpx.Request("GET", "https://api.example.com/")


class TwoSteps(httpx.Auth):
    """Asks for a token, then sends it; notes whether its generator was closed."""

    def __init__(self) -> None:
        self.closed = False

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        try:
            response = yield httpx.Request("POST", "https://api.example.com/token")
            request.headers["Authorization"] = f"Bearer {response.text}"
            yield request
        finally:
            self.closed = True


class Sending:
    """What a driver gives an auth to send and read by; it notes the order of events."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.seen: list[str] = []
        self.open: list[httpx.Response] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(f"{request.method} {request.headers.get('authorization')}")
        response = httpx.Response(self.status, stream=httpx.ByteStream(b"t"), request=request)
        self.open.append(response)
        return response

    def _read(self, response: httpx.Response) -> httpx.Response:
        self.seen.append("read")
        return httpx.Response(response.status_code, content=b"t", request=response.request, history=response.history)

    def play(self, auth: httpx.Auth) -> httpx.Response:
        """In threads."""
        return WatchedAuth(auth).send_blocking(request_of("GET"), self._answer, self._read)

    async def play_trio(self, auth: httpx.Auth) -> httpx.Response:
        """On Trio."""

        async def send(request: httpx.Request) -> httpx.Response:
            await trio.lowlevel.checkpoint()
            return self._answer(request)

        async def read(response: httpx.Response) -> httpx.Response:
            await trio.lowlevel.checkpoint()
            return self._read(response)

        return await WatchedAuth(auth).send_trio(request_of("GET"), send, read)


def request_of(method: str) -> httpx.Request:
    return httpx.Request(method, "https://api.example.com/", stream=httpx.ByteStream(b"x"))


class Steps(TwoSteps):
    requires_response_body = True


async def test_the_requests_and_responses_pass_through() -> None:
    """A flow of several requests is played in full, in both colours, and the last response tells of the others."""
    for is_blocking in (True, False):
        sending = Sending()
        response = sending.play(Steps()) if is_blocking else await sending.play_trio(Steps())
        assert [step for step in sending.seen if step != "read"] == ["POST None", "GET Bearer t"]
        assert [each.request.method for each in response.history] == ["POST"]


@pytest.mark.parametrize(
    ("status", "wants", "seen"),
    [
        (200, False, ["GET None", "asked", "read", "GET None"]),
        (200, True, ["GET None", "read", "asked", "read", "GET None", "read"]),
        (401, False, ["GET None", "read", "asked", "read", "GET None", "read"]),
    ],
    ids=["a success", "a success that it wants whole", "an error"],
)
async def test_what_an_auth_is_given_is_read_as_far_as_it_is_to_be(status: int, wants: bool, seen: list[str]) -> None:
    """An error before the auth sees it, a success only where it asks for it; and each before another is sent."""

    class Twice(httpx.Auth):
        requires_response_body = wants

        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            yield request
            sending.seen.append("asked")
            yield request

    for is_blocking in (True, False):
        sending = Sending(status)
        response = sending.play(Twice()) if is_blocking else await sending.play_trio(Twice())
        assert sending.seen == seen
        assert response.is_closed is (status == 401 or wants)


@pytest.mark.parametrize("ends", ["first", "later"])
async def test_what_the_auth_raises_is_kept(ends: str) -> None:
    """The very exception is raised, and known afterwards; the response that it was shown is closed."""

    class Failing(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            if ends == "later":
                yield request
            raise error

    error = httpx.ConnectError("the auth's own request failed")
    for is_blocking in (True, False):
        sending, watched = Sending(), WatchedAuth(Failing())
        with pytest.raises(httpx.ConnectError) as caught:
            if is_blocking:
                watched.send_blocking(REQUEST, sending._answer, sending._read)
            else:

                async def send(request: httpx.Request) -> httpx.Response:
                    await trio.lowlevel.checkpoint()
                    return sending._answer(request)  # noqa: B023

                await watched.send_trio(REQUEST, send, AsyncNever())
        assert watched.error is caught.value is error
        assert all(response.is_closed for response in sending.open)
        assert len(sending.open) == (ends == "later")


class AsyncNever:
    """A read that nobody asks for."""

    async def __call__(self, response: httpx.Response) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        raise AssertionError(response)


async def test_an_auth_that_gives_no_request_is_told_so() -> None:
    """It is the application's mistake, whose class is named."""

    class Nothing(httpx.Auth):
        def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            yield from ()

        async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
            for each in ():
                yield each

    with pytest.raises(RuntimeError, match="flow of Nothing gives no request"):
        Sending().play(Nothing())
    with pytest.raises(RuntimeError, match="flow of Nothing gives no request"):
        await Sending().play_trio(Nothing())


async def test_a_request_that_fails_closes_the_auth() -> None:
    """It leaves no open generator of the application behind."""
    error = httpx.ConnectError("down")

    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    async def fail_trio(request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        raise error

    auth = TwoSteps()
    with pytest.raises(httpx.ConnectError):
        WatchedAuth(auth).send_blocking(REQUEST, fail, fail)
    assert auth.closed
    auth = TwoSteps()
    watched = WatchedAuth(auth)
    with pytest.raises(httpx.ConnectError):
        await watched.send_trio(REQUEST, fail_trio, AsyncNever())
    assert auth.closed
    assert watched.error is None


async def test_the_body_of_a_request_is_read_where_the_auth_needs_it() -> None:
    """The flag by which an auth asks for it works in both colours."""
    read: list[bytes] = []

    class Reads(httpx.Auth):
        requires_request_body = True

        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            read.append(request.content)
            yield request

    Sending().play(Reads())
    await Sending().play_trio(Reads())
    assert read == [b"x", b"x"]


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
