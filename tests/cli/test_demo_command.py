"""``trio-api demo`` over a part of the table."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from trio_api.cli._program import program
from trio_api.cli.demo import CRAWLS, Crawl, Demo, Mode, WrongRecord
from trio_api.cli.server import NO_FAULTS, FaultRates, Table, UnicodeTables


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(program, ["demo", *arguments], env={"COLUMNS": "100"})
    return result.exit_code, result.stdout, result.stderr


def test_the_demonstration_ends_well_and_shows_a_table() -> None:
    """Every crawl stands in the table with its records, and the last line says that all is right."""
    code, out, err = run("--last", "1FF", "--page-size", "100", "--faults", "0.2")
    assert (code, err) == (0, "")
    table = [line.split()[:2] for line in out.splitlines()]
    assert table[1 : len(CRAWLS) + 1] == [[crawl.style, crawl.mode.value] for crawl in CRAWLS]
    assert "All right: " in out
    assert "none of the requests came before Retry-After was over" in " ".join(out.split())


def test_retries_are_shown_when_asked_for() -> None:
    """-v shows what is tried again."""
    code, _, err = run("--last", "7F", "--page-size", "20", "--faults", "0.3", "-v")
    assert code == 0
    assert "retry 1 of 2" in err


def test_a_wrong_code_point_is_wrong_usage() -> None:
    """--last takes hexadecimal digits."""
    code, out, err = run("--last", "zz")
    assert (code, out) == (2, "")
    assert "not a code point in hexadecimal: 'zz'" in err


def test_a_wrong_record_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code is 1, and the line says which record of which crawl is wrong."""
    monkeypatch.setattr("trio_api.cli._demo_command.UnicodeTables", lambda last: Tampered("lost"))
    code, out, err = run("--page-size", "50", "--faults", "0")
    assert (code, out) == (1, "")
    assert err.startswith("trio-api: error: cursor, lazy: record 100 is Character(id='00A6', ")
    assert err.count("\n") == 1


class Tampered(UnicodeTables):
    """Tables in which something is wrong with the characters."""

    def __init__(self, how: str) -> None:
        super().__init__(0xFF)
        rows = list(super().characters.rows)
        if how == "changed":
            rows[100] = rows[100].replace(b'"combining":0', b'"combining":1')
        elif how == "doubled":
            rows.insert(100, rows[100])
        elif how == "lost":
            del rows[100]
        elif how == "cut off":
            del rows[-1]
        elif how == "swapped":
            rows[100], rows[101] = rows[101], rows[100]
        elif how == "one too many":
            rows.append(rows[0])
        self.characters = Table(rows, super().characters.positions)


@pytest.mark.parametrize("how", ["changed", "doubled", "lost", "cut off", "swapped", "one too many"])
async def test_a_wrong_record_is_found(how: str) -> None:
    """Any difference from unicodedata ends the demonstration."""
    demo = Demo(tables=Tampered(how), seed=1, rates=NO_FAULTS, page_size=50, limit=4, ahead=2)
    with pytest.raises(WrongRecord, match="offset, fan-out: "):
        await demo.run([Crawl("offset", Mode.FAN_OUT)], lambda crawl, records: None, lambda result: None)


async def test_the_results_add_up() -> None:
    """Requests are pages and retries; the bars are told of every record; waits are at least what the server asked."""
    told: list[int] = []
    results = []
    rates = FaultRates(latency=(0, 0), rate_limited=0.5, unavailable=0, dropped=0, cut=0, retry_after=0.02)
    demo = Demo(tables=UnicodeTables(0xFF), seed=1, rates=rates, page_size=10, limit=4, ahead=2)
    seen = await demo.run([Crawl("token", Mode.PREFETCH)], lambda crawl, records: told.append(records), results.append)
    (result,) = results
    assert sum(told) == result.records
    assert result.pages == -(-result.records // 10)
    assert result.requests == result.pages + result.retries == seen.requests
    assert result.waited >= 0.02 * result.retries > 0
