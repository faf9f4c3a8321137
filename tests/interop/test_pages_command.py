"""``trio-api pages`` as a program, against real servers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from support.dynamo_table import HEADERS, DynamoTable, by_codepoint, target
from support.unicode_table import Character, characters

TABLE = "unicode/characters.json?_size=1000&_nocount=1&_shape="
BELOW = 0x1400
SLICE = [character for character in characters() if character.codepoint < BELOW]
ENVIRONMENT = {**os.environ, "NO_PROXY": "127.0.0.1"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "trio_api.cli", "pages", "--quiet", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, encoding="utf-8", env=ENVIRONMENT, timeout=100, check=False
    )


def records(lines: Iterable[str]) -> list[Character]:
    return [Character(**json.loads(line)) for line in lines]


def test_the_whole_table(datasette: str, tmp_path: Path) -> None:
    """Every record of some 140,000 is in the file once, in order and equal to its source."""
    output = tmp_path / "characters.jsonl"
    done = run(f"{datasette}/{TABLE}objects", "-o", str(output))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with output.open(encoding="utf-8") as lines:
        assert tuple(records(lines)) == characters()


@pytest.mark.parametrize("shape", ["objects", "array"])
def test_the_style_is_recognised(datasette: str, shape: str) -> None:
    """Datasette pages by a URL in the body, or by a Link header where the body is the array."""
    done = run(f"{datasette}/{TABLE}{shape}&codepoint__lt={BELOW}")
    assert (done.returncode, done.stderr) == (0, "")
    assert records(done.stdout.splitlines()) == SLICE


def test_a_killed_dump_goes_on(datasette: str, tmp_path: Path) -> None:
    """After SIGKILL the same command completes the file, with nothing lost or doubled."""
    output, checkpoint = tmp_path / "characters.jsonl", tmp_path / "checkpoint"
    arguments = f"{datasette}/{TABLE}objects&codepoint__lt=30000", "-o", str(output), "--resume", str(checkpoint)
    with subprocess.Popen(command(*arguments), env=ENVIRONMENT) as process:
        while process.poll() is None and not checkpoint.exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert (process.returncode, output.exists()) == (-signal.SIGKILL, False)
    assert run(*arguments).returncode == 0
    with output.open(encoding="utf-8") as lines:
        assert records(lines) == [character for character in characters() if character.codepoint < 30000]


def test_a_list_that_is_asked_for_by_post(dynamodb: DynamoTable) -> None:
    """A Scan of DynamoDB: the token of each page goes into the body of the next request."""
    headers = [part for name, value in {**HEADERS, **target("Scan")}.items() for part in ("-H", f"{name}: {value}")]
    done = run(dynamodb.url, *headers, "--data", json.dumps({"TableName": dynamodb.name, "Limit": 90}))
    assert (done.returncode, done.stderr) == (0, "")
    assert by_codepoint(map(json.loads, done.stdout.splitlines())) == list(dynamodb.items)


@pytest.mark.parametrize(
    ("path", "message"),
    [("unicode/runes.json", "404 - Table not found"), ("unicode/characters.json?_size=x", "400 - _size must be")],
)
def test_an_error_of_the_server_is_one_line(datasette: str, path: str, message: str) -> None:
    """What the server refuses is exit code 1 and one line, in the server's words."""
    done = run(f"{datasette}/{path}")
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_that_sends_no_list(httpbin: str) -> None:
    """HTML is no list."""
    done = run(f"{httpbin}/html")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
