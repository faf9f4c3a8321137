"""The fixtures of `trio_api.testing`, for pytest: its entry point ``trio_api`` names this module.

It stands beside the package, since pytest imports it at the start of every run of every project in whose environment
trio_api is. Within the package it would import that whole, with Trio and httpx: several times what the start of pytest
itself takes, and before coverage measures. Here nothing is imported but pytest until a test asks for a fixture.
Hypothesis does the same, for the same reasons: https://github.com/HypothesisWorks/hypothesis/issues/3140
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from trio_api.testing import MockAPI

__all__ = ["mock_api"]


@pytest.fixture
def mock_api() -> Iterator[MockAPI]:
    """A fresh `trio_api.testing.MockAPI`; a request that it had no answer to fails the test, whoever caught it."""
    from trio_api.testing import MockAPI

    api = MockAPI()
    yield api
    api.assert_expected()
