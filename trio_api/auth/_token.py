"""A bearer token as a value that never shows itself."""

from __future__ import annotations

import math
import re
from typing import Any, Final, NoReturn, Self, final

import attrs

__all__ = ["Token", "as_token"]

# RFC 6750, section 2.1, has letters, digits and -._~+/= alone. Servers give more than that; what ends a header field
# or begins another is never right.
_SENDABLE: Final = r"[!-~]+"


def _sendable(instance: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"a token must be a str, got {type(value).__name__}")
    if not re.fullmatch(_SENDABLE, value):
        raise ValueError("a token must be visible ASCII characters without spaces; this one is empty or is not")


def _seconds(instance: object, attribute: attrs.Attribute[float | None], value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{attribute.name} must be a number of seconds or None, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{attribute.name} must be a finite number of seconds, got {value!r}; for no end, None")


@final
@attrs.frozen(repr=False)
class Token:
    """A bearer token, and how long it is good for. Its repr does not show it, and it can't be pickled.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message does not show the token.
    """

    value: str = attrs.field(validator=_sendable)
    """What is sent: ``Authorization: Bearer <value>``."""
    expires_in: float | None = attrs.field(default=None, kw_only=True, validator=_seconds)
    """Seconds from when it was asked for, as OAuth has it; None where that is not known. Default: None."""
    expires_at: float | None = attrs.field(default=None, kw_only=True, validator=_seconds)
    """Seconds since the epoch, as the ``exp`` of a JWT has it; None where that is not known. Default: None."""

    def __attrs_post_init__(self) -> None:
        if self.expires_in is not None and self.expires_at is not None:
            raise ValueError("expires_in and expires_at exclude each other: give the one that is known")

    def __repr__(self) -> str:
        return "<Token [redacted]>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Token can't be pickled: what is pickled is stored or sent, and a token must not be")

    def seconds_left(self, since: float, wall: float) -> float:
        """How long it is good for.

        Args:
            since: Seconds since it was asked for.
            wall: Now, in seconds since the epoch.

        Returns:
            Seconds; infinite where it is not known, negative where it is over.
        """
        if self.expires_in is not None:
            return self.expires_in - since
        return math.inf if self.expires_at is None else self.expires_at - wall


def as_token(value: Any) -> Token:
    """What an application's provider gave, as a token.

    Raises:
        TypeError: It is neither text nor a `Token`.
        ValueError: It is text that can't be sent.
    """
    if isinstance(value, Token):
        return value
    if not isinstance(value, str):
        raise TypeError(f"a provider of tokens must return a str or a trio_api.Token, got {type(value).__name__}")
    return Token(value)
