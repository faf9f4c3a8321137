"""The soak, a short one: ``python -m tests.soak`` is the long one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("how", [[], ["--no-block"]], ids=["in its block", "without a block"])
def test_no_slot_is_lost(how: list[str]) -> None:
    """Requests that are cancelled at any moment share four connections, and the next one succeeds."""
    command = [sys.executable, "-W", "error", "-m", "tests.soak", "--json", "--requests", "1500", *how]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["is_alive"]
    assert result["requests"] == 1500
    assert result["sockets_left"] == 0
    assert result["cancelled_while"].keys() >= {"in the queue", "connecting", "waiting", "reading the body"}
    assert "Exception ignored" not in done.stderr
