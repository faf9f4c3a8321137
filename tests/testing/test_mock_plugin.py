"""The pytest plugin: a fixture by its name, and nothing else of this library until a test asks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = "_trio_api_pytest"


def run_pytest(folder: Path, source: str, *plugins: str) -> str:
    """What pytest prints of a test file, with these plugins alone."""
    (folder / "test_it.py").write_text(source, encoding="utf-8")
    loaded = [f"-p{plugin}" for plugin in (PLUGIN, *plugins)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-ra", "-pno:cacheprovider", *loaded, "test_it.py"],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_entry_point_names_it() -> None:
    """Pytest finds it wherever trio_api is installed."""
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    assert settings["options.entry_points"]["pytest11"].split() == ["trio_api", "=", PLUGIN]
    assert settings["options"]["py_modules"] == PLUGIN


def test_it_costs_nothing_until_a_test_asks() -> None:
    """It is loaded in every project: it imports neither this library nor Trio nor httpx, and no plugin of Trio's."""
    code = f"import sys, {PLUGIN}; print(sorted({{'trio_api', 'trio', 'httpx', 'pytest_trio'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_tests_that_do_not_ask_never_load_the_library(tmp_path: Path) -> None:
    """Not at collection, and not when they run; without pytest-trio too."""
    source = "import sys\ndef test_it():\n    assert not {'trio_api', 'trio', 'httpx'} & sys.modules.keys()\n"
    assert "1 passed" in run_pytest(tmp_path, source)


def test_the_fixture_is_an_api_of_its_own(tmp_path: Path) -> None:
    """Fresh for each test; with pytest-trio, on its virtual clock."""
    source = """
import pytest, trio
from trio_api import RetryPolicy

@pytest.mark.trio
@pytest.mark.parametrize("number", [1, 2])
async def test_it(mock_api, autojump_clock, number):
    mock_api.get("/items", 503, 503, {"id": 7})
    async with mock_api.client(retry=RetryPolicy(jitter=0)) as client:
        assert await client.get("/items", cast_to=object) == {"id": 7}
    mock_api.assert_waited([0.5, 1.0])
    mock_api.assert_resilient()
"""
    assert "2 passed" in run_pytest(tmp_path, source, "pytest_trio.plugin")


def test_the_fixture_serves_without_pytest_trio(tmp_path: Path) -> None:
    """A test that runs Trio by itself uses it as it is."""
    source = """
import trio

def test_it(mock_api):
    async def main():
        async with mock_api.client() as client:
            assert await client.get("/items", cast_to=object) == [1]
    mock_api.get("/items", [1])
    trio.run(main)
"""
    assert "1 passed" in run_pytest(tmp_path, source)


def test_a_request_without_an_answer_fails_the_test_that_caught_it(tmp_path: Path) -> None:
    """Programs that catch everything hide no hole of the script."""
    source = """
import trio

def test_it(mock_api):
    async def main():
        async with mock_api.client() as client:
            try:
                await client.get("/items", cast_to=object)
            except BaseException:
                pass
    trio.run(main)
"""
    said = run_pytest(tmp_path, source)
    assert "AssertionError: no route fits GET /items; the routes: there are none" in said
    assert "1 passed, 1 error" in said


@pytest.mark.parametrize("name", ["trio_api", "trio_api.testing"])
def test_the_library_knows_nothing_of_pytest(name: str) -> None:
    """What runs in production imports no test tool."""
    code = f"import sys, {name}; print('pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
