"""What the torture needs: an authority for TLS, a clock, how thorough it is, and what came of it in all."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.lowlevel
import trustme
from trio.testing import MockClock

from support.authority import authority as authority, good as good, trusting as trusting
from torture.flow import Flow
from torture.flows import FLOWS

SAMPLE = {("crowd", False): 37, ("reconnecting", False): 23, ("fanning_out", True): 17, ("upload", True): 17}
"""In the ordinary run: these flows, over TLS and in the second variant or neither, at each so-many-th point."""
AT_LEAST = 5000
"""How many points at which to cancel all flows have, or this is no proof."""
MOMENT = 0.005  # seconds without a thing to do, after which the clock jumps: bytes may still cross the loopback


def cases(of_cancellation: bool) -> Iterator[tuple[str, bool, bool]]:
    """Each flow in each variant of a proof: its name, whether over TLS, and the second variant of the proof's own."""
    for (name, flow), tls, second in itertools.product(FLOWS.items(), [False, True], [False, True]):
        if not flow.is_native and (tls or not of_cancellation):
            continue
        if not (flow.opens and of_cancellation and second):
            yield name, tls, second


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A proof goes through some flows in the ordinary run, and through all in each variant by ``-m torture``."""
    if "every" not in metafunc.fixturenames:
        return
    of_cancellation = "pooled" in metafunc.fixturenames
    sizes: list[Any] = []
    for name, tls, second in cases(of_cancellation):
        kind = ("pooled" if second else "cold") if of_cancellation else f"retries={2 * second}"
        case = f"{name}-{'TLS' if tls else 'plain'}-{kind}"
        sizes.append(pytest.param(name, tls, second, 1, id=case, marks=pytest.mark.torture))
        if tls == second and (every := SAMPLE.get((name, tls))) is not None:
            sizes.append(pytest.param(name, tls, second, every, id=f"{case}-sample"))
    metafunc.parametrize(["name", "tls", "pooled" if of_cancellation else "retried", "every"], sizes)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What cancelled all flows, but at too few points, has proved nothing."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return  # a worker of xdist's
    points = counts(reporter, "points")
    if len(points) >= len(list(cases(of_cancellation=True))) and sum(points) < AT_LEAST:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much there was in all."""
    points, faults = counts(terminalreporter, "points"), counts(terminalreporter, "faults")
    if points or faults:
        failed = sum("torture/" in report.nodeid for report in terminalreporter.stats.get("failed", []))
        terminalreporter.write_line(
            f"torture: {sum(points):,} points cancelled (of a whole run at least {AT_LEAST:,}), "
            f"{sum(faults):,} faults injected, left: {f'see the {failed} failures' if failed else 0}"
        )


def counts(reporter: pytest.TerminalReporter, kind: str) -> list[int]:
    """What the proofs that passed have counted of a *kind*."""
    passed: list[pytest.TestReport] = reporter.stats.get("passed", [])
    return [int(str(value)) for report in passed for name, value in report.user_properties if name == kind]


@pytest.fixture
def flow(name: str) -> Flow:
    return FLOWS[name]


@pytest.fixture
def trusted_by_all(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> Path:
    """The authority is one of the environment's, for clients that no flow makes."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@pytest.fixture
def clock() -> MockClock:
    """Trio's clock, which jumps where everybody waits."""
    return MockClock(autojump_threshold=MOMENT)


@pytest.fixture
def patience(clock: MockClock) -> trio.abc.Instrument:
    """For what is done in threads, of which the clock does not know."""
    return _Patience(clock)


class _Patience(trio.abc.Instrument):
    """Holds a clock while a thread is at work; pytest-trio puts it into the run."""

    def __init__(self, clock: MockClock) -> None:
        self._clock = clock

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """Trio itself comes by here before each wait."""
        is_busy = trio.to_thread.current_default_thread_limiter().borrowed_tokens > 0
        threshold = math.inf if is_busy else MOMENT
        if threshold != self._clock.autojump_threshold:
            self._clock.autojump_threshold = threshold
