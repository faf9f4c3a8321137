"""What a call may override, and the call as a whole: values, checked when they are made, redacted when shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import httpx

from .._checks import check_kind, check_mapping, check_max_retries, check_progress, check_seconds
from .._redact import redact_url, redacted_headers
from .._types import AnyMapping, Content, Files, Headers, NotGiven, Progress, Query, TimeoutTypes, not_given

__all__ = ["FinalRequestOptions", "RequestOptions", "check_timeout", "make_request_options", "timeout_parts"]

PostParser = Callable[[Any], Any]


def _nothing() -> dict[str, Any]:
    return {}


def check_timeout(value: object) -> TimeoutTypes:
    """Return *value* if it can be a timeout: seconds, an `httpx.Timeout`, or None for no timeout."""
    if value is None or isinstance(value, httpx.Timeout):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"timeout must be seconds, an httpx.Timeout or None, got {value!r}")
    return check_seconds("timeout", value)


def timeout_parts(timeout: TimeoutTypes) -> dict[str, float | None]:
    """Seconds for each operation of a request, as httpx's extension ``timeout`` has them."""
    if isinstance(timeout, httpx.Timeout):
        return timeout.as_dict()
    return {"connect": timeout, "read": timeout, "write": timeout, "pool": timeout}


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, got {type(value).__name__}")


def _check_post_parser(value: object) -> None:
    if not callable(value):
        raise TypeError(f"post_parser must be a function of the parsed value, got {value!r}")


def _check_priority(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"priority must be an int, got {value!r}")


@attrs.frozen(kw_only=True, repr=False)
class RequestOptions:
    """What one call overrides. Everything left out is inherited from the client.

    The repr shows neither header values nor query values nor bodies.
    """

    headers: Headers = attrs.field(factory=_nothing)
    """Headers of this call, merged over the client's; `omit` removes one."""
    params: Query = attrs.field(factory=_nothing)
    """Query parameters of this call; they win over the URL's own and the client's."""
    extra_json: AnyMapping | None = None
    """Keys merged shallowly over the JSON body; they win."""
    timeout: TimeoutTypes | NotGiven = not_given
    """Seconds per operation of each attempt, an `httpx.Timeout`, or None for no timeout."""
    total_timeout: float | None | NotGiven = not_given
    """Seconds for the whole call with all attempts and waits; None for no bound."""
    max_retries: int | NotGiven = not_given
    """How many times this call may be retried."""
    idempotency_key: str | None = None
    """The key to send in place of a generated one."""
    follow_redirects: bool | None = None
    """Whether redirects are followed; None inherits the client's setting."""
    post_parser: PostParser | None = None
    """A function of the parsed value whose result is the call's."""
    priority: int = 0
    """The higher, the sooner this call's attempts go where they wait for a permit of ``max_concurrency``."""

    def __attrs_post_init__(self) -> None:
        # One function in place of a validator for each field: calls leave nearly everything out.
        if self.headers != {}:
            check_mapping("headers", self.headers)
        if self.params != {}:
            check_mapping("params", self.params)
        if self.extra_json is not None:
            check_mapping("extra_json", self.extra_json)
        if not isinstance(self.timeout, NotGiven):
            check_timeout(self.timeout)
        if self.total_timeout is not None and not isinstance(self.total_timeout, NotGiven):
            check_seconds("total_timeout", self.total_timeout)
        if not isinstance(self.max_retries, NotGiven):
            check_max_retries(self.max_retries)
        if self.idempotency_key is not None:
            check_kind("idempotency_key", self.idempotency_key, str)
        if self.follow_redirects is not None:
            check_kind("follow_redirects", self.follow_redirects, bool)
        if self.post_parser is not None:
            _check_post_parser(self.post_parser)
        if type(self.priority) is not int:
            _check_priority(self.priority)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._shown())})"

    def _shown(self) -> list[str]:
        shown: list[str] = []
        if self.headers:
            shown.append(f"headers={redacted_headers(self.headers)!r}")
        if self.params:
            shown.append(f"params={sorted(self.params)!r}")
        if self.extra_json:
            shown.append(f"extra_json={sorted(self.extra_json)!r}")
        shown += [
            f"{name}={value!r}"
            for name in ("timeout", "total_timeout", "max_retries", "follow_redirects", "post_parser")
            if not isinstance(value := getattr(self, name), NotGiven) and value is not None
        ]
        if self.idempotency_key is not None:
            shown.append("idempotency_key=...")
        if self.priority != 0:
            shown.append(f"priority={self.priority}")
        return shown


@attrs.frozen(kw_only=True, repr=False)
class FinalRequestOptions(RequestOptions):
    """One call as a whole: what `request` takes."""

    method: str
    """The HTTP method, in any case."""
    url: str
    """A path relative to the base URL, or an absolute URL."""
    json_data: object = not_given
    """The JSON body: an attrs instance, mapping, sequence or scalar. None is a body: ``null``."""
    content: Content | None = None
    """A raw body in place of a JSON one."""
    files: Files | None = None
    """Files of a multipart body, of which the keys of *json_data* are form fields."""
    progress: Progress | None = None
    """A function of the bytes of the body that were sent on this attempt, and of their total where it is known."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _check_text("method", self.method)
        _check_text("url", self.url)
        if self.progress is not None:
            check_progress(self.progress)
        if self.content is not None and not isinstance(self.json_data, NotGiven):
            raise TypeError("content and body exclude each other: give content=b'...' or body={...}, not both")
        if self.content is not None and self.files is not None:
            raise TypeError("content and files exclude each other: give content=b'...' or files={...}, not both")

    def _shown(self) -> list[str]:
        shown = [f"method={self.method!r}", f"url={redact_url(self.url)!r}", *super()._shown()]
        return shown + [f"{name}=..." for name in ("json_data", "content", "files") if self._has(name)]

    def _has(self, name: str) -> bool:
        value = getattr(self, name)
        return value is not None and not isinstance(value, NotGiven)


def make_request_options(
    *,
    query: Query | None = None,
    extra_headers: Headers | None = None,
    extra_query: Query | None = None,
    extra_body: AnyMapping | None = None,
    timeout: TimeoutTypes | NotGiven = not_given,
    total_timeout: float | None | NotGiven = not_given,
    max_retries: int | NotGiven = not_given,
    idempotency_key: str | None = None,
    follow_redirects: bool | None = None,
    post_parser: PostParser | None = None,
    priority: int = 0,
) -> RequestOptions:
    """Make the options of a call from the arguments of a resource method.

    Args:
        query: The parameters that the method itself gives.
        extra_headers: Headers that the method's caller adds; `omit` removes one.
        extra_query: Parameters that the caller adds; they win over *query*.
        extra_body: Keys merged shallowly over the JSON body; they win.
        timeout: Seconds per operation of each attempt, an `httpx.Timeout`, or None for no timeout.
        total_timeout: Seconds for the whole call with all attempts and waits; None for no bound.
        max_retries: How many times the call may be retried.
        idempotency_key: The key to send in place of a generated one.
        follow_redirects: Whether redirects are followed.
        post_parser: A function of the parsed value whose result is the call's.
        priority: The higher, the sooner the call's attempts go where they wait for a permit of ``max_concurrency``.

    Returns:
        The options, with everything left out inherited from the client.

    Raises:
        TypeError, ValueError: An argument cannot be what it is meant to be; the message names it.
    """
    return RequestOptions(
        headers=dict(extra_headers or {}),
        params={**(query or {}), **(extra_query or {})},
        extra_json=extra_body,
        timeout=timeout,
        total_timeout=total_timeout,
        max_retries=max_retries,
        idempotency_key=idempotency_key,
        follow_redirects=follow_redirects,
        post_parser=post_parser,
        priority=priority,
    )
