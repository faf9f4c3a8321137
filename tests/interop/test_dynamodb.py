"""A list paged by POST: DynamoDB's Scan, of moto, whose token is an object in the JSON body."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs
import pytest

from support.dynamo_table import HEADERS, DynamoTable, target
from support.live import Live, opened, take
from trio_api import AsyncAPIClient, AsyncTokenPage, BadRequestError, SyncAPIClient, SyncTokenPage, wire

T = TypeVar("T")


@attrs.frozen
class Number:
    """A number of DynamoDB: text, since JSON's numbers are not exact everywhere."""

    text: str = wire("N")


@attrs.frozen
class Text:
    """A string of DynamoDB."""

    text: str = wire("S")


@attrs.frozen
class Record:
    """An item of the table."""

    codepoint: Number
    name: Text


class AsyncScanPage(AsyncTokenPage[T]):
    """A page of a Scan."""

    items_field = "Items"
    token_field = "LastEvaluatedKey"
    token_param = "ExclusiveStartKey"
    token_in = "body"


class SyncScanPage(SyncTokenPage[T]):
    """A page of a Scan."""

    items_field = "Items"
    token_field = "LastEvaluatedKey"
    token_param = "ExclusiveStartKey"
    token_in = "body"


class _Dynamo:
    """What both colours of this small SDK share."""

    @property
    def auth_headers(self) -> Mapping[str, str]:
        return HEADERS


class AsyncDynamo(_Dynamo, AsyncAPIClient):
    """DynamoDB for Trio."""


class SyncDynamo(_Dynamo, SyncAPIClient):
    """DynamoDB for threads."""


CLIENTS = AsyncDynamo, SyncDynamo
Scan = Callable[..., Any]


@pytest.fixture
def scan(live: Live) -> Scan:
    """Make the paginator of a Scan."""
    page = live.of((AsyncScanPage[Record], SyncScanPage[Record]))

    def paginator(client: Any, table: str) -> Any:
        body, options = {"TableName": table, "Limit": 90}, {"headers": target("Scan")}
        return client.get_api_list("/", model=Record, page=page, method="post", body=body, options=options)

    return paginator


def source(table: DynamoTable) -> list[Record]:
    return [Record(Number(item["codepoint"]["N"]), Text(item["name"]["S"])) for item in table.items]


def in_order(records: list[Record]) -> list[Record]:
    """In the order of the source: a Scan has none."""
    return sorted(records, key=lambda record: int(record.codepoint.text))


@pytest.mark.parametrize(
    "crawl",
    [lambda pages: pages, lambda pages: pages.prefetch(ahead=3), lambda pages: pages.fan_out(limit=3)],
    ids=["lazy", "prefetch", "fan_out"],
)
def test_every_record(live: Live, scan: Scan, dynamodb: DynamoTable, crawl: Callable[[Any], Any]) -> None:
    """The token of each page goes into the body of the next request, and every record arrives once."""
    found = live.items(dynamodb.url, lambda client: crawl(scan(client, dynamodb.name)), classes=CLIENTS)
    assert in_order(found) == source(dynamodb)


def test_a_scan_resumes(live: Live, scan: Scan, dynamodb: DynamoTable) -> None:
    """A checkpoint holds the token of a page that was asked for by POST."""

    async def stop(client: Any) -> tuple[list[Record], str]:
        async with opened(scan(client, dynamodb.name).prefetch()) as items:
            return await take(items, 500), json.dumps(items.checkpoint())

    before, token = live.call(dynamodb.url, stop, classes=CLIENTS)
    after = live.items(
        dynamodb.url, lambda client: scan(client, dynamodb.name).resume(json.loads(token)), classes=CLIENTS
    )
    assert in_order(before + after) == source(dynamodb)


def test_a_table_that_is_not_there(live: Live, scan: Scan, dynamodb: DynamoTable) -> None:
    """AWS names its errors in the body; they are the error's."""
    with pytest.raises(BadRequestError, match=r"^Error code: 400 - Requested resource not found$") as caught:
        live.items(dynamodb.url, lambda client: scan(client, "runes"), classes=CLIENTS)
    assert caught.value.body["__type"].endswith("#ResourceNotFoundException")
