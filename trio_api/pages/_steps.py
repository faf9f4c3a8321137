"""From one page's request to another's: what changes, where it may lead, and when two requests are the same."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

import attrs
import httpx

from .._redact import redact_url
from .._types import NotGiven
from ..models import unstructure
from ..request import FinalRequestOptions, Origins, followed_url
from ._info import PageInfo

__all__ = ["FIRST_PAGE", "PagedList", "Position", "Step", "next_options"]


@attrs.frozen(repr=False)
class Step:
    """What the request of a page changes in the request of its list."""

    url: str | None = None
    """An absolute URL in place of the list's URL and parameters."""
    params: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """Query parameters over those of the list, or over those of `url`."""
    json: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """Keys over those of the list's JSON body."""

    @functools.cached_property
    def digest(self) -> int:
        """64 bits that are the same for the same request.

        The order of parameters does not count; nor, in the query, does the difference of a number and its text.
        """
        url, _, query = (self.url or "").partition("?")
        text = "\n".join([url, *sorted(query.split("&")), _plain(self.params, str), _plain(self.json, repr)])
        return int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big")

    def may_be(self, other: Step) -> bool:
        """Whether both could ask for the same page: they do, or one is a link and the other is not."""
        return (self.url is None) != (other.url is None) or self.digest == other.digest


def _plain(value: Any, scalar: Callable[[object], str]) -> str:
    if isinstance(value, (str, int)):  # nearly always; the others are asked for through ABCs, which take longer
        return repr(scalar(value))
    if isinstance(value, Mapping):
        fields = cast("Mapping[object, object]", value)
        inner = sorted(f"{key!r}:{_plain(fields[key], scalar)}" for key in fields)
        return "{" + ",".join(inner) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        items = cast("Sequence[object]", value)
        return "[" + ",".join(_plain(item, scalar) for item in items) + "]"
    return repr(scalar(value))


def _changes(new: Mapping[str, Any], old: Mapping[str, Any], scalar: Callable[[object], str]) -> dict[str, Any]:
    """What of *new* differs from *old*: so a page that names the first one again is found out."""
    return {
        key: value for key, value in new.items() if key not in old or _plain(value, scalar) != _plain(old[key], scalar)
    }


FIRST_PAGE: Final = Step()


class Position(NamedTuple):
    """A page that is still to be given out, whole or in part."""

    step: Step = FIRST_PAGE
    """Its request."""
    skip: int = 0
    """How many of its items were given out already."""
    follow: bool = True
    """Whether the pages after it are still to come too."""


@attrs.frozen(repr=False, kw_only=True)
class PagedList:
    """A list that comes in pages: how to ask for it, where its links may lead, and where to begin."""

    options: FinalRequestOptions
    """The request of its first page."""
    origins: Origins
    """The origins that next links may lead to."""
    idempotency_header: str | None = "Idempotency-Key"
    """The header that is never sent twice with the same value, or None."""
    positions: tuple[Position, ...] = (Position(),)
    """The pages to begin with."""
    max_pages: int | None = None
    """The most pages that it may have, counted from there; None for no bound."""

    def step_after(self, step: Step, info: PageInfo, page_url: httpx.URL) -> Step:
        """Find the request of the page that a page names.

        Args:
            step: The request of the page that names it.
            info: What the page says.
            page_url: The URL of that page's response.

        Raises:
            CrossOriginError: The link leads to an origin that is neither trusted nor the list's own.
            ValueError: The link is no URL.
            TypeError: The page is asked for by keys of the JSON body, and the body of the list has no keys.
        """
        if not isinstance(info.url, NotGiven):
            return Step(self._checked_link(info.url, page_url), {}, step.json)
        if not isinstance(info.params, NotGiven):
            own: Mapping[str, Any] = self.options.params if step.url is None else {}
            return Step(step.url, _changes({**step.params, **info.params}, own, str), step.json)
        assert not isinstance(info.json, NotGiven)
        return Step(step.url, step.params, _changes({**step.json, **info.json}, self._body(), repr))

    def check(self, step: Step) -> None:
        """Refuse a step that was not made here: one of a token.

        Raises:
            CrossOriginError, ValueError, TypeError: As from `step_after`.
        """
        if step.url is not None:
            self._checked_link(step.url, None)
        if step.json:
            self._body()

    def options_at(self, step: Step) -> FinalRequestOptions:
        """The request of a page. Only the first one carries the idempotency key that the caller gave."""
        if step == FIRST_PAGE:
            return self.options
        options, name = self.options, (self.idempotency_header or "").lower()
        changes: dict[str, Any] = {
            "idempotency_key": None,
            "headers": {key: value for key, value in options.headers.items() if key.lower() != name},
        }
        if step.url is not None:
            changes |= {"url": step.url, "params": step.params}
        else:
            changes["params"] = {**options.params, **step.params}
        if step.json:
            extra = {key: value for key, value in (options.extra_json or {}).items() if key not in step.json}
            changes |= {"json_data": {**self._body(), **step.json}, "extra_json": extra or None}
        return attrs.evolve(options, **changes)

    def _body(self) -> Mapping[str, Any]:
        body = self.options.json_data
        if self.options.content is None and self.options.files is None:
            if body is None or isinstance(body, NotGiven):
                return {}
            if attrs.has(type(body)):
                body = unstructure(body)
            if isinstance(body, Mapping):
                return cast("Mapping[str, Any]", body)
        raise TypeError(
            "the next page is asked for by keys of the JSON body, so the body of the list must be a mapping or an "
            "attrs instance: get_api_list(..., body={...})"
        )

    def _checked_link(self, link: str | httpx.URL, page_url: httpx.URL | None) -> str:
        source = "the checkpoint" if page_url is None else f"the page at {redact_url(page_url)}"
        return followed_url(link, self.origins, own=self.options.url, told=f"{source} names a next page", base=page_url)


def next_options(
    options: FinalRequestOptions,
    info: PageInfo,
    page_url: httpx.URL,
    origins: Origins,
    idempotency_header: str | None = "Idempotency-Key",
) -> FinalRequestOptions:
    """The request of the page that a page names.

    Args:
        options: The request that gave the page.
        info: What the page says.
        page_url: The URL of the page's response.
        origins: The origins that the link may lead to.
        idempotency_header: The header that is never sent twice with the same value, or None.

    Raises:
        CrossOriginError: The link leads to an origin that is neither trusted nor the request's own.
        ValueError: The link is no URL.
        TypeError: The page is asked for by keys of the JSON body, and the body of the request has no keys.
    """
    request = PagedList(options=options, origins=origins, idempotency_header=idempotency_header)
    return request.options_at(request.step_after(FIRST_PAGE, info, page_url))
