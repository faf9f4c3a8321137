"""What is asked of an `httpx.Auth` beside its work: whose errors are its own, and whose credentials it adds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Hashable
from typing import Final, final

import httpx
import trio

from .._constants import CLEANUP_SECONDS
from ..request import fingerprint

__all__ = ["WatchedAuth"]


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


class WatchedAuth(httpx.Auth):
    """Delegates to *auth* and keeps the exception that it raised.

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

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        flow = self._auth.sync_auth_flow(request)
        try:
            request = next(flow)
            while True:
                response = yield request
                request = flow.send(response)
        except StopIteration:
            return
        except Exception as error:
            self.error = error
            raise
        finally:
            flow.close()

    # httpx asks for an async generator, drives it itself and closes it in a `finally`.
    async def async_auth_flow(  # noqa: ASYNC900
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        flow = self._auth.async_auth_flow(request)
        try:
            request = await anext(flow)
            while True:
                response = yield request
                try:
                    request = await flow.asend(response)
                except StopAsyncIteration:
                    raise
                except BaseException:
                    # httpx would close it too, but in a cancelled scope, where closing is cancelled as well.
                    with trio.move_on_after(CLEANUP_SECONDS, shield=True):
                        await response.aclose()
                    raise
        except StopAsyncIteration:
            return  # noqa: ASYNC911  # the request that comes next waits
        except Exception as error:
            self.error = error
            raise
        finally:
            await flow.aclose()
