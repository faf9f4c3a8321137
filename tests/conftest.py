"""What every test shares: the Hypothesis profiles. Fixtures stand beside the tests that use them."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

# Deadlines measure the machine, not the code; a slow first example is an import, not a bug.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What ``tox -e security`` asks for by --hypothesis-profile; each suite of tests/security shares these cases out.
settings.register_profile("security", settings.get_profile("default"), max_examples=100_000)
# What ``tox -e mutation`` asks for: few cases, the same for every mutant, and none made smaller.
settings.register_profile(
    "mutation",
    settings.get_profile("default"),
    max_examples=20,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("default")
