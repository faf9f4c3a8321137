"""A request of which httpx's part is made when it is looked at.

Most requests are looked at by nobody between the client and the wire, and their bytes are known before: the client's
own headers are rendered once. httpx's objects take longer to make than the request takes to be sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, final

import attrs
import httpx

from .._redact import RedactedRequest
from ._address import Address
from ._body import BytesStream
from ._headers import Field, HeaderBlock, render_fields
from ._origins import Origin, origin_of

__all__ = ["LazyRequest"]

_LOOKED_AT: Final = ("method", "url", "headers", "stream")  # what may be set before it was ever read


@attrs.define
class _Unmade:
    """What httpx's constructor is given once it is run."""

    method: str
    address: Address
    host: Field
    block: HeaderBlock
    own_fields: Sequence[Field]
    data: bytes | None
    stream: httpx.AsyncByteStream | httpx.SyncByteStream | None
    is_trusted: bool


@final
class LazyRequest(RedactedRequest):
    """An `httpx.Request` that is made when one of its attributes is asked for, but for ``method`` and ``extensions``.

    Args:
        method: In upper case.
        address: Where it goes.
        host: The ``Host`` field; it goes first.
        block: The fields that it has in common with others.
        own_fields: The fields of its own; they go last.
        data: The body, where it is known; empty where there is none.
        stream: The body where it is not, or where it is to be read in a way of its own.
        is_trusted: Whether it goes where credentials may go.
        extensions: httpx's; the request keeps this very dict.
    """

    def __init__(
        self,
        method: str,
        address: Address,
        *,
        host: Field,
        block: HeaderBlock,
        own_fields: Sequence[Field] = (),
        data: bytes | None = None,
        stream: httpx.AsyncByteStream | httpx.SyncByteStream | None = None,
        is_trusted: bool = False,
        extensions: dict[str, Any],
    ) -> None:
        # httpx's constructor runs in `_make`.
        self.method = method
        self.extensions = extensions
        self._unmade: _Unmade | None = _Unmade(method, address, host, block, own_fields, data, stream, is_trusted)

    def _untouched(self) -> _Unmade | None:
        """What it is made of, as long as nobody can have changed it."""
        unmade, known = self._unmade, self.__dict__
        if unmade is None or "url" in known or "headers" in known or known["method"] != unmade.method:
            return None
        return unmade

    @property
    def origin(self) -> Origin:
        """Where it is sent: what a pool knows its connections by."""
        unmade = self._untouched()
        return origin_of(self.url) if unmade is None else unmade.address.origin

    @property
    def is_trusted(self) -> bool:
        """Whether it is known to go where credentials may go. Once somebody looked at it, nothing is known."""
        unmade = self._untouched()
        return unmade is not None and unmade.is_trusted

    @property
    def body_bytes(self) -> bytes | None:
        """The body, empty where there is none; None where its stream has to be read, or somebody looked at it."""
        unmade = self._untouched()
        if unmade is None or unmade.stream is not None or "stream" in self.__dict__:
            return None
        return unmade.data

    def wire_head(self) -> bytes | None:
        """The request line and the headers as HTTP/1.1 has them, with the blank line; None once somebody looked."""
        unmade = self._untouched()
        if unmade is None:
            return None
        address, host = unmade.address, unmade.host
        return b"%b %b HTTP/1.1\r\n%b: %b\r\n%b%b\r\n" % (
            unmade.method.encode("ascii"),
            address.raw_path,
            *host,
            unmade.block.text,
            render_fields(unmade.own_fields),
        )

    def _make(self, unmade: _Unmade) -> None:
        self._unmade = None
        was_set = {name: value for name, value in self.__dict__.items() if name in _LOOKED_AT}
        stream = unmade.stream if unmade.data is None else BytesStream(unmade.data)
        extensions = self.extensions
        super().__init__(
            unmade.method,
            unmade.address.url,
            headers=[unmade.host, *unmade.block.fields, *unmade.own_fields],
            stream=stream,
        )
        self.extensions = extensions
        if unmade.data is not None:
            self.read()  # so that hooks and errors have its `content`
        if unmade.stream is not None:
            self.stream = unmade.stream
        self.__dict__.update(was_set)

    if not TYPE_CHECKING:  # pragma: no branch  # the checkers know httpx's attributes

        def __getattr__(self, name: str) -> Any:
            unmade = self.__dict__.get("_unmade")
            if unmade is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            self._make(unmade)
            return getattr(self, name)

    def __getstate__(self) -> dict[str, Any]:
        if self._unmade is not None:
            self._make(self._unmade)
        return {name: value for name, value in super().__getstate__().items() if name != "_unmade"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._unmade = None
        super().__setstate__(state)
