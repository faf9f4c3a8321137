"""The soak, a short one: ``python -m tests.soak`` is the long one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("by", ["client", "transport", "transport-without-block"])
def test_no_slot_is_lost(by: str) -> None:
    """Requests that are cancelled at any moment share four connections; the next one succeeds, and nothing is left."""
    command = [sys.executable, "-W", "error", "-m", "tests.soak", "--json", "--requests", "500", "--by", by]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["requests"] == 500
    assert {"cancelled", "answered"} <= result["outcomes"].keys()
    assert "reading the body" in result["cancelled_while"]
    assert "Exception ignored" not in done.stderr
