"""A call as the client's user describes it, and as the drivers drive it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, TypeAlias, get_args, get_origin

import attrs
import httpx

from .._checks import is_mapping
from ..flow import CallFlow
from ..request import Body, FinalRequestOptions, RequestOptions
from ..responses import BaseAPIResponse

__all__ = ["Call", "OptionsTypes", "final_options", "split_wrapper", "whole_options"]

OptionsTypes: TypeAlias = RequestOptions | Mapping[str, Any]

_OVERRIDES = tuple(field.name for field in attrs.fields(RequestOptions))
_ALL = tuple(field.name for field in attrs.fields(FinalRequestOptions))


def final_options(method: str, url: str, options: OptionsTypes | None, **given: Any) -> FinalRequestOptions:
    """The whole call that a verb asks for: its own arguments, and what *options* override.

    Raises:
        TypeError: *options* is neither a `RequestOptions` nor a mapping, or names no field.
    """
    overrides = {} if options is None else _as_fields(options, _OVERRIDES)
    return FinalRequestOptions(method=method, url=url, **given, **overrides)


def whole_options(options: FinalRequestOptions | Mapping[str, Any]) -> FinalRequestOptions:
    """The whole call that `request` is given.

    Raises:
        TypeError: *options* is neither options nor a mapping, or names no field.
    """
    return options if isinstance(options, FinalRequestOptions) else FinalRequestOptions(**_as_fields(options, _ALL))


def _as_fields(options: OptionsTypes, names: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(options, RequestOptions):
        return {name: getattr(options, name) for name in names if hasattr(options, name)}
    if not is_mapping(options):
        raise TypeError(
            f"options must be a RequestOptions or a mapping with its field names, got {type(options).__name__}"
        )
    for name in options:
        if name not in names:
            raise TypeError(f"options has no field {name!r}; there are {', '.join(names)}")
    return dict(options)


@attrs.define(repr=False)
class Call:
    """One call, ready to be driven."""

    options: FinalRequestOptions
    body: Body
    flow: CallFlow
    total_timeout: float
    """Seconds for the whole call; infinite where it has no bound."""
    follow_redirects: bool
    """Whether redirects are followed."""
    _idempotency_key: str | None = None

    @property
    def idempotency_key(self) -> str:
        """Generated once it is asked for, and the same on every attempt."""
        if self._idempotency_key is None:
            self._idempotency_key = f"{uuid.uuid4()}"
        return self._idempotency_key

    def is_read_at_once(self, response: httpx.Response) -> bool:
        """Whether *response* is no success to be left open: an error, or a redirect to be followed."""
        return response.status_code >= 400 or (self.follow_redirects and response.has_redirect_location)


def split_wrapper(cast_to: Any) -> tuple[type[BaseAPIResponse[Any]] | None, Any]:
    """``APIResponse[Item]`` as its class and ``Item``; any other type as None and itself."""
    kind: Any = cast_to  # apart, since checkers would narrow it
    if type(kind) is type and not issubclass(kind, BaseAPIResponse):
        return None, cast_to  # most calls
    origin = get_origin(cast_to) or cast_to
    if isinstance(origin, type) and issubclass(origin, BaseAPIResponse):
        wrapper: type[BaseAPIResponse[Any]] = origin  # pyright: ignore[reportUnknownVariableType]  # mypy takes a cast for redundant
        return wrapper, next(iter(get_args(cast_to)), object)
    return None, cast_to
