"""The page on resilience shows what its simulations found, and they still run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "resilience"


@pytest.fixture(scope="module")
def draw() -> Iterator[ModuleType]:
    """The script that makes the page's figures."""
    sys.path.insert(0, str(PAGE))
    try:
        import draw

        yield draw
    finally:
        sys.path.remove(str(PAGE))
        for name in ("draw", "simulations"):
            sys.modules.pop(name, None)


def test_the_tables_are_those_of_the_figures(draw: ModuleType) -> None:
    """What stands on the page is what was found."""
    figures = json.loads((PAGE / "figures.json").read_text(encoding="utf-8"))
    for name, text in draw.tables(figures).items():
        assert (PAGE / name).read_text(encoding="utf-8") == text


def test_a_crowd_waits_together(draw: ModuleType) -> None:
    """Each on its own meets the closed server once; together only those who came before it had answered."""
    alone, together = draw.crowds(tasks=20)
    assert len(alone.times) == 2 * 20
    assert len(together.times) < 1.1 * 20
    assert sum(time < 5 for time in together.times) == 1


def test_faults_are_retried_and_an_outage_is_not(draw: ModuleType) -> None:
    """The default loses little at 10% of faults, and sends little more than a request a call when all fail."""
    found = {(one.policy, one.rate): one for one in draw.faults(tasks=5, calls=60, rates=(0.1, 1.0))}
    default = "retries on a budget (default)"
    assert found[default, 0.1].success > 0.97
    assert found[default, 1.0].attempts_per_call < 1.2
    assert found["retries without a budget", 1.0].attempts_per_call == 3.0


def test_hedging_cuts_the_tail(draw: ModuleType) -> None:
    """Nearly all slow answers are overtaken, for few requests more."""
    plain, hedged = draw.tails(tasks=10, calls=100)
    assert draw.quantile(hedged, 0.99) < draw.quantile(plain, 0.99) / 5
    assert hedged.requests_per_call < 1.06
