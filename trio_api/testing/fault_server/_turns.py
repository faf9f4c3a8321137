"""What a real server answers with, and whose turn it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast, final

import httpx

from .._fault import Stage
from .._reply import Reply
from .._route import reply_of
from ._served import ServedRequest
from ._wire_fault import End, WireFault

__all__ = ["Answering", "ServerAnswer", "Turns", "script_of"]

_Given: TypeAlias = "Reply | WireFault | httpx.Response | int | Mapping[str, Any] | Sequence[Any]"
Answering: TypeAlias = "Callable[[ServedRequest], _Given | Awaitable[_Given]]"
ServerAnswer: TypeAlias = "_Given | Answering"
"""A `Reply`; a `WireFault`; an `httpx.Response`; a status; the JSON of a success, a mapping or a list; or a plain or
async function of the request that gives one of these."""


def script_of(value: object) -> WireFault | Answering:
    """What a test gave as an answer, as the script of it or as the function that gives one.

    Raises:
        TypeError, ValueError: It can be none.
    """
    if isinstance(value, WireFault):
        return value
    if (reply := reply_of(value)) is not None:
        return WireFault.answering(reply)
    if callable(value) and not isinstance(value, type):
        return cast("Answering", value)
    raise TypeError(
        "an answer must be a Reply, a WireFault, a status, the JSON of a success (a mapping or a list), an "
        f"httpx.Response or a function of the request, got {value!r}; a real server raises nothing: in place of a "
        "Fault or an exception use WireFault.answering(End.RESET) or its like"
    )


@final
class Turns:
    """Gives the answers in turn, and the last one again and again.

    Raises:
        TypeError, ValueError: There is none, or one of them can be none.
    """

    def __init__(self, answers: Sequence[ServerAnswer]) -> None:
        if not answers:
            raise TypeError("a FaultServer needs an answer: FaultServer({'id': 1})")
        self._answers: Final = [script_of(answer) for answer in answers]
        last = self._answers[-1]
        if isinstance(last, WireFault) and last.stage is Stage.CONNECT and not isinstance(last.steps[-1], End):
            raise ValueError(f"the last answer is for all further attempts, and {last!r} answers nothing")
        self._given = 0

    @property
    def is_for_a_connection(self) -> bool:
        """Whether the next is what a new connection meets."""
        answer = self._next()
        return isinstance(answer, WireFault) and answer.stage is Stage.CONNECT

    def take(self) -> WireFault | Answering:
        """The next."""
        answer = self._next()
        self._given += 1
        return answer

    def _next(self) -> WireFault | Answering:
        return self._answers[min(self._given, len(self._answers) - 1)]
