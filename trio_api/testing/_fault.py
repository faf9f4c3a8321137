"""How an attempt at a scripted API breaks before there is a response: what is met, and at which stage."""

from __future__ import annotations

import copy
import enum
from typing import Final, final

import attrs
import httpx

from .._checks import check_bytes, seconds_field

__all__ = ["Fault", "Stage", "after_bytes_field", "raised"]


class Stage(enum.Enum):
    """Where an attempt breaks."""

    CONNECT = "while connecting"
    SEND = "while sending"
    ANSWER = "before the answer"


_STAGES: Final[tuple[tuple[type[Exception], Stage], ...]] = (
    (httpx.ConnectError, Stage.CONNECT),
    (httpx.ConnectTimeout, Stage.CONNECT),
    (httpx.PoolTimeout, Stage.CONNECT),
    (httpx.ProxyError, Stage.CONNECT),
    (httpx.UnsupportedProtocol, Stage.CONNECT),
    (httpx.WriteError, Stage.SEND),
    (httpx.WriteTimeout, Stage.SEND),
)
"""The stage at which an error is met that says it by itself; others come in place of an answer."""


def _error(instance: object, attribute: attrs.Attribute[Exception], value: object) -> None:
    if not isinstance(value, Exception):
        raise TypeError(f"error must be an exception, such as httpx.ReadError('reset'), got {value!r}")


def after_bytes_field(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    """Validate a field that says after how many bytes something breaks."""
    check_bytes(attribute.name, value, least=0)


@final
@attrs.frozen
class Fault:
    """An attempt that breaks before there is a response; for one that breaks within its body see `Reply.cut`.

    Made by `connecting`, `sending` and `answering`. An exception alone, in place of a fault, breaks the attempt where
    such exceptions come from: an `httpx.ConnectError` while connecting, an `httpx.WriteError` while sending, others
    before the answer.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    stage: Stage
    """Where it breaks."""
    error: Exception = attrs.field(validator=_error)
    """What the client meets: a copy of it, each time."""
    delay: float = attrs.field(default=0.0, validator=seconds_field)
    """Seconds that pass at that stage before; a timeout of the client that is shorter comes first."""
    after_bytes: int = attrs.field(default=0, validator=after_bytes_field)
    """How many bytes of the request's body are taken before it breaks while sending."""

    @classmethod
    def connecting(cls, error: Exception | None = None, *, delay: float = 0.0) -> Fault:
        """No connection comes about: nothing is sent.

        Args:
            error: What the client meets. Default: an `httpx.ConnectError`.
            delay: Seconds that pass before. Default: 0.
        """
        return cls(Stage.CONNECT, error or httpx.ConnectError("Connection refused"), delay)

    @classmethod
    def sending(cls, error: Exception | None = None, *, after_bytes: int = 0, delay: float = 0.0) -> Fault:
        """It breaks while the request is sent.

        Args:
            error: What the client meets. Default: an `httpx.WriteError`.
            after_bytes: How many bytes of the request's body are taken before. Default: 0.
            delay: Seconds that pass before. Default: 0.
        """
        return cls(Stage.SEND, error or httpx.WriteError("Broken pipe"), delay, after_bytes)

    @classmethod
    def answering(cls, error: Exception | None = None, *, delay: float = 0.0) -> Fault:
        """The request is there as a whole, and no answer comes.

        Args:
            error: What the client meets. Default: an `httpx.RemoteProtocolError`.
            delay: Seconds that pass before. Default: 0.
        """
        return cls(Stage.ANSWER, error or httpx.RemoteProtocolError("Server disconnected without a response"), delay)

    @classmethod
    def of(cls, error: Exception) -> Fault:
        """The fault by which *error* is met, at the stage where such errors come from."""
        stage = next((stage for kind, stage in _STAGES if isinstance(error, kind)), Stage.ANSWER)
        return cls(stage, error)


def raised(error: Exception, request: httpx.Request) -> Exception:
    """A copy of a scripted *error*, for one attempt: what is raised gathers tracebacks and contexts."""
    fresh = copy.copy(error)
    if isinstance(fresh, httpx.RequestError):
        fresh.request = request
    return fresh
