"""The exception by which a value that does not fit travels up, and the words in which it is told.

A structure hook that meets such a value raises `Mismatch` with what to keep in its place. The hook above catches it,
goes on with what was kept, and raises its own at the end: a value that fits costs nothing, and no state is shared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

__all__ = ["JSON_KINDS", "NOTHING", "Mismatch", "Problem", "below", "kind_name", "mismatch", "refusal", "shown", "step"]

Problem: TypeAlias = tuple[str, str, str]
"""The path below the value at hand, what was expected there, what was got."""

NOTHING: Final = "nothing"
"""What is got where a key is missing."""

JSON_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    list: "list",
    dict: "dict",
}
_SHOWN = 40  # characters of a wrong enum value that a problem shows
_MESSAGE_SHOWN = 200  # characters of the message of a validator or of a hook


class Mismatch(Exception):
    """A value does not fit, or something in it does not.

    Args:
        kept: What stands in its place: the value as it came, or as far as it could be built.
        problems: Each thing that does not fit.
    """

    def __init__(self, kept: Any, problems: list[Problem]) -> None:
        super().__init__()
        self.kept = kept
        self.problems = problems

    @property
    def is_own(self) -> bool:
        """Whether the value itself does not fit, not only something in it."""
        return any(not path for path, _, _ in self.problems)


def mismatch(value: object, expected: str, got: str | None = None) -> Mismatch:
    """The mismatch of *value* itself, which is kept as it came."""
    return Mismatch(value, [("", expected, kind_name(value) if got is None else got)])


def below(prefix: str, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of a part, as its whole sees them: *prefix* is the step from the whole to the part."""
    return [(prefix + path, expected, got) for path, expected, got in problems]


def step(key: str) -> str:
    """The step of a JSON path to the value of *key*: ``.price``, or ``["odd key"]``."""
    return f".{key}" if key.isidentifier() else f"[{json.dumps(key, ensure_ascii=False)}]"


def kind_name(value: object) -> str:
    """The JSON kind of *value* by the name that Python has for it, null apart."""
    return JSON_KINDS.get(type(value)) or type(value).__name__


def shown(value: object) -> str:
    """A scalar in its JSON form, cut to a length that fits in a line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def refusal(value: object, error: Exception) -> str:
    """What was got where *value* is of the right kind, but the application's own code refused it with *error*."""
    # attrs' validators put the attribute, the type and the value beside the message: only the message is told.
    message = " ".join(str(error.args[0] if error.args else type(error).__name__).split())
    return f"{kind_name(value)} ({message[:_MESSAGE_SHOWN]})"
