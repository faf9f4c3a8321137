"""Opening a wire to a server: TCP by happy eyeballs (RFC 8305), Unix sockets, TLS."""

from __future__ import annotations

from typing import Final, NamedTuple, cast, final

import httpx
import trio

from ..request import Origin
from ._tls import TlsContext
from ._wire import INTERPOSER, PlainWire, TLSWire, Wire

__all__ = ["Connector", "Destination", "trio_seconds"]


class Destination(NamedTuple):
    """Whom a connection leads to: what the connections of a pool are told apart by."""

    origin: Origin
    server_hostname: str | None = None
    """Who the server has to be, where that is not the host: httpx's extension ``sni_hostname``."""


@final
class Connector:
    """Opens wires.

    Args:
        tls: Whom to trust.
        uds: The path of a Unix socket to connect to in place of any host.
        local_address: The address to connect from.
    """

    def __init__(self, tls: TlsContext, *, uds: str | None = None, local_address: str | None = None) -> None:
        self._tls: Final = tls
        self._uds: Final = uds
        self._local_address: Final = local_address
        self._connecting: Final[dict[trio.CancelScope, None]] = {}
        self._is_aborted = False

    async def open(self, destination: Destination, timeout: float | None) -> Wire:
        """Connect to *destination*, within *timeout* seconds.

        Raises:
            httpx.ConnectError: There is no way, or TLS failed; why is its ``__cause__``.
            httpx.ConnectTimeout: The time was up.
        """
        with trio.move_on_after(trio_seconds(timeout)) as scope:
            self._connecting[scope] = None
            try:
                return await self._open_wire(destination)
            except (OSError, UnicodeError) as error:  # UnicodeError: by IDNA the host is no name
                raise httpx.ConnectError(_reason(error)) from error
            finally:
                del self._connecting[scope]
        if self._is_aborted:
            raise httpx.ConnectError("the transport was closed")
        raise httpx.ConnectTimeout("")

    def abort(self) -> None:
        """Give up whatever is being opened."""
        self._is_aborted = True
        for scope in self._connecting:
            scope.cancel(reason="the transport was closed")

    async def _open_wire(self, destination: Destination) -> Wire:
        interposer = INTERPOSER.get()
        if interposer is not None:
            wire = await interposer.connect(destination.origin)
            if wire is not None:
                return wire
        if self._uds is not None:
            stream = await trio.open_unix_socket(self._uds)
        else:
            stream = await trio.open_tcp_stream(
                destination.origin.host, destination.origin.port, local_address=self._local_address
            )
        plain = PlainWire(stream)
        return plain if destination.origin.scheme == "http" else await self._secure(plain, destination)

    async def _secure(self, plain: PlainWire, destination: Destination) -> TLSWire:
        try:
            context = self._tls.get()
            context.set_alpn_protocols(["http/1.1"])  # each time, since httpcore may share the context
            wire = TLSWire(plain, context, destination.server_hostname or destination.origin.host)
            await wire.handshake()
        except BaseException:
            plain.abort()
            raise
        return wire


def trio_seconds(timeout: float | None) -> float:
    """*timeout* as Trio has it: infinite where there is none."""
    return float("inf") if timeout is None else timeout


def _reason(error: Exception) -> str:
    """What went wrong, of the group that happy eyeballs ends in the first."""
    cause: BaseException | None = error.__cause__
    while isinstance(cause, BaseExceptionGroup):
        cause = cast("BaseExceptionGroup[BaseException]", cause).exceptions[0]
    return str(cause or error)
