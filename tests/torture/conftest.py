"""What the torture needs: an authority for TLS, a clock, and how thorough it is."""

from __future__ import annotations

import itertools
import ssl
from typing import Any

import pytest
import trustme
from trio.testing import MockClock

from torture.flows import FLOWS

SAMPLE = 23
"""In the ordinary run each so-many-th point is tried."""
IN_THREADS = {"upload", "multipart", "download", "resumed_download", "generated_upload"}
"""Flows that wait for the disk, which no clock of ours can see."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A proof goes through all flows, small in the ordinary run, and in full with all variants by ``-m torture``."""
    if "every" not in metafunc.fixturenames:
        return
    variant = "pooled" if "pooled" in metafunc.fixturenames else "retries"
    sizes: list[Any] = []
    for name in FLOWS:
        sizes.append(pytest.param(name, False, 0, SAMPLE, id=f"{name}-sample"))
        for tls, value in itertools.product([False, True], [0, 2]):
            if tls and name == "client_credentials":
                continue  # its token endpoint would need an authority of the world's
            kind = f"{name}-{'TLS' if tls else 'plain'}-{variant}={value}"
            sizes.append(pytest.param(name, tls, value, 1, id=kind, marks=pytest.mark.torture))
    metafunc.parametrize(["name", "tls", variant, "every"], sizes)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def good(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def clock(name: str) -> MockClock:
    """Trio's clock, which jumps where everybody waits; a moment later, since bytes and threads keep their own time."""
    return MockClock(autojump_threshold=0.2 if name in IN_THREADS else 0.005)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many faults there were in all."""
    passed: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    counts = [value for report in passed for name, value in report.user_properties if name == "injections"]
    if counts:
        terminalreporter.write_line(f"torture: {sum(counts)} faults injected in {len(counts)} tests, nothing left")
