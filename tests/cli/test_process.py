"""``trio-api`` as a process: signals, pipes, kills, and what it imports."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.unicode_api import faulty, records, unicode_server

TRIO_API = [sys.executable, "-m", "trio_api.cli"]
SLOW = faulty(latency=(0.01, 0.02))  # about a second and a half for the whole list


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with unicode_server(rates=SLOW) as server:
        yield f"{server}/next/characters?category=Sm&limit=10"


def wait_until(path: Path, size: int) -> None:
    """Wait until another process has written so much."""
    deadline = time.monotonic() + 60
    while not (path.exists() and path.stat().st_size >= size):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def finish(command: list[str], out: Path) -> None:
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    assert [json.loads(line) for line in out.read_bytes().splitlines()] == records("Sm")


def test_a_killed_dump_goes_on_with_nothing_lost_or_doubled(url: str, tmp_path: Path) -> None:
    """Killed by SIGKILL at three places, the fourth run ends with every item once."""
    out, checkpoint, part = tmp_path / "out", tmp_path / "checkpoint", tmp_path / "out.part"
    command = [*TRIO_API, "pages", url, "-o", str(out), "--resume", str(checkpoint)]
    for size in (1, 40_000, 90_000):
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            wait_until(part, size)
            if size > 1:
                wait_until(checkpoint, 1)
            process.kill()
    assert json.loads(checkpoint.read_bytes())["items"] > 0
    assert not out.exists()
    finish(command, out)
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_at_once_and_leaves_the_checkpoint_good(url: str, tmp_path: Path, number: int) -> None:
    """Ctrl-C ends the dump with 130 and no word; the next run goes on from the last page."""
    out, checkpoint, part = tmp_path / "out", tmp_path / "checkpoint", tmp_path / "out.part"
    command = [*TRIO_API, "pages", url, "-o", str(out), "--resume", str(checkpoint)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        wait_until(part, 1)
        process.send_signal(number)
        _, told = process.communicate(timeout=10)
    assert (process.returncode, told) == (128 + number, b"")
    assert json.loads(checkpoint.read_bytes())["offset"] == part.stat().st_size
    finish(command, out)


def test_ctrl_c_does_not_wait_for_a_reader_that_has_stopped(url: str) -> None:
    """With the output pipe full, SIGINT ends the process all the same."""
    command = [*TRIO_API, "pages", url.replace("limit=10", "limit=1000")]  # more than a pipe holds
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_a_closed_pipe_ends_the_dump_without_a_word(url: str) -> None:
    """``trio-api pages URL | head`` ends as Unix tools do."""
    with subprocess.Popen([*TRIO_API, "pages", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.stderr.read() == b""
    assert (process.returncode, first) == (128 + signal.SIGPIPE, records("Sm")[0])


def test_standard_output_takes_it_all_and_goes_on_after_ctrl_c(url: str, tmp_path: Path) -> None:
    """The outputs of an interrupted dump and of its continuation are together the whole."""
    checkpoint = tmp_path / "checkpoint"
    command = [*TRIO_API, "pages", url, "--resume", str(checkpoint)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        begun = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        begun += process.stdout.read()
    assert process.returncode == 130
    rest = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True).stdout
    assert [json.loads(line) for line in (begun + rest).splitlines()] == records("Sm")
    assert not checkpoint.exists()


def test_a_closed_standard_output_is_told(url: str) -> None:
    """With nowhere to write there is a line and a code."""
    shell = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -m trio_api.cli pages "$1" >&-', sys.executable, url],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (shell.returncode, shell.stderr) == (
        2,
        "trio-api: error: standard output is closed; name a file: -o FILE\n",
    )


def test_progress_is_drawn_on_a_terminal(url: str, tmp_path: Path) -> None:
    """On a terminal standard error shows how far the dump is."""
    ours, theirs = pty.openpty()
    command = [*TRIO_API, "pages", url.replace("limit=10", "limit=100"), "-o", str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=theirs, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(theirs)
        drawn = b""
        try:
            while part := os.read(ours, 65536):
                drawn += part
        except OSError:
            pass  # Linux says so where others say end of file
    os.close(ours)
    assert process.returncode == 0
    assert f"{len(records('Sm')):,}".encode() in drawn
    assert b"items/s" in drawn


def test_a_second_signal_ends_the_process_at_once() -> None:
    """Cleaning up that takes too long is cut off by another Ctrl-C."""
    script = """if True:
        import trio
        from trio_api.cli._signals import run_until_signal

        async def stubborn():
            print("ready", flush=True)
            with trio.CancelScope(shield=True):
                await trio.sleep_forever()

        run_until_signal(stubborn)
    """
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """Under nohup, or in the background of a script, work goes on; with every signal ignored too."""
    script = """if True:
        import os, signal, trio
        from trio_api.cli._signals import SIGNALS, run_until_signal

        async def work():
            os.kill(os.getpid(), signal.SIGHUP)
            await trio.sleep(0.1)
            return "done"

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        print(run_until_signal(work))
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        print(run_until_signal(work))
    """
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60).stdout == b"done\ndone\n"


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_one_line_says_what_to_install(missing: str) -> None:
    """The library installs without click and rich; the command then says so."""
    script = f"import sys; sys.modules[{missing!r}] = None; from trio_api.cli import main; main()"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "pip install 'trio-api[cli]'" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_library_does_not_import_the_command_line() -> None:
    """``import trio_api`` brings neither click nor rich nor the server (but httpx does, if they are there)."""
    script = """if True:
        import sys, httpx
        before = set(sys.modules)
        import trio_api
        print(sorted({"click", "rich", "trio_api.cli"} & (sys.modules.keys() - before)))
    """
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60).stdout == b"[]\n"


def test_the_version_and_the_help_are_shown() -> None:
    """--version and --help go to standard output, and end well."""
    for flag in ("--version", "--help"):
        ended = subprocess.run([*TRIO_API, flag], capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stderr, "trio-api" in ended.stdout) == (0, "", True)


def test_the_examples_of_the_help_can_be_copied() -> None:
    """Each is a line of its own."""
    shown = subprocess.run([*TRIO_API, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert "  trio-api demo" in shown.splitlines()
    assert "\\b" not in shown
