"""``trio-api pages`` against the embedded server, in this process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from support.unicode_api import UNICODE_TABLES, faulty, records, unicode_server
from trio_api.cli._program import program
from trio_api.cli.server import STYLES, UnicodeAPI


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with unicode_server() as url:
        yield url


def run(*arguments: object, env: dict[str, str] | None = None) -> Result:
    result = CliRunner().invoke(program, ["pages", *map(str, arguments)], env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def sized(url: str, style: str, size: int, category: str = "Sm") -> str:
    return f"{url}/{style}/characters?category={category}&limit={size}&per_page={size}&page_size={size}"


@pytest.mark.parametrize("size", [100, 500])
@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_recognised_and_dumped_whole(server: str, tmp_path: Path, style: str, size: int) -> None:
    """Without a flag, the file holds every item once, in order, byte for byte as the server has it."""
    out = tmp_path / "out"
    result = run(sized(server, style, size), "-o", out)
    assert (result.exit_code, result.stderr) == (0, "")
    table = UNICODE_TABLES.characters_of("Sm")
    assert table is not None
    assert out.read_bytes() == b"".join(row + b"\n" for row in table.rows)
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("style", STYLES)
def test_faults_lose_nothing(tmp_path: Path, style: str) -> None:
    """With every tenth request failing in some way the dump is whole all the same."""
    out = tmp_path / "out"
    rates = faulty(rate_limited=0.025, retry_after=0.01, unavailable=0.025, dropped=0.025, cut=0.025)
    with unicode_server(rates=rates, seed=3) as url:
        assert run(sized(url, style, 25), "-o", out).exit_code == 0
    assert lines(out) == records("Sm")


def test_a_dump_that_fails_goes_on_where_it_was(tmp_path: Path) -> None:
    """However often it fails on the way, the dump that ends well has every item once."""
    out, checkpoint = tmp_path / "out", tmp_path / "checkpoint"
    codes = []
    with unicode_server(rates=faulty(unavailable=0.2), seed=5) as url:
        while not codes or codes[-1]:
            command = (sized(url, "next", 20), "--max-retries", 0, "--resume", checkpoint, "-o", out)
            codes.append(run(*command).exit_code)
            assert len(codes) < 100
            assert out.exists() == (codes[-1] == 0)
    assert codes[:3] == [1, 1, 1]
    assert lines(out) == records("Sm")
    assert os.listdir(tmp_path) == ["out"]


def test_without_a_checkpoint_a_failure_leaves_nothing(tmp_path: Path) -> None:
    """A dump that fails says why in one line, and leaves neither output nor remains of it."""
    with unicode_server(rates=faulty(unavailable=1)) as url:
        result = run(sized(url, "next", 20), "--max-retries", 0, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr == "trio-api: error: Error code: 503 - the server is busy\n"
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("renamed", [False, True], ids=["before the rename", "after it"])
def test_a_kill_in_the_last_two_steps_is_made_good(server: str, tmp_path: Path, renamed: bool) -> None:
    """Killed between the last page and the removal of the checkpoint, the next run only finishes the rest."""
    out, checkpoint = tmp_path / "out", tmp_path / "checkpoint"
    command = (sized(server, "link", 100), "--resume", checkpoint, "-o", out)
    with unicode_server(rates=faulty(unavailable=1)) as broken:
        assert run(sized(broken, "link", 100), *command[1:], "--max-retries", 0, "--style", "link", "--items", ".")
    state = json.loads(checkpoint.read_bytes())
    state["source"]["url"] = sized(server, "link", 100)
    checkpoint.write_text(json.dumps({**state, "done": True, "offset": 6, "items": 1}))
    (out if renamed else tmp_path / "out.part").write_text('"all"\n')
    if renamed:
        (tmp_path / "out.part").unlink(missing_ok=True)
    assert run(*command).exit_code == 0
    assert lines(out) == ["all"]
    assert os.listdir(tmp_path) == ["out"]


def test_the_token_of_a_post_goes_into_the_body(server: str, tmp_path: Path) -> None:
    """--data makes it a POST, and pages are asked for in its JSON."""
    out = tmp_path / "out"
    data = json.dumps({"category": "Sm", "page_size": 100})
    assert run(f"{server}/token/characters", "--data", data, "-o", out).exit_code == 0
    assert lines(out) == records("Sm")


def test_a_post_that_would_page_in_the_query_is_refused(server: str, tmp_path: Path) -> None:
    """A style that asks in the query is not guessed into a body."""
    result = run(f"{server}/offset/characters", "--data", "{}", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "--data goes with style token, next or link, not with offset" in result.stderr


def test_flags_say_what_the_response_does_not(server: str, tmp_path: Path) -> None:
    """With every name given nothing is detected, and the names are used."""
    out = tmp_path / "out"
    flags = ("--style", "token", "--param", "page_token", "--token-field", "next_page_token", "--items", "data")
    assert run(sized(server, "token", 100), *flags, "-o", out).exit_code == 0
    assert lines(out) == records("Sm")


def test_one_page_is_taken_for_all_with_a_warning(server: str, tmp_path: Path) -> None:
    """A response that names no other page gives a warning, which --style none and -q turn off."""
    out = tmp_path / "out"
    whole = sized(server, "token", 1000)
    warned = run(whole, "-o", out)
    assert (warned.exit_code, "warning: no pagination found" in warned.stderr) == (0, True)
    assert lines(out) == records("Sm")
    assert run(whole, "-o", out, "-q").stderr == ""
    assert run(whole, "-o", out, "--style", "none").stderr == ""


def test_a_page_that_is_none_is_an_error(server: str, tmp_path: Path) -> None:
    """What has something else than items in the place of items is not written."""
    command = (f"{server}/link/categories/Sm", "--style", "none", "--items", "id", "-q", "-o", tmp_path / "out")
    result = run(*command)
    assert (result.exit_code, "$.id: expected list, got str" in result.stderr) == (1, True)


def test_a_bearer_token_comes_from_the_environment(tmp_path: Path) -> None:
    """The token is read from the variable, and a missing variable is wrong usage."""
    out = tmp_path / "out"
    with unicode_server(UnicodeAPI(token="s3cret", tables=UNICODE_TABLES)) as url:
        command = (sized(url, "link", 1000), "--bearer-env", "TOKEN_OF_TEST", "-o", out)
        assert run(*command, env={"TOKEN_OF_TEST": "s3cret"}).exit_code == 0
        assert run(sized(url, "link", 1000), "-H", "authorization: Bearer s3cret", "-o", out).exit_code == 0
        wrong = run(*command, env={"TOKEN_OF_TEST": "canary"})
        assert (wrong.exit_code, wrong.stderr) == (
            1,
            "trio-api: error: Error code: 401 - missing or wrong bearer token\n",
        )
        unset = run(*command)
        assert unset.exit_code == 2
        assert "the environment variable TOKEN_OF_TEST is not set" in unset.stderr
    assert lines(out) == records("Sm")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["example.com/x"], 2, "not the URL of an API: 'example.com/x'; it begins with https:// or http://"),
        (["http://x\n/"], 2, "not a URL: "),
        (["https://ann:pa/ss@host:8080x/"], 2, "not a URL: 'https://[redacted]'"),
        (["ftp://ann:canary@host/x"], 2, "not the URL of an API: 'ftp://host/x'; it begins with"),
        (["http://["], 2, "has no valid host and port"),
        (["http://x", "--limit", "0"], 2, "Invalid value for '--limit'"),
        (["http://x", "--style", "sideways"], 2, "Invalid value for '--style'"),
        (["http://x", "--items", "a..b"], 2, "not a path: 'a..b'"),
        (["http://x", "-H", "none"], 2, "not a header: write it as 'Name: value'"),
        (["http://x", "-H", "a\nb: c"], 2, "header names"),
        (["http://x", "--data", "{"], 2, "Invalid value for '--data'"),
        (["http://x", "--trust", "nowhere"], 2, "trusted_origins"),
        (["http://x", "--token-field", "a", "--id-field", "b"], 2, "--token-field and --id-field: not in one style"),
        ([], 2, "Missing argument 'URL'"),
        (["http://x", "-o", "/nonexistent/out"], 1, "/nonexistent/out: No such file or directory"),
        (["http://127.0.0.1:1/x", "--max-retries", "0", "-o", "out"], 1, "Could not connect"),
    ],
)
def test_errors_are_one_line_and_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    """Wrong usage is 2 and failure 1; either says what is wrong in one line."""
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == code
    assert result.stderr.startswith("trio-api: error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_wrong_body_is_told(server: str, tmp_path: Path) -> None:
    """A response without items says which flag names them."""
    result = run(f"{server}/link/characters/0041", "-o", tmp_path / "out")
    assert (result.exit_code, "--items data.items" in result.stderr) == (1, True)


def test_a_checkpoint_of_another_dump_is_refused(server: str, tmp_path: Path) -> None:
    """A checkpoint file is not overwritten by a dump that it does not belong to."""
    (tmp_path / "notes").write_text("mine")
    result = run(sized(server, "link", 100), "--resume", tmp_path / "notes", "-o", tmp_path / "out")
    assert (result.exit_code, "is no checkpoint of trio-api" in result.stderr) == (2, True)
    assert os.listdir(tmp_path) == ["notes"]


def test_verbose_says_what_was_found_and_every_retry(tmp_path: Path) -> None:
    """-v shows the style with its names, and the retries; -q not even warnings."""
    with unicode_server(rates=faulty(rate_limited=0.5, retry_after=0.01), seed=1) as url:
        told = run(sized(url, "token", 100), "-v", "-o", tmp_path / "out").stderr
    assert "trio-api: style token, items data, token_field next_page_token, token_param page_token\n" in told
    assert "trio-api: info: GET" in told


def test_a_device_is_written_through(server: str) -> None:
    """What is no regular file is written as it is, and not replaced."""
    assert run(sized(server, "link", 1000), "-o", "/dev/null").exit_code == 0
    assert not os.path.isfile("/dev/null")
    full = run(sized(server, "link", 1000), "-o", "/dev/full")
    assert (full.exit_code, full.stderr) == (1, "trio-api: error: the output: No space left on device\n")


def test_the_help_names_every_flag() -> None:
    """--help ends well and shows the flags."""
    result = run("--help")
    assert result.exit_code == 0
    for flag in ("--style", "--items", "--param", "--bearer-env", "--limit", "--ahead", "--resume", "--output"):
        assert flag in result.stdout
