"""Answers that are kept to be asked about again: as many as there is room for, those used last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, NamedTuple, final

import attrs

__all__ = ["AnswerKey", "AnswerStore", "StoredAnswer"]

_OVERHEAD: Final = 500  # bytes; about what an answer takes beside its body and headers


class AnswerKey(NamedTuple):
    """What an answer is known by. It holds digests only."""

    url: bytes
    """Of the URL."""
    request: bytes
    """Of the request as a whole, with its credentials."""
    credentials: Hashable
    """Stands for those that were not in the request yet."""


def _size_of(answer: StoredAnswer) -> int:
    return _OVERHEAD + len(answer.content) + sum(len(name) + len(value) for name, value in answer.fields)


@final
@attrs.frozen(repr=False)
class StoredAnswer:
    """A response of status 200 with its body, which has an entity tag."""

    etag: str
    """The tag as the server wrote it."""
    fields: tuple[tuple[bytes, bytes], ...]
    """The headers."""
    content: bytes
    """The decoded body."""
    default_encoding: str | Callable[[bytes], str] = "utf-8"
    """What its text is decoded by where no charset is given, as httpx has it."""
    size: int = attrs.field(init=False, default=attrs.Factory(_size_of, takes_self=True))
    """Bytes, of all that there is of it."""


@final
class AnswerStore:
    """The answers used last, within two bounds.

    Args:
        max_entries: The most answers.
        max_bytes: The most bytes of all of them.
    """

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries: Final = max_entries
        self._max_bytes: Final = max_bytes
        self._answers: Final[OrderedDict[AnswerKey, StoredAnswer]] = OrderedDict()
        self._by_url: Final[dict[bytes, set[AnswerKey]]] = {}
        self.size: int = 0
        """Bytes of all answers."""

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: AnswerKey) -> StoredAnswer | None:
        """The answer that is known by *key*; it is the one used last now."""
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def put(self, key: AnswerKey, answer: StoredAnswer | None) -> None:
        """Put *answer* in the place of the one there was; None, or one that is too large, leaves the place empty."""
        self._drop(key)
        if answer is None or answer.size > self._max_bytes:
            return
        self._answers[key] = answer
        self._by_url.setdefault(key.url, set()).add(key)
        self.size += answer.size
        while self.size > self._max_bytes or len(self._answers) > self._max_entries:
            self._drop(next(iter(self._answers)))

    def drop_url(self, url: bytes) -> None:
        """Drop all answers that came from *url*, whoever asked."""
        for key in tuple(self._by_url.get(url, ())):
            self._drop(key)

    def _drop(self, key: AnswerKey) -> None:
        answer = self._answers.pop(key, None)
        if answer is None:
            return
        self.size -= answer.size
        of_url = self._by_url[key.url]
        of_url.discard(key)
        if not of_url:
            del self._by_url[key.url]
