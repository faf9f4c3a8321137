"""Real servers that nobody here wrote, one of each for the whole run, and clients of both colours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from support.dynamo_table import DynamoTable, dynamo_table
from support.live import Live, LiveBlocking, LiveTrio
from support.server_process import httpbin_server, serving
from support.unicode_table import characters


@pytest.fixture(params=[LiveTrio, LiveBlocking], ids=lambda colour: colour.name)
def live(request: pytest.FixtureRequest) -> Live:
    """Each test runs in both colours."""
    colour: Live = request.param()
    return colour


@pytest.fixture(scope="session")
def datasette(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Datasette over an SQLite file of the Unicode table."""
    folder = tmp_path_factory.mktemp("datasette")
    _write_database(folder / "unicode.db")
    settings = {"suggest_facets": "off", "max_returned_rows": "1000"}
    flags = [part for name, value in settings.items() for part in ("--setting", name, value)]
    with serving("-m", "datasette", "serve", "unicode.db", "-p", "0", *flags, folder=folder) as url:
        yield url


def _write_database(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute(
            "create table characters (codepoint integer primary key, name text not null, category text not null, "
            "bidirectional text not null, combining integer not null, mirrored integer not null, "
            "decomposition text not null, numeric real)"
        )
        database.executemany(
            "insert into characters values (?, ?, ?, ?, ?, ?, ?, ?)",
            (attrs.astuple(character, recurse=False) for character in characters()),
        )
    database.close()


@pytest.fixture(scope="session")
def httpbin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Httpbin behind gunicorn."""
    with httpbin_server(tmp_path_factory.mktemp("httpbin")) as url:
        yield url


@pytest.fixture(scope="session")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoTable]:
    """Moto's DynamoDB, with a table of characters."""
    folder = tmp_path_factory.mktemp("moto")
    flags = ["-H", "127.0.0.1", "-p", "0"]
    with (
        serving("-m", "moto.server", *flags, folder=folder, ready="/moto-api/data.json") as url,
        dynamo_table(url) as table,
    ):
        yield table
