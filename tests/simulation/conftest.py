"""How much was simulated in all."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The sums over all runs that went well."""
    passed: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    sizes = [value for report in passed for name, value in report.user_properties if name == "simulation"]
    if sizes:
        runs, requests, faults, seconds = map(sum, zip(*sizes, strict=True))
        terminalreporter.write_line(
            f"simulation: {runs} runs of {seconds / 3600:.1f} virtual hours, {requests} requests, {faults} faults"
        )
