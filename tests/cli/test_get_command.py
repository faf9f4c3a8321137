"""``trio-api get``: what it shows, what it stores, and how it ends."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from support.files import ServedFile
from support.raw_server import RawServer, Script, answer, never_answer, read_head
from trio_api.cli._program import program

CONTENT = random.Random(5).randbytes(100_000)
SHA = hashlib.sha256(CONTENT).hexdigest()


def served(body: bytes, status: bytes = b"200 OK") -> Script:
    return answer(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))


def run(*arguments: object) -> int:
    """The exit code of ``trio-api get`` in this process."""
    with pytest.raises(SystemExit) as ended:
        program.main(["get", *map(str, arguments)], prog_name="trio-api")
    return int(str(ended.value.code or 0))


def get(*scripts: Script, arguments: tuple[object, ...] = ()) -> int:
    with RawServer(*scripts) as server:
        return run(f"{server.url}/f", *arguments)


# -- shown ---------------------------------------------------------------------------------------------------


def test_json_is_shown_indented(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Its numbers with all their digits, its keys in their order."""
    body = b'\xef\xbb\xbf{"b": 1.10, "a": [12345678901234567890.5, 1e400], "\xc3\xa9": {}}'
    assert get(served(body)) == 0
    shown = b'{\n  "b": 1.10,\n  "a": [\n    12345678901234567890.5,\n    1e400\n  ],\n  "\xc3\xa9": {}\n}\n'
    assert capfdbinary.readouterr() == (shown, b"")


def test_an_error_of_the_server_does_nothing_to_the_terminal(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """What would colour it, or move its cursor, is shown in its place."""
    assert get(served(b'{"message": "no\\u001b[2J\\u009b31m"}', b"400 Bad Request")) == 1
    out, told = capfdbinary.readouterr()
    assert out == b""
    assert told.endswith(b"Error code: 400 - no\\x1b[2J\\x9b31m\n")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\x00\xff"])
def test_anything_else_is_passed_on_as_it_came(capfdbinary: pytest.CaptureFixture[bytes], body: bytes) -> None:
    """Byte for byte."""
    assert get(served(body)) == 0
    assert capfdbinary.readouterr() == (body, b"")


@pytest.mark.parametrize(
    ("body", "code", "shown"),
    [
        (b'{"a": 1}', 0, b'"a"'),
        ('{"a": "\x9b2J\x7f"}'.encode(), 0, rb"\u009b2J\u007f"),
        ("één\n".encode(), 0, "één".encode()),
        (b"\x1b]0;owned\x07", 1, b"neither JSON nor text; store it with -o FILE"),
        (b"\xff\xfe", 1, b"neither JSON nor text"),
    ],
)
def test_a_terminal_is_not_garbled(body: bytes, code: int, shown: bytes) -> None:
    """On one, JSON has colours, and what could move its cursor is refused."""
    with RawServer(served(body)) as server:
        command = f"{sys.executable} -m trio_api.cli get {server.url}/f"
        done = subprocess.run(
            ["script", "-qec", command, "/dev/null"],
            capture_output=True,
            timeout=60,
            env={**os.environ, "TERM": "xterm"},
        )
    assert done.returncode == code
    assert shown in done.stdout
    assert b"\x1b]0;" not in done.stdout
    assert "\x9b".encode() not in done.stdout


def test_headers_and_the_token_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The token comes from the environment, and a header of one's own wins."""
    heads: list[bytes] = []

    def script(connection: socket.socket) -> None:
        heads.append(read_head(connection).lower())
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    monkeypatch.setenv("API_TOKEN", "canary")
    arguments = ("-H", "X-One: 1", "--header", "accept: text/csv", "--bearer-env", "API_TOKEN")
    assert get(script, arguments=arguments) == 0
    assert b"x-one: 1\r\n" in heads[0]
    assert b"accept: text/csv\r\n" in heads[0]
    assert b"authorization: bearer canary\r\n" in heads[0]


# -- stored --------------------------------------------------------------------------------------------------


def test_a_body_is_stored(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Asked for unencoded, so that it can be gone on with; quiet where nobody looks."""
    file = ServedFile(CONTENT)
    assert get(file.whole(), arguments=("-o", tmp_path / "f", "--checksum", f"sha256:{SHA}")) == 0
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["f"]
    assert capfd.readouterr() == ("", "")


def test_a_broken_download_is_resumed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """By the same command, from where it broke."""
    target, file = tmp_path / "f", ServedFile(CONTENT)
    command = ("-o", target, "--resume", "--max-retries", 0)
    assert get(file.whole(cut=60_000), arguments=command) == 1
    assert capfd.readouterr().err.startswith("trio-api: error: ")
    assert sorted(os.listdir(tmp_path)) == ["f.part", "f.part.json"]
    assert get(file.whole(), file.whole(), arguments=command) == 0
    assert file.ranges == [None, None, "bytes=60000-"]
    assert target.read_bytes() == CONTENT


def test_a_killed_download_is_resumed(tmp_path: Path) -> None:
    """SIGKILL leaves a part that the next run goes on with."""
    target, file = tmp_path / "f", ServedFile(CONTENT)

    def stall(connection: socket.socket) -> None:
        file.whole(cut=60_000)(connection)
        never_answer(connection)

    with RawServer(stall) as server:
        command = [sys.executable, "-m", "trio_api.cli", "get", f"{server.url}/f", "-o", str(target), "--resume"]
        with subprocess.Popen(command) as process:
            deadline = time.monotonic() + 60
            while not (tmp_path / "f.part").exists() or (tmp_path / "f.part").stat().st_size < 60_000:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            process.kill()
    assert get(file.whole(), file.whole(), arguments=("-o", target, "--resume")) == 0
    assert file.ranges[-1] == "bytes=60000-"
    assert target.read_bytes() == CONTENT


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    """Without --resume; and the exit code is 130."""

    def stall(connection: socket.socket) -> None:
        ServedFile(CONTENT).whole(cut=60_000)(connection)
        never_answer(connection)

    with RawServer(stall) as server:
        command = [sys.executable, "-m", "trio_api.cli", "get", f"{server.url}/f", "-o", str(tmp_path / "f")]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            deadline = time.monotonic() + 60
            while not os.listdir(tmp_path):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=10)
    assert (process.returncode, told) == (130, b"")
    assert os.listdir(tmp_path) == []


def test_a_body_is_passed_on_as_it_comes(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """To a pipe, of any size."""
    assert get(ServedFile(CONTENT).whole(), arguments=("-o", "-")) == 0
    assert capfdbinary.readouterr() == (CONTENT, b"")


def test_a_device_is_written_to_and_stays_one() -> None:
    """There is nothing to rename."""
    assert get(ServedFile(CONTENT).whole(), arguments=("-o", "/dev/null")) == 0
    assert Path("/dev/null").is_char_device()


# -- refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("-o", "f", "--checksum", "md5:00"), 2, "checksum must have 32 hexadecimal digits"),
        (("--resume",), 2, "--resume is for downloads: name a file with -o FILE"),
        (("--checksum", f"sha256:{SHA}"), 2, "--checksum is for downloads"),
        (("-o", "-", "--resume"), 2, "--resume is for downloads"),
        (("-H", "nonsense"), 2, "write it as 'Name: value'"),
        (("--bearer-env", "NO_SUCH_VARIABLE"), 2, "the environment variable NO_SUCH_VARIABLE is not set"),
        (("-o", "no/such/folder/f"), 1, "no/such/folder/f: No such file or directory"),
    ],
)
def test_wrong_usage_is_told_in_one_line(
    arguments: tuple[Any, ...], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """With the exit code that says so."""
    monkeypatch.chdir(tmp_path)
    assert get(served(CONTENT), arguments=arguments) == code
    told = capfd.readouterr().err
    assert told.startswith("trio-api: error: ")
    assert message in told
    assert told.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_an_error_of_the_api_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """By its status and its message; nothing is stored."""
    gone = served(b'{"message": "gone"}', b"404 Not Found")
    assert get(gone, arguments=("-o", tmp_path / "f")) == 1
    assert capfd.readouterr().err == "trio-api: error: Error code: 404 - gone\n"
    assert os.listdir(tmp_path) == []


def test_a_reader_that_goes_away_is_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    """As with any tool in a pipe."""
    with RawServer(ServedFile(CONTENT).whole()) as server:
        command = [sys.executable, "-m", "trio_api.cli", "get", f"{server.url}/f"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.read(1)
            process.stdout.close()
            assert process.wait(30) == 141
            assert process.stderr is not None
            assert process.stderr.read() == b""
