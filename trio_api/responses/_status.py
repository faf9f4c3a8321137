"""From an error response to its error: the message, and the body as the error carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from .._checks import is_mapping
from .._errors import APIStatusError
from ..models import NotJSON, dumps, loads

__all__ = ["make_status_error"]

_MESSAGE_KEYS: Final = ("message", "detail", "error_description", "title", "error")
"""Where the message stands: the large vendors' APIs, FastAPI and DRF, OAuth 2 (RFC 6749), RFC 9457, plain ones."""
_LONGEST_MESSAGE: Final = 10_000  # characters of a message that the error's own shows; the whole is in its body
_LONGEST_EXCERPT: Final = 500  # characters of a body without a message of its own that the error's message shows

StatusErrorFactory = Callable[..., APIStatusError]


def make_status_error(response: httpx.Response, factory: StatusErrorFactory) -> APIStatusError:
    """Make the error of *response*, whose status is 400 or more.

    Args:
        response: The response, read.
        factory: Called as ``factory(message, body=..., response=...)``; the client's ``_make_status_error``.

    Returns:
        The error: its `body` is the JSON, unwrapped from ``{"error": ...}`` where that is an object, or the text.
    """
    body = _body_of(response)
    outer: Mapping[str, object] = body if is_mapping(body) else {}
    inner = outer.get("error")
    if is_mapping(inner):
        body = inner
    sources = [source for source in (inner, outer) if is_mapping(source)]
    text = _message_of(sources) or _excerpt(response, body)
    message = f"Error code: {response.status_code}" + (f" - {text}" if text else "")
    error = factory(message, body=body, response=response)
    for name in ("code", "param", "type"):
        if getattr(error, name) is None and isinstance(value := outer.get(name), (str, int, float)):
            setattr(error, name, str(value))
    return error


def _body_of(response: httpx.Response) -> Any:
    if not response.content:
        return None
    try:
        return loads(response.content)
    except NotJSON:
        return response.text


def _message_of(sources: list[Mapping[str, object]]) -> str | None:
    for source in sources:
        for key in _MESSAGE_KEYS:
            value = source.get(key)
            if isinstance(value, str) and value:
                return _cut(value, _LONGEST_MESSAGE)
    return None


def _excerpt(response: httpx.Response, body: object) -> str | None:
    if isinstance(body, str):
        markup = "html" in response.headers.get("content-type", "").lower() or body.lstrip().startswith("<")
        text = "" if markup else " ".join(body.split())
    else:
        text = _compact(body) if body else ""
    return _cut(text, _LONGEST_EXCERPT)


def _compact(body: object) -> str:
    try:
        return dumps(body).decode()
    except ValueError:  # read it could be, but it is nested too deeply to be written again
        return ""


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + "..."
