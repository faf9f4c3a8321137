"""What is published: the metadata, the files beside it, and what importing costs."""

from __future__ import annotations

import configparser
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

import trio_api

ROOT = Path(__file__).parent.parent
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")


def test_the_version_stands_in_one_place() -> None:
    """The metadata, the package and the changelog tell the same version."""
    assert importlib.metadata.version("trio-api") == trio_api.__version__
    news = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", news, re.MULTILINE)[0] == trio_api.__version__


def test_the_hard_dependencies_are_what_a_call_needs() -> None:
    """Whoever calls an API installs what parses, models and sends, and no tool of the tests."""
    required = SETUP["options"]["install_requires"].split("\n")
    names = {line.split()[0] for line in required if line and not line.startswith("#")}
    assert names == {"trio", "httpx", "attrs", "cattrs", "msgspec", "h11", "httptools"}


def test_the_extras_are_the_documented_ones() -> None:
    """Each group of tools can be installed by its name."""
    extras = set(importlib.metadata.metadata("trio-api").get_all("Provides-Extra") or ())
    assert extras == {"cli", "http2", "redis", "test", "docs", "bench", "typing", "trio-typing"}


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    """PEP 561: the marker lies beside the modules, and is shipped."""
    assert (Path(trio_api.__file__).parent / "py.typed").exists()
    assert "py.typed" in SETUP["options.package_data"]["trio_api"]


def test_the_command_is_installed() -> None:
    """``trio-api`` and ``python -m trio_api.cli`` are the same program."""
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="trio-api")
    assert command.value == "trio_api.cli:main"


def test_importing_the_package_imports_no_more_than_it_uses() -> None:
    """A library costs its users nothing that they do not use: no event loop beside Trio, no tool, no command line."""
    # the dependencies may import some of it themselves: what counts is what this package adds to them
    script = (
        "import sys, trio, httpx, attrs, cattrs, msgspec; before = set(sys.modules); import trio_api; "
        "print(*set(sys.modules) - before)"
    )
    added = subprocess.run([sys.executable, "-c", script], check=True, timeout=60, capture_output=True, text=True)
    strangers = {"asyncio", "click", "rich", "pytest", "hypothesis", "httpx2", "trio_api.cli"}
    assert strangers & set(added.stdout.split()) == set()


@pytest.mark.parametrize("what", ["run", "test"])
def test_the_readme_gives_each_command_in_one_line(what: str) -> None:
    """A newcomer, and CI, find it under its mark; it makes its own environment."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(rf"<!-- command: {what} -->\n```sh\n(.*?)```", readme, re.DOTALL)
    assert command.count("\n") == 1
    assert "-m venv" in command
