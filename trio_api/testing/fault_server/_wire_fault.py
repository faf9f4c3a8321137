"""What a real server does to one attempt, byte by byte: a script of steps, when it begins, and how it ends."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TypeAlias, final

import attrs
import httpx

from ..._checks import check_count, check_seconds
from .._fault import Stage, after_bytes_field
from .._reply import Reply
from ._rendered import rendered

__all__ = ["End", "Step", "WireFault", "end_of"]


class End(enum.Enum):
    """How a connection to a `FaultServer` ends, or that it does not."""

    CLOSE = "closed"
    """It is closed as it should be: TLS says so (close_notify), then TCP does (FIN). What still comes is read and
    thrown away until the client has gone, as nginx's lingering close does, so that no reset overtakes what was sent."""
    DROP = "dropped"
    """TCP is closed in the same way, but TLS says nothing, as when a process was killed or somebody cuts the line.
    Without TLS the same as `CLOSE`."""
    RESET = "reset"
    """It is reset (RST), which may overtake what was sent just before."""
    STALL = "stalled"
    """Nothing more is sent. What comes is read and thrown away until the client has gone."""
    FREEZE = "frozen"
    """Nothing more is sent, and nothing read either, until the block of the server ends: an upload gets stuck."""


Step: TypeAlias = "bytes | float | Reply | End"
"""Bytes that are sent as they stand; seconds that pass; a response, sent as it should be, or as far as it is cut; and
as the last, the end of the connection."""


def _steps(value: Iterable[Step]) -> tuple[Step, ...]:
    steps = tuple(value)
    if not steps:
        raise TypeError("a WireFault needs a step: WireFault.answering(End.RESET)")
    for number, step in enumerate(steps):
        match step:
            case End():
                if number < len(steps) - 1:
                    raise ValueError(f"a step stands behind {step}, which is the end of the connection")
            case bytes() | Reply():
                pass
            case _:
                check_seconds("a step that is neither bytes nor a Reply nor an End", step)
    return steps


def _stage(instance: object, attribute: attrs.Attribute[Stage], value: object) -> None:
    if not isinstance(value, Stage):
        raise TypeError(
            f"stage must be one of those of Fault, got {value!r}; use WireFault.answering(...) and its like"
        )


@final
@attrs.frozen
class WireFault:
    """What a `FaultServer` does to one attempt in place of a proper answer. What is no fault can be said too.

    Made by `connecting`, `sending` and `answering`, from steps: ``bytes`` are sent as they stand, a number lets seconds
    pass, a `Reply` is sent as it should be, as far as it is not `Reply.cut`, and an `End` is the last.

    Where there is no `End` the connection goes on as if nothing were, unless the last step is a reply that says
    ``Connection: close``, or a cut one: behind it the connection is dropped, or reset where the cut has an error of its
    own.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    steps: tuple[Step, ...] = attrs.field(converter=_steps)
    """What is done, in turn."""
    stage: Stage = attrs.field(default=Stage.ANSWER, validator=_stage)
    """When it begins."""
    after_bytes: int = attrs.field(default=0, validator=after_bytes_field)
    """How many bytes of the request's body are taken before it begins, at the least, while sending."""

    @classmethod
    def connecting(cls, *steps: Step) -> WireFault:
        """It begins as soon as a connection is made, before TLS, of which bytes and replies know nothing.

        It is for a new connection: one that is open is closed before it is its turn.
        """
        return cls(steps, Stage.CONNECT)

    @classmethod
    def sending(cls, *steps: Step, after_bytes: int = 0) -> WireFault:
        """It begins when a request's head is there and *after_bytes* of its body; the rest is not read meanwhile.

        Where the connection goes on, it is read then.
        """
        return cls(steps, Stage.SEND, after_bytes)

    @classmethod
    def answering(cls, *steps: Step) -> WireFault:
        """It begins when the request is there as a whole."""
        return cls(steps, Stage.ANSWER)

    @classmethod
    def drip(cls, reply: Reply, *, every: float, size: int = 1) -> WireFault:
        """*reply* comes in drops, its head too.

        Args:
            reply: What is answered, not to a HEAD.
            every: How many seconds lie between two drops.
            size: How many bytes a drop has. Default: 1.
        """
        check_seconds("every", every)
        check_count("size", size)
        _check_reply(reply)
        steps: list[Step] = []
        for piece in rendered(reply):
            if isinstance(piece, bytes):
                for start in range(0, len(piece), size):
                    steps += [piece[start : start + size], every]
            else:
                steps.append(piece)
        end = end_of(reply)
        return cls.answering(*steps, *([] if end is None else [end]))

    @classmethod
    def bad_chunk(cls, reply: Reply | None = None, *, size: bytes = b"not-hex") -> WireFault:
        """*reply* comes in chunks, and in place of the last one that has no size; then the connection is closed.

        Args:
            reply: What is begun to be answered. Default: a success of which nothing came yet.
            size: What stands in place of the size of the chunk.
        """
        begun = Reply() if reply is None else _check_reply(reply)
        headers = [pair for pair in begun.all_headers().multi_items() if pair[0].lower() != "content-length"]
        chunked = Reply(begun.status, pieces=begun.script(), headers=headers, delay=begun.delay)
        return cls.answering(chunked.cut(), size + b"\r\nabc\r\n", End.CLOSE)


def end_of(reply: Reply, *, closes: bool = False) -> End | None:
    """How a connection ends behind *reply*; None: it goes on.

    Args:
        reply: What was sent, as far as it goes.
        closes: Whether it is to end in any case.
    """
    match reply.broken_by:
        case None:
            says_so = reply.headers.get("Connection", "").lower() == "close"
            return End.CLOSE if closes or says_so else None
        case httpx.RemoteProtocolError():
            return End.DROP
        case _:
            return End.RESET


def _check_reply(value: object) -> Reply:
    if not isinstance(value, Reply):
        raise TypeError(f"reply must be a Reply, got {value!r}")
    return value
