"""Every name of httpx's and httpcore's that is not public, and what is done with it. No other module has one.

They are there in httpx 0.28 and in httpx2; a test names each, and says which is gone.
"""

# What this module is for:
# pyright: reportPrivateUsage=false

from __future__ import annotations

import sys
from types import FunctionType, TracebackType
from typing import TYPE_CHECKING, Any, Final

import httpx
import trio

from .._constants import CLEANUP_SECONDS

__all__ = ["SeamedClient", "transport_is_patched"]

_HTTP_PACKAGES: Final = {"httpx", "httpx2", "httpcore", "httpcore2"}


def _is_own(function: object) -> bool:
    """Whether *function* is of httpx or httpcore themselves: a wrapper may copy its name, but not its globals."""
    return (
        isinstance(function, FunctionType)
        and function.__globals__.get("__name__", "").partition(".")[0] in _HTTP_PACKAGES
    )


def _if_own(function: Any) -> Any:
    return function if _is_own(function) else None


# A function that was replaced before this package was imported is never found again: what it watches is watched.
_SEND: Final = _if_own(httpx.AsyncClient.send)
_SEND_SINGLE_REQUEST: Final = _if_own(httpx.AsyncClient._send_single_request)
_TRANSPORT_FOR_URL: Final = _if_own(httpx.AsyncClient._transport_for_url)
_HANDLE_ASYNC_REQUEST: Final = _if_own(httpx.AsyncHTTPTransport.handle_async_request)


_modules: Final = sys.modules
_pool_functions: Final[list[object]] = [None]  # what sends in httpcore's pool, once it was seen to be httpcore's own


def transport_is_patched() -> bool:
    """Whether somebody put a function in the place of the one that httpx's transport sends by: a mock or a tracer.

    pytest-httpx and OpenTelemetry do so in httpx, respx and VCR.py in httpcore. Compared by identity: wrappers made
    by wrapt say that they are equal to what they wrap.
    """
    if httpx.AsyncHTTPTransport.handle_async_request is not _HANDLE_ASYNC_REQUEST:
        return True
    httpcore = _modules.get("httpcore")  # httpx imports it late; what was not imported is not patched
    if httpcore is None:
        return False
    function = httpcore.AsyncConnectionPool.handle_async_request
    if function is _pool_functions[0]:
        return False
    if _is_own(function):
        _pool_functions[0] = function
        return False
    return True


class SeamedClient(httpx.AsyncClient):
    """An `httpx.AsyncClient` whose transports are made by public methods, and that knows when httpx's own are not due.

    Subclasses set ``direct``, the transport for which that holds, in `make_transport`.
    """

    direct: httpx.AsyncBaseTransport | None = None

    def make_transport(self, transport: httpx.AsyncBaseTransport | None, **options: Any) -> httpx.AsyncBaseTransport:
        """Make the transport for what goes by no proxy. *transport*: the caller's own; *options*: httpx's."""
        raise NotImplementedError

    def make_proxy_transport(self, proxy: httpx.Proxy, **options: Any) -> httpx.AsyncBaseTransport:
        """Make the transport for what goes by *proxy*."""
        raise NotImplementedError

    def goes_direct(self) -> bool:
        """Whether every request goes to ``direct``, and nobody replaced a step of httpx's on the way there."""
        kind = type(self)
        return (
            self._transport is self.direct
            and not self._mounts
            and httpx.AsyncClient.send is _SEND
            and kind._send_single_request is _SEND_SINGLE_REQUEST
            and kind._transport_for_url is _TRANSPORT_FOR_URL
        )

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        try:
            await super().__aexit__(exc_type, exc_value, traceback)  # noqa: ASYNC102  # shielding is the transports'
        except BaseException:  # httpx goes no further than the first that raises, were it only cancelled
            with trio.move_on_after(CLEANUP_SECONDS, shield=True):  # noqa: ASYNC912
                for transport in (self._transport, *self._mounts.values()):
                    if transport is not None:
                        await transport.aclose()
            raise
        finally:
            displaced = self._displaced()
            if displaced is not None:
                await displaced.__aexit__(None, None, None)  # noqa: ASYNC102

    async def aclose(self) -> None:
        """Close every transport."""
        try:
            await super().aclose()
        finally:
            displaced = self._displaced()
            if displaced is not None:
                await displaced.aclose()  # noqa: ASYNC102

    def _displaced(self) -> httpx.AsyncBaseTransport | None:
        """``direct``, if httpx does not know it any more: tests put mocks in its place in an open client."""
        return None if self._transport is self.direct else self.direct

    if not TYPE_CHECKING:  # the checkers would have httpx's positional parameters, which httpx itself gives by name

        def _init_transport(self, *, transport: httpx.AsyncBaseTransport | None = None, **options: Any) -> Any:
            return self.make_transport(transport, **options)

        def _init_proxy_transport(self, proxy: httpx.Proxy, **options: Any) -> Any:
            return self.make_proxy_transport(proxy, **options)
