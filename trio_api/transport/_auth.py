"""An `httpx.Auth` that remembers what the application's own auth raised, so that it is not taken for the wire's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import httpx
import trio

from .._constants import CLEANUP_SECONDS

__all__ = ["WatchedAuth"]


class WatchedAuth(httpx.Auth):
    """Delegates to *auth* and keeps the exception that it raised.

    Args:
        auth: The application's auth. It may send requests of its own by httpx, whose errors are the application's.
    """

    def __init__(self, auth: httpx.Auth) -> None:
        self._auth = auth
        self.error: Exception | None = None
        """What the auth raised, or None."""

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
