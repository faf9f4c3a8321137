"""What goes wrong in a simulation, how often and how badly: a policy as a value."""

from __future__ import annotations

from typing import final

import attrs

from ..._checks import check_seconds, count_field, fraction_field

__all__ = ["Chaos"]


def _finite(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    check_seconds(attribute.name, value, finite=True)


@final
@attrs.frozen(kw_only=True)
class Chaos:
    """What goes wrong between a client and the server of a simulation. Each thing is drawn on its own.

    Raises:
        TypeError, ValueError: A field can't be what it is meant to be; the message names it.
    """

    latency: float = attrs.field(default=0.05, validator=_finite)
    """The most seconds that a piece of bytes is under way, and that connecting takes."""
    split: float = attrs.field(default=0.2, validator=fraction_field)
    """The probability that what is sent at once comes in pieces."""
    buffer: int = attrs.field(default=16_384, validator=count_field)
    """The most bytes that are under way in one direction of a connection: beyond, the sender has to wait."""
    refused: float = attrs.field(default=0.02, validator=fraction_field)
    """The probability that a connect is refused."""
    unreachable: float = attrs.field(default=0.01, validator=fraction_field)
    """The probability that a connect comes to nothing: the client's timeout has to end it."""
    broken: float = attrs.field(default=0.02, validator=fraction_field)
    """The probability that the connection breaks within what is sent at once, by a reset or by an end, wherever that
    is: so requests come in part, and answers too, whose request had its effect."""
    silent: float = attrs.field(default=0.005, validator=fraction_field)
    """The probability that nothing more comes of what is sent from somewhere on: a timeout has to end it."""
    closed: float = attrs.field(default=0.05, validator=fraction_field)
    """The probability that the server closes the connection after an answer, which it didn't announce."""
    unavailable: float = attrs.field(default=0.03, validator=fraction_field)
    """The probability that the server answers 503 or 429, and the request has no effect."""
    failed: float = attrs.field(default=0.02, validator=fraction_field)
    """The probability that the server answers 500, 502 or 504 once the request had its effect."""
    lost: float = attrs.field(default=0.03, validator=fraction_field)
    """The probability that the server gives no answer once the request had its effect, and closes the connection."""
    slow: float = attrs.field(default=0.05, validator=fraction_field)
    """The probability that an answer takes longer."""
    slowness: float = attrs.field(default=5.0, validator=_finite)
    """The most seconds that such an answer takes."""

    @classmethod
    def none(cls) -> Chaos:
        """Nothing goes wrong, nothing is split, and nothing takes time but what the answers themselves say."""
        return cls(
            latency=0.0,
            split=0.0,
            refused=0.0,
            unreachable=0.0,
            broken=0.0,
            silent=0.0,
            closed=0.0,
            unavailable=0.0,
            failed=0.0,
            lost=0.0,
            slow=0.0,
        )
