"""A response or exception once more, for another who waited for it: nobody sees what the others do with theirs."""

from __future__ import annotations

import contextlib
import copy

import attrs
import httpx

from .._errors import APIError
from .._redact import RedactedRequest
from ._lazy_response import LazyResponse, elapsed_of

__all__ = ["duplicate_error", "duplicate_response"]


def duplicate_response(response: httpx.Response, request: httpx.Request | None = None) -> LazyResponse:
    """A response that says all that *response* does, which was read.

    Args:
        response: The response.
        request: What it is to be the answer to. Default: what it was, which had no body.
    """
    if request is None:
        with contextlib.suppress(RuntimeError):  # httpx: the response was made by hand, without a request
            request = _duplicate_request(response.request)
    return LazyResponse(
        response.status_code,
        tuple(response.headers.raw),
        request=request,
        extensions=dict(response.extensions),
        content=response.content,
        default_encoding=response.default_encoding,
        elapsed=elapsed_of(response),
    )


def duplicate_error(error: Exception) -> Exception:
    """An exception that says all that *error* does: class, arguments, attributes, cause, notes and traceback.

    Raised by several tasks, one exception would have a traceback of all of them. Where its class does not let another
    be made there is only the one.
    """
    duplicate = _remade(error)
    if duplicate is error:
        return error
    duplicate.__cause__, duplicate.__context__ = error.__cause__, error.__context__
    duplicate.__suppress_context__ = error.__suppress_context__
    if notes := getattr(error, "__notes__", None):
        duplicate.__notes__ = list(notes)
    if isinstance(duplicate, APIError):
        _separate(duplicate, error)
    return duplicate.with_traceback(error.__traceback__)


def _duplicate_request(request: httpx.Request) -> RedactedRequest:
    return RedactedRequest(request.method, request.url, headers=request.headers, extensions=dict(request.extensions))


def _remade(error: Exception) -> Exception:
    if isinstance(error, APIError):  # copied as it is pickled it would lack what is secret
        return _made_bare(error)
    for remake in (copy.copy, _made_bare):
        with contextlib.suppress(Exception):  # whatever the application's own class may say to this
            duplicate: Exception = remake(error)
            if type(duplicate) is type(error):
                return duplicate
    return error


def _made_bare(error: Exception) -> Exception:
    """Another exception without running its constructor, which may want more than its arguments."""
    duplicate = type(error).__new__(type(error), *error.args)
    duplicate.args = error.args
    vars(duplicate).update(vars(error))
    return duplicate


def _separate(duplicate: APIError, error: Exception) -> None:
    """Have *duplicate* share nothing with *error* that somebody could change."""
    response = getattr(duplicate, "response", None)
    if isinstance(response, httpx.Response):
        vars(duplicate)["response"] = duplicate_response(response)
    if duplicate.request is not None:
        duplicate.request = _duplicate_request(duplicate.request)
    duplicate.body = copy.deepcopy(duplicate.body)
    duplicate.attempts = tuple(
        attrs.evolve(record, error=duplicate) if record.error is error else record for record in duplicate.attempts
    )
