"""An `httpx.Auth` at work: what it wants sent is sent, its errors are known for its own, and whose credentials it adds.

httpx plays the flow of an auth too. But it reads what is answered in the middle of it as it comes: without a bound on
its size, on what it decodes to, or on the time.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Hashable
from typing import Final, final

import httpx
import trio

from .._constants import CLEANUP_SECONDS
from ..request import fingerprint

__all__ = ["NO_AUTH", "WatchedAuth"]

NO_AUTH: Final = httpx.Auth()
"""For a request that has all that it needs: no auth, also where its URL has userinfo."""


@final
class _Same:
    """Equal to what stands for the same object; it keeps that, so that its identity is not another's one day."""

    __slots__ = ("_what",)

    def __init__(self, what: object) -> None:
        self._what: Final = what

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._what is self._what

    def __hash__(self) -> int:
        return id(self._what)


@final
class WatchedAuth:
    """Plays the flow of *auth*, and keeps the exception that it raised.

    An auth is given errors read, and successes open unless it asks for them whole. Whatever is answered in the middle
    of a flow is read, so that its connection may serve again.

    Args:
        auth: The application's auth. It may send requests of its own by httpx, whose errors are the application's.
    """

    def __init__(self, auth: httpx.Auth) -> None:
        self._auth: Final = auth
        self.error: Exception | None = None
        """What the auth raised, or None."""

    @property
    def credentials(self) -> Hashable:
        """What stands for the credentials that are going to be added: where it is equal, they are the same.

        What an auth does shows only in its work, so each object counts as one identity, whoever asks it. Of Basic
        credentials it is known before: two objects with the same ones are equal.
        """
        if type(self._auth) is httpx.BasicAuth:
            return fingerprint(next(self._auth.auth_flow(httpx.Request("GET", "https://example.com"))))
        return _Same(self._auth)

    def _reads(self, response: httpx.Response) -> bool:
        return response.is_error or self._auth.requires_response_body

    def send_blocking(
        self,
        request: httpx.Request,
        send: Callable[[httpx.Request], httpx.Response],
        read: Callable[[httpx.Response], httpx.Response],
    ) -> httpx.Response:
        """Send *request* with what the auth adds, and whatever else that wants sent.

        Args:
            request: The request.
            send: Sends one request and leaves the response open.
            read: Reads a response, within bounds.

        Returns:
            The last response.
        """
        flow = self._auth.sync_auth_flow(request)
        response: httpx.Response | None = None
        earlier: list[httpx.Response] = []
        try:
            while (step := self._next(flow, response)) is not None:
                if response is not None:
                    earlier.append(read(response))
                response = send(step)
                response.history = list(earlier)
                if self._reads(response):
                    response = read(response)
            return self._checked(response)
        except BaseException:
            if response is not None:
                response.close()
            raise
        finally:
            flow.close()

    async def send_trio(
        self,
        request: httpx.Request,
        send: Callable[[httpx.Request], Awaitable[httpx.Response]],
        read: Callable[[httpx.Response], Awaitable[httpx.Response]],
    ) -> httpx.Response:
        """`send_blocking`, on Trio."""
        flow = self._auth.async_auth_flow(request)
        response: httpx.Response | None = None
        earlier: list[httpx.Response] = []
        try:
            while (step := await self._next_trio(flow, response)) is not None:
                if response is not None:
                    earlier.append(await read(response))
                response = await send(step)
                response.history = list(earlier)
                if self._reads(response):
                    response = await read(response)
            return self._checked(response)  # noqa: ASYNC910  # sending did checkpoint
        except BaseException:
            if response is not None:
                with trio.move_on_after(CLEANUP_SECONDS, shield=True):
                    await response.aclose()
            raise
        finally:
            await flow.aclose()

    def _next(
        self, flow: Generator[httpx.Request, httpx.Response, None], response: httpx.Response | None
    ) -> httpx.Request | None:
        """What the auth wants sent after *response*; None where that is the last."""
        try:
            return next(flow) if response is None else flow.send(response)
        except StopIteration:
            return None
        except Exception as error:
            self.error = error
            raise

    async def _next_trio(
        self, flow: AsyncGenerator[httpx.Request, httpx.Response], response: httpx.Response | None
    ) -> httpx.Request | None:
        try:
            return await (anext(flow) if response is None else flow.asend(response))
        except StopAsyncIteration:
            return None  # noqa: ASYNC910  # most flows wait for nothing
        except Exception as error:
            self.error = error
            raise

    def _checked(self, response: httpx.Response | None) -> httpx.Response:
        if response is None:
            self.error = RuntimeError(f"the flow of {type(self._auth).__name__} gives no request to send")
            raise self.error
        return response
