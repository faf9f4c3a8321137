"""Each target for a moment; `tox -e fuzz` has the full size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings, strategies as st

from fuzz.inputs import inputs
from fuzz.kept import KEPT
from fuzz.stepped import end_run
from fuzz.targets import TARGETS

every_target = pytest.mark.parametrize("name", TARGETS)


@pytest.fixture(autouse=True, scope="module")
def _no_run_is_left() -> Iterator[None]:
    yield
    end_run()


@every_target
def test_the_claim_holds_for_what_is_known(name: str) -> None:
    """For what servers send, nearly, and for every input that once broke it."""
    for data in (*TARGETS[name].seeds, *KEPT.get(name, ())):
        TARGETS[name].check(data)


@every_target
@given(data=st.data())
@settings(max_examples=20, derandomize=True)  # to look for others is the fuzzers' work
def test_the_claim_holds_for_any_bytes(name: str, data: st.DataObject) -> None:
    """For those, changed in a few places, and for the words of the format in any order."""
    TARGETS[name].check(data.draw(inputs(TARGETS[name])))


def test_what_is_kept_is_of_a_target() -> None:
    """A slip in a name would leave an input unchecked."""
    assert KEPT.keys() <= TARGETS.keys()
