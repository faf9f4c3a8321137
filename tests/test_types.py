"""The sentinels: values that stand for themselves."""

from __future__ import annotations

import copy
import pickle

import pytest

from trio_api._types import MISSING, Missing, NotGiven, Omit, not_given, omit

SENTINELS = [(not_given, NotGiven, "<not given>"), (omit, Omit, "<omit>"), (MISSING, Missing, "<missing>")]
each = pytest.mark.parametrize(("sentinel", "kind", "text"), SENTINELS, ids=["not_given", "omit", "MISSING"])


@each
def test_a_sentinel_is_falsy_and_says_its_name(sentinel: object, kind: type[object], text: str) -> None:
    """``if item.price`` is false for a missing price, and its repr says what it is."""
    assert not sentinel
    assert repr(sentinel) == text
    assert type(sentinel) is kind


@each
def test_a_sentinel_stays_the_one_instance(sentinel: object, kind: type[object], text: str) -> None:
    """``is`` works on what was copied, or came from another process."""
    assert copy.copy(sentinel) is sentinel
    assert copy.deepcopy([sentinel])[0] is sentinel
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(sentinel, protocol)) is sentinel


@each
def test_a_sentinel_holds_nothing(sentinel: object, kind: type[object], text: str) -> None:
    """A sentinel shared by every program in a process can't be given attributes."""
    with pytest.raises(AttributeError):
        sentinel.note = 1  # type: ignore[attr-defined]  # that is the point
