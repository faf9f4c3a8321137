"""Each place of a model that responses do not fit is logged once."""

from __future__ import annotations

import logging

import pytest

from trio_api import ValidationProblem
from trio_api.responses import ProblemLog, _problem_log


class Item:
    pass


def problem(path: str) -> ValidationProblem:
    return ValidationProblem(path, "int", "str")


def test_a_place_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The same path of the same model warns the first time only; another path, or another model, warns too."""
    log = ProblemLog()
    log.report(Item, [problem("$.id"), problem("$.id"), problem("$.name")])
    log.report(Item, [problem("$.id")])
    log.report(list[Item], [problem("$.id")])
    assert [record.getMessage() for record in caplog.records] == [
        "A response does not fit Item: $.id: expected int, got str",
        "A response does not fit Item: $.name: expected int, got str",
        f"A response does not fit {list[Item]}: $.id: expected int, got str",
    ]
    assert {(record.name, record.levelno) for record in caplog.records} == {("trio_api", logging.WARNING)}


def test_all_items_of_an_array_are_one_place(caplog: pytest.LogCaptureFixture) -> None:
    """A million odd items in a crawl are one line in the log."""
    log = ProblemLog()
    for index in range(100):
        log.report(Item, [problem(f"$.data[{index}].tags[{index}]")])
    assert len(caplog.records) == 1


def test_what_is_remembered_is_bounded(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that invents keys without end fills neither the memory nor the log."""
    monkeypatch.setattr(_problem_log, "_CAPACITY", 10)
    log = ProblemLog()
    for index in range(100):
        log.report(Item, [problem(f"$.key{index}")])
    assert len(caplog.records) == 10


def test_a_key_of_the_body_can_forge_no_line(caplog: pytest.LogCaptureFixture) -> None:
    """It is the server's, as a reason phrase is: nothing of it is obeyed by who reads the log, and it has an end."""
    ProblemLog().report(Item, [problem('$["\x9b31m\u2028WARNING all is well"]'), problem(f"$.{'k' * 10_000}")])
    forged, long = (record.getMessage() for record in caplog.records)
    assert forged == 'A response does not fit Item: $["\\x9b31m\\u2028WARNING all is well"]: expected int, got str'
    assert len(long) < 1000


def test_the_log_does_not_quote_the_body(caplog: pytest.LogCaptureFixture) -> None:
    """What a response had in place of an enum's value is a piece of its body."""
    with caplog.at_level("WARNING", logger="trio_api"):
        ProblemLog().report(int, [ValidationProblem("$.color", '"red"', '"canary"')])
    assert "$.color" in caplog.text
    assert "canary" not in caplog.text
