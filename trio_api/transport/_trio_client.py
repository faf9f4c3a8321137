"""The HTTP client that an `AsyncAPIClient` opens for itself: httpx's in all that it does, by a shorter way."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Self

import httpx
import trio

from .._constants import CLEANUP_SECONDS
from ..request import REDIRECTS
from ..responses import header_of
from ._defaults import with_defaults
from ._direct import DirectTransport
from ._gate import GatedTransport
from ._native import TrioTransport
from ._seams import SeamedClient
from ._tls import TlsContext

__all__ = ["DefaultTrioHttpxClient"]

_LOGGER: Final = logging.getLogger(httpx.__name__)  # of httpx2, where that is in httpx's place


if TYPE_CHECKING:
    # For the checkers it is httpx's client with httpx's own signature: only defaults differ.
    DefaultTrioHttpxClient = httpx.AsyncClient
    """The `httpx.AsyncClient` that an `AsyncAPIClient` opens for itself; takes all of its arguments."""
else:

    class DefaultTrioHttpxClient(SeamedClient):
        """The `httpx.AsyncClient` that an `AsyncAPIClient` opens for itself; takes all of its arguments.

        It sends by a `TrioTransport`, or by httpx's own transport where that is asked for by ``http2=True``, by a
        proxy, or by a mock or a tracer that replaced a part of httpx. For Trio only.
        """

        def __init__(self, **options: Any) -> None:
            self._tls = TlsContext(
                options.get("verify", True), options.get("cert"), trust_env=options.get("trust_env", True)
            )
            self._has_own_encoding = options.get("default_encoding", "utf-8") != "utf-8"
            self._is_open = False
            super().__init__(**with_defaults(options))

        # -- transports --------------------------------------------------------------------------------------

        def make_transport(
            self,
            transport: httpx.AsyncBaseTransport | None,
            *,
            http1: bool,
            http2: bool,
            limits: httpx.Limits,
            **_: Any,
        ) -> httpx.AsyncBaseTransport:
            if isinstance(transport, TrioTransport):
                self.direct = DirectTransport(transport, None)
                return self.direct
            if transport is not None:
                return transport
            gated = self._gated(limits, http1=http1, http2=http2)
            if http2 or not http1:
                return gated
            self.direct = DirectTransport(TrioTransport(**self._tls.settings, limits=limits), gated)
            return self.direct

        def make_proxy_transport(
            self, proxy: httpx.Proxy, *, http1: bool, http2: bool, limits: httpx.Limits, **_: Any
        ) -> httpx.AsyncBaseTransport:
            gated = self._gated(limits, http1=http1, http2=http2, proxy=proxy)
            if proxy.url.scheme not in ("http", "https"):
                gated.prepare()  # SOCKS asks for an extra of httpx's, which says so now
            return gated

        def _gated(self, limits: httpx.Limits, **options: Any) -> GatedTransport:
            tls = self._tls
            return GatedTransport(
                lambda limits: httpx.AsyncHTTPTransport(verify=tls.get(), limits=limits, **options), limits
            )

        def short_way(self, *, with_auth: bool = False) -> TrioTransport | None:
            """The transport of requests for which httpx has nothing to do; None where it has.

            That is: no state to change, no auth unless *with_auth* is there to see to it, no hook, no log, no proxy.
            """
            direct = self.direct
            if (
                direct is None
                or not self._is_open
                or self._has_own_encoding
                or (not with_auth and self.auth is not None)
            ):
                return None
            hooks = self.event_hooks
            has_work = hooks["request"] or hooks["response"] or _LOGGER.isEnabledFor(logging.INFO)
            return None if has_work or not direct.goes_native() or not self.goes_direct() else direct.native

        def abort(self) -> None:
            """End every request that a `TrioTransport` has in flight."""
            if self.direct is not None:
                self.direct.native.abort()

        # -- sending -----------------------------------------------------------------------------------------

        async def send(
            self,
            request: httpx.Request,
            *,
            stream: bool = False,
            auth: Any = httpx.USE_CLIENT_DEFAULT,
            follow_redirects: Any = httpx.USE_CLIENT_DEFAULT,
        ) -> httpx.Response:
            """Send *request*, as `httpx.AsyncClient.send` does.

            Where httpx has nothing to add to what the transport does, the request goes there at once.
            """
            native = self.short_way(with_auth=auth is None) if _is_ordinary(request, auth) else None
            if native is None:
                self._is_open = not self.is_closed  # the first request opens it, as httpx has it
                return await super().send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
            response = await native.handle_async_request(request)
            try:
                if response.status_code in REDIRECTS and header_of(response, "location") is not None:
                    # httpx makes the next request, and sends it or not. What it asks the transport for is there.
                    self.direct.answered[request] = response
                    return await super().send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
                if header_of(response, "set-cookie") is not None:
                    self.cookies.extract_cookies(response)
                if not stream:
                    await response.aread()
            except BaseException:
                with trio.move_on_after(CLEANUP_SECONDS, shield=True):
                    await response.aclose()
                raise
            return response

        # -- lifetime ----------------------------------------------------------------------------------------

        def keep_house_in(self, nursery: trio.Nursery) -> None:
            """Be open from now on, with the transport's housekeeping in *nursery* in place of one of its own."""
            self._is_open = True
            if self.direct is not None:
                self.direct.native.keep_house_in(nursery)

        async def __aenter__(self) -> Self:  # noqa: ASYNC910  # as the transport's
            await super().__aenter__()
            self._is_open = True
            return self

        async def __aexit__(self, *exc_info: Any) -> None:  # noqa: PYI036  # three, as httpx has them
            self._is_open = False
            await super().__aexit__(*exc_info)  # noqa: ASYNC102  # shielding is the transports'

        async def aclose(self) -> None:
            self._is_open = False
            await super().aclose()


def _is_ordinary(request: httpx.Request, auth: Any) -> bool:
    """Whether *request* itself leaves nothing to do for httpx: no auth, no timeouts to fill in, no wrong body."""
    if (auth is not None and auth is not httpx.USE_CLIENT_DEFAULT) or "timeout" not in request.extensions:
        return False
    # A LazyRequest that nobody looked at has neither: no userinfo, and a stream of this library's.
    url, body = request.__dict__.get("url"), request.__dict__.get("stream")
    return not (url is not None and url.userinfo) and (body is None or isinstance(body, httpx.AsyncByteStream))
