"""Which requests a scripted API answers, and with what: a route, its pattern and the answers it gives in turn."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast, final
from urllib.parse import quote

import attrs
import httpx

from ..request import Origin, origin_of
from ._attempts import Journal, Journaled, MockAttempt
from ._fault import Fault, Stage
from ._reply import Reply

__all__ = ["Answer", "Answerer", "Pattern", "Route", "answer_of", "asked", "reply_of"]

Given: TypeAlias = "Reply | httpx.Response | int | Mapping[str, Any] | Sequence[Any] | Fault | Exception"
Answerer: TypeAlias = "Callable[[httpx.Request], Given | Awaitable[Given]]"
Answer: TypeAlias = "Given | Answerer"
"""A `Reply`; an `httpx.Response`; a status; the JSON of a success, a mapping or a list; a `Fault`; an exception; or a
plain or async function of the request that gives one of these."""

_PATH_SAFE: Final = "/%!$&'()+,;=:@~"  # RFC 3986, 3.3: pchar, and what is quoted already
_PLACEHOLDER: Final = r"(\{\w*\}|\*)"


def reply_of(value: object) -> Reply | None:
    """The reply that a test gave in one of its forms; None where *value* is none of them.

    Raises:
        TypeError, ValueError: It is one, but of what can't be replied.
    """
    match value:
        case Reply():
            return value
        case httpx.Response():
            return Reply.of(value)
        case bool() | str() | bytes() | bytearray() | None:
            return None
        case int():
            return Reply(value)
        case Mapping() | Sequence():
            return Reply(json=cast("object", value))
        case _:
            return None


def answer_of(value: object) -> Reply | Fault | Answerer:
    """What a test gave as an answer, in one of three forms.

    Raises:
        TypeError, ValueError: It can be none.
    """
    if isinstance(value, Fault):
        return value
    if isinstance(value, Exception):
        return Fault.of(value)
    if (reply := reply_of(value)) is not None:
        return reply
    if callable(value) and not isinstance(value, type):
        return cast("Answerer", value)
    raise TypeError(
        "an answer must be a Reply, a status, the JSON of a success (a mapping or a list), an httpx.Response, a Fault, "
        f"an exception or a function of the request, got {value!r}; for text or bytes use Reply(content=b'...')"
    )


async def asked(answerer: Answerer, request: httpx.Request) -> Reply | Fault:
    """What a function makes of *request*, whose body is there.

    Raises:
        TypeError, ValueError: It is no answer.
        Exception: Whatever the function raises.
    """
    given = answerer(request)
    answer = answer_of(await given if inspect.isawaitable(given) else given)
    if not isinstance(answer, (Reply, Fault)):
        raise TypeError(f"{answerer!r} has to give an answer, and gave another function: {answer!r}")
    if isinstance(answer, Fault) and answer.stage is not Stage.ANSWER:
        raise TypeError(f"{answerer!r} was asked when the request had come: it is too late for {answer!r}")
    return answer  # noqa: ASYNC910  # the function may be plain


@final
@attrs.frozen
class Pattern:
    """Which requests are meant: those of a method, to a path on any origin or to a whole URL."""

    method: str
    """In upper case; ``*`` for any."""
    text: str
    """As it was given."""
    origin: Origin | None
    """None for any."""
    path: re.Pattern[str] = attrs.field(repr=False)
    query: tuple[tuple[str, str], ...]
    """What the query has to have among others."""

    @classmethod
    def parse(cls, method: str, text: str) -> Pattern:
        """Read a pattern.

        Raises:
            TypeError, ValueError: It is none.
        """
        for name, value in (("method", method), ("pattern", text)):
            if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"{name} must be a str, got {value!r}")
        authority = re.match(r"https?://[^/?*{}]+", text)
        rest = text if authority is None else text[authority.end() :]
        path, _, query = rest.partition("?")
        if not path.startswith(("/", "*")):
            raise ValueError(f"pattern must be a path, '/items/{{id}}', '*', or a whole URL with one, got {text!r}")
        origin = None if authority is None else origin_of(httpx.URL(authority[0]))
        parts = [cls._part(part) for part in re.split(_PLACEHOLDER, path)]
        pairs = tuple(httpx.QueryParams(query).multi_items())
        return cls(method.upper(), text, origin, re.compile("".join(parts)), pairs)

    @staticmethod
    def _part(part: str) -> str:
        if part == "*":
            return ".*"
        return "[^/]+" if part.startswith("{") else re.escape(quote(part, safe=_PATH_SAFE))

    def fits(self, request: httpx.Request) -> bool:
        """Whether *request* is meant."""
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        return (
            self.method in ("*", request.method)
            and (self.origin is None or self.origin == origin_of(request.url))
            and self.path.fullmatch(path) is not None
            and not set(self.query) - set(request.url.params.multi_items())
        )

    def __str__(self) -> str:
        return f"{self.method} {self.text}"


@final
class Route(Journaled):
    """The requests that fit a pattern, and the answers to them. Made by `MockAPI.route` and its like.

    Its journal and its assertions are about these requests alone.
    """

    def __init__(self, journal: Journal, pattern: Pattern, answers: Sequence[Answer], *, repeat: bool) -> None:
        if not answers:
            raise TypeError(f"a route needs an answer: api.route({pattern.method!r}, {pattern.text!r}, 200)")
        super().__init__(journal)
        self.pattern: Final = pattern
        self._answers: Final = [answer_of(answer) for answer in answers]
        self._repeat: Final = repeat
        self._taken: Final[list[int]] = []  # where its attempts stand in the journal

    @property
    def journal(self) -> tuple[MockAttempt, ...]:
        """The attempts that fit, in the order in which they came."""
        return tuple(self._journal.attempts[index] for index in self._taken)

    def take(self, index: int) -> Reply | Fault | Answerer | None:
        """The answer to the next request, which stands at *index* of the journal; None where all were given."""
        turn = len(self._taken)
        self._taken.append(index)
        if turn < len(self._answers):
            return self._answers[turn]
        return self._answers[-1] if self._repeat else None

    def __repr__(self) -> str:
        return f"<Route {self.pattern}, {len(self._taken)} attempts>"
