"""How many cases the security suites generate: a few in the ordinary run, 100,000 with ``tox -e security``."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

__all__ = ["share"]


def share(part: float) -> settings:
    """The settings of a test that takes this part of a suite's cases; the profile in use says how many they are."""
    return settings(
        max_examples=max(round(settings().max_examples * part), 5),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
