"""Asking again in place of fetching again: entity tags, ``If-None-Match`` and 304, by RFC 9110 and RFC 9111.

There is no freshness here: each call asks the server, and only the body is spared. Pure: nothing here waits or sends;
where an exchange begins and ends is the drivers'.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable
from contextlib import AbstractContextManager
from typing import Any, Final, final

import attrs
import httpx

from .._checks import bytes_field, count_field
from ..request import fingerprint, url_fingerprint
from ._answer_store import AnswerKey, AnswerStore, StoredAnswer
from ._lazy_response import LazyResponse, elapsed_of, header_of

__all__ = ["Inquiry", "Revalidation", "Revalidator"]

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110, 9.2.1
_CONDITIONS: Final = frozenset("if-match if-none-match if-modified-since if-unmodified-since if-range range".split())
"""Headers by which a caller makes conditions of its own, and gets the answer to those."""
_ENTITY_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')  # RFC 9110, 8.8.3, but for what is no ASCII
_NO_STORE: Final = re.compile(r"(?i)(?:^|,)\s*no-store\s*(?:,|$)")
_OF_CONNECTION: Final = frozenset(
    """connection keep-alive proxy-authenticate proxy-authentication-info proxy-authorization proxy-connection te
    trailer transfer-encoding upgrade""".split()
)
"""Headers that are not stored (RFC 9111, 3.1)."""
_OF_CONTENT: Final = frozenset({"content-encoding", "content-length", "content-range", "content-type"})
"""Headers that say what the stored bytes are, which a 304 does not change (RFC 9111, 3.2)."""
_ASKED: Final = "trio_api.revalidation"  # an extension of requests that were made conditional here


@final
@attrs.frozen(kw_only=True)
class Revalidation:
    """That answers with an ``ETag`` are kept, and the server is asked whether they still hold.

    The next GET that is the same in URL and all headers, credentials among them, carries the tag as
    ``If-None-Match``. When the server answers 304, the call has the kept answer, its headers brought up to date.
    Nothing is answered without asking: this saves bytes, not requests.

    What is kept is private to the client and the copies that share its HTTP client, so answers to requests with
    ``Authorization`` are kept too (RFC 9111, section 3.5, is about caches that are shared). Not kept is what says
    ``Cache-Control: no-store``, in the request or in the answer. The answers used longest ago make room.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    max_entries: int = attrs.field(default=1000, validator=count_field)
    """The most answers that are kept. Default: 1,000."""
    max_bytes: int = attrs.field(default=64 * 1024 * 1024, validator=bytes_field)
    """The most bytes of them all, decoded bodies and headers. A larger answer is not kept. Default: 64 MiB."""


@final
class Revalidator:
    """What a client keeps of the answers that it got.

    Args:
        rules: How much.
        guard: Held while the answers are read or changed: a lock where threads share them.
    """

    def __init__(self, rules: Revalidation, guard: AbstractContextManager[Any]) -> None:
        self._store: Final = AnswerStore(rules.max_entries, rules.max_bytes)
        self._guard: Final = guard

    def ask(
        self,
        request: httpx.Request,
        credentials: Hashable,
        *,
        is_buffered: bool,
        limit: int,
        without: Collection[bytes],
    ) -> Inquiry | None:
        """Begin an exchange: make *request* conditional where the answer to it is kept.

        Args:
            request: As it is about to be sent; changed in place.
            credentials: Stands for what is added to it later.
            is_buffered: Whether the answer is read whole.
            limit: The most bytes that the body may have.
            without: Names of headers, in lower case, that make no difference to the answer.

        Returns:
            What has to be told the answer; None if that is nobody's business here.
        """
        if request.extensions.pop(_ASKED, False):
            request.headers.pop("If-None-Match", None)  # of what led here by a redirect: a tag is of one URL only
        if request.method not in _SAFE:
            return Inquiry(self, request, None, None)
        if request.method != "GET" or not is_buffered or not _may_be_kept(request):
            return None
        key = AnswerKey(url_fingerprint(request), fingerprint(request, without=without), credentials)
        with self._guard:
            kept = self._store.get(key)
        if kept is not None and len(kept.content) > limit:
            kept = None
        if kept is not None:
            request.headers["If-None-Match"] = kept.etag
            request.extensions[_ASKED] = True
        return Inquiry(self, request, key, kept)

    def keep(self, key: AnswerKey, answer: StoredAnswer | None) -> None:
        """Keep *answer* in place of the one there was; None: keep none."""
        with self._guard:
            self._store.put(key, answer)

    def forget(self, request: httpx.Request) -> None:
        """Keep nothing of the URL of *request*, whose meaning may have changed it (RFC 9111, 4.4)."""
        url = url_fingerprint(request)
        with self._guard:
            self._store.drop_url(url)


@final
class Inquiry:
    """One exchange whose answer says something of what is kept.

    Args:
        owner: Who keeps it.
        request: What is sent.
        key: What the answer is kept by; None where it changes what is kept of its URL.
        kept: The answer that there is.
    """

    __slots__ = ("_kept", "_key", "_owner", "_request")

    def __init__(
        self, owner: Revalidator, request: httpx.Request, key: AnswerKey | None, kept: StoredAnswer | None
    ) -> None:
        self._owner: Final = owner
        self._request: Final = request
        self._key: Final = key
        self._kept: Final = kept

    def settle(self, response: httpx.Response) -> httpx.Response:
        """Take in the answer, read where it is to be kept.

        Returns:
            What the call has: *response*, or the kept answer if that still holds.
        """
        key, kept, status = self._key, self._kept, response.status_code
        if key is None:
            if status < 400:
                self._owner.forget(self._request)
        elif status == 304 and kept is not None:
            current = _updated(kept, response)
            self._owner.keep(key, None if _is_private(response) else current)
            return _served(current, response)
        elif status == 200:
            self._owner.keep(key, _answer_of(response))
        return response


def _may_be_kept(request: httpx.Request) -> bool:
    headers = request.headers
    if not _CONDITIONS.isdisjoint(headers) or "content-length" in headers or "transfer-encoding" in headers:
        return False
    return _NO_STORE.search(headers.get("cache-control", "")) is None


def _is_private(response: httpx.Response) -> bool:
    return _NO_STORE.search(header_of(response, "cache-control") or "") is not None


def _answer_of(response: httpx.Response) -> StoredAnswer | None:
    etag = header_of(response, "etag")
    if etag is None or _ENTITY_TAG.fullmatch(etag) is None or _is_private(response):
        return None
    left_out = _OF_CONNECTION | _named_by_connection(response) | {"set-cookie"}  # a cookie is not set again
    fields = tuple(field for field in response.headers.raw if field[0].lower().decode("latin-1") not in left_out)
    return StoredAnswer(etag, fields, response.content, response.default_encoding)


def _updated(kept: StoredAnswer, response: httpx.Response) -> StoredAnswer:
    """The kept answer with the headers of a 304 in place of its own (RFC 9111, 3.2 and 4.3.4).

    Where that has a tag of another answer, it does not say anything of this one's headers.
    """
    etag = header_of(response, "etag")
    if etag is not None and _opaque(etag) != _opaque(kept.etag):
        return kept
    left_out = _OF_CONNECTION | _OF_CONTENT | _named_by_connection(response) | {"set-cookie", "etag"}
    fresh = [(name, value) for name, value in response.headers.raw if name.lower().decode("latin-1") not in left_out]
    replaced = {name.lower() for name, _ in fresh}
    return attrs.evolve(kept, fields=(*(field for field in kept.fields if field[0].lower() not in replaced), *fresh))


def _named_by_connection(response: httpx.Response) -> set[str]:
    return {name.strip().lower() for name in (header_of(response, "connection") or "").split(",")}


def _opaque(etag: str) -> str:
    """The tag without its weakness: tags are compared so for ``If-None-Match`` (RFC 9110, 13.1.2)."""
    return etag.removeprefix("W/")


def _served(answer: StoredAnswer, response: httpx.Response) -> LazyResponse:
    """*answer* as if it had come in place of *response*, which is a 304."""
    extensions = {name: value for name, value in response.extensions.items() if name != "reason_phrase"}
    return LazyResponse(
        200,
        answer.fields,
        request=response.request,
        extensions=extensions,
        content=answer.content,
        default_encoding=answer.default_encoding,
        elapsed=elapsed_of(response),
    )
