"""A request of which httpx's part is made when it is looked at.

Most requests are looked at by nobody between the client and the wire, and their bytes are known before: the client's
own headers are rendered once. httpx's objects take longer to make than the request takes to be sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

import httpx

from .._redact import RedactedRequest
from ._address import Address
from ._body import BytesStream
from ._headers import Field, HeaderBlock, render_fields
from ._origins import Origin, origin_of

__all__ = ["Draft", "LazyRequest"]

_LOOKED_AT: Final = ("method", "url", "headers", "stream")  # what may be set before it was ever read


class Draft(NamedTuple):
    """What a request is made of."""

    method: str
    """In upper case."""
    address: Address
    """Where it goes."""
    host: Field
    """The ``Host`` field; it goes first."""
    block: HeaderBlock
    """The fields that it has in common with others."""
    own_fields: Sequence[Field]
    """The fields of its own; they go last."""
    data: bytes | None
    """The body, where it is known; empty where there is none."""
    stream: httpx.AsyncByteStream | httpx.SyncByteStream | None
    """The body where it is not known, or where it is to be read in a way of its own."""
    is_trusted: bool
    """Whether it goes where credentials may go."""


@final
class LazyRequest(RedactedRequest):
    """An `httpx.Request` that is made when one of its attributes is asked for, but for ``method`` and ``extensions``.

    Args:
        draft: What it is made of.
        extensions: httpx's; the request keeps this very dict.
    """

    _data: bytes | None = None  # the body, where it is known, but read by its stream only

    def __init__(self, draft: Draft, extensions: dict[str, Any]) -> None:
        # httpx's constructor runs in `_make`.
        self.method: str = draft.method
        self.extensions: dict[str, Any] = extensions
        self._draft: Draft | None = draft

    def _untouched(self) -> Draft | None:
        """What it is made of, as long as nobody can have changed it."""
        known = self.__dict__
        draft: Draft | None = known["_draft"]
        if draft is None or "url" in known or "headers" in known or self.method != draft.method:
            return None
        return draft

    @property
    def origin(self) -> Origin:
        """Where it is sent: what a pool knows its connections by."""
        known = self.__dict__
        draft: Draft | None = known["_draft"]
        return origin_of(self.url) if draft is None or "url" in known else draft.address.origin

    @property
    def location(self) -> httpx.URL:
        """What ``url`` is; the rest of the request isn't made for it."""
        known = self.__dict__
        draft: Draft | None = known["_draft"]
        return self.url if draft is None or "url" in known else draft.address.url

    @property
    def is_trusted(self) -> bool:
        """Whether it is known to go where credentials may go. Once somebody looked at it, nothing is known."""
        draft = self._untouched()
        return draft is not None and draft.is_trusted

    @property
    def body_bytes(self) -> bytes | None:
        """The body, empty where there is none; None where its stream has to be read, or somebody looked at it."""
        draft = self._untouched()
        if draft is None or draft.stream is not None or "stream" in self.__dict__:
            return None
        if draft.data and any(name.lower() == b"transfer-encoding" for name, _ in draft.own_fields):
            return None  # it goes in chunks, as the caller wished
        return draft.data

    def add_field(self, name: bytes, value: bytes) -> bool:
        """Add a header; whether it was. It is not if there is one of that name, or once somebody looked."""
        draft, lower = self._untouched(), name.lower()
        if draft is None or any(key.lower() == lower for key, _ in (*draft.block.fields, *draft.own_fields)):
            return False
        self._draft = draft._replace(own_fields=(*draft.own_fields, (name, value)))
        return True

    def wire_head(self) -> bytes | None:
        """The request line and the headers as HTTP/1.1 has them, with the blank line; None once somebody looked."""
        draft = self._untouched()
        if draft is None:
            return None
        address, host = draft.address, draft.host
        return b"%b %b HTTP/1.1\r\n%b: %b\r\n%b%b\r\n" % (
            draft.method.encode("ascii"),
            address.raw_path,
            *host,
            draft.block.text,
            render_fields(draft.own_fields),
        )

    @property
    def content(self) -> bytes:
        """The body, where it is known or was read.

        Raises:
            httpx.RequestNotRead: It is neither.
        """
        if self._draft is not None:
            self._make(self._draft)
        return super().content if self._data is None else self._data

    def read(self) -> bytes:
        """Read the body; one that is known is not asked of a stream that only a Trio transport can read."""
        is_readable = isinstance(self.stream, httpx.SyncByteStream)
        return super().read() if is_readable or self._data is None else self._data

    def _make(self, draft: Draft) -> None:
        self._draft = None
        was_set = {name: value for name, value in self.__dict__.items() if name in _LOOKED_AT}
        stream = draft.stream if draft.data is None else BytesStream(draft.data)
        extensions = self.extensions
        super().__init__(
            draft.method,
            draft.address.url,
            headers=[draft.host, *draft.block.fields, *draft.own_fields],
            stream=stream,
        )
        self.extensions = extensions
        if draft.stream is None:
            self.read()  # so that hooks and errors have its `content`
        else:  # it is read by what sends it, a mock too, and tells of that
            sent = draft.stream
            self.stream: httpx.AsyncByteStream | httpx.SyncByteStream = sent
            self._data = draft.data
        self.__dict__.update(was_set)

    if not TYPE_CHECKING:  # pragma: no branch  # the checkers know httpx's attributes

        def __getattr__(self, name: str) -> Any:
            draft = self.__dict__.get("_draft")
            if draft is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            self._make(draft)
            return getattr(self, name)

    def __getstate__(self) -> dict[str, Any]:
        if self._draft is not None:
            self._make(self._draft)
        return {name: value for name, value in super().__getstate__().items() if name != "_draft"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._draft = None
        super().__setstate__(state)
