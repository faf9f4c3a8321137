"""A list paged by POST: DynamoDB's Scan, of moto, whose token is an object in the JSON body."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import attrs
import httpx
import pytest

from support.live import Live, opened, take
from support.unicode_table import characters
from trio_api import AsyncAPIClient, AsyncTokenPage, BadRequestError, SyncAPIClient, SyncTokenPage, wire

T = TypeVar("T")

TABLE = "characters"
RECORDS = 2000
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    # moto verifies no signature, but reads region and service from its scope
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/dynamodb/aws4_request, Signature=none",
}


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


SOURCE = [Record(Number(str(character.codepoint)), Text(character.name)) for character in characters()[:RECORDS]]


class _Dynamo:
    """What both colours of this small SDK share."""

    @property
    def auth_headers(self) -> Mapping[str, str]:
        return HEADERS


class AsyncDynamo(_Dynamo, AsyncAPIClient):
    """DynamoDB for Trio."""


class SyncDynamo(_Dynamo, SyncAPIClient):
    """DynamoDB for threads."""


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


@pytest.fixture(scope="module")
def dynamodb(moto: str) -> Iterator[str]:
    """A table of characters, made and filled by plain HTTP, and deleted afterwards."""
    with httpx.Client(base_url=moto, headers=HEADERS, trust_env=False) as client:

        def act(action: str, body: object) -> None:
            headers = {"X-Amz-Target": f"DynamoDB_20120810.{action}"}
            client.post("/", headers=headers, json=body).raise_for_status()

        key = "codepoint"
        act(
            "CreateTable",
            {
                "TableName": TABLE,
                "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "N"}],
                "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        )
        for start in range(0, RECORDS, 25):  # as many as a batch may have
            batch = [
                {"PutRequest": {"Item": {key: {"N": record.codepoint.text}, "name": {"S": record.name.text}}}}
                for record in SOURCE[start : start + 25]
            ]
            act("BatchWriteItem", {"RequestItems": {TABLE: batch}})
        yield moto
        act("DeleteTable", {"TableName": TABLE})


CLIENTS = AsyncDynamo, SyncDynamo


@pytest.fixture
def scan(live: Live) -> Callable[..., Any]:
    """Make the paginator of a Scan."""
    page = live.of((AsyncScanPage[Record], SyncScanPage[Record]))

    def paginator(client: Any, table: str = TABLE) -> Any:
        body, headers = {"TableName": table, "Limit": 90}, {"X-Amz-Target": "DynamoDB_20120810.Scan"}
        return client.get_api_list("/", model=Record, page=page, method="post", body=body, options={"headers": headers})

    return paginator


Scan = Callable[..., Any]


@pytest.mark.parametrize(
    "crawl",
    [lambda pages: pages, lambda pages: pages.prefetch(ahead=3), lambda pages: pages.fan_out(limit=3)],
    ids=["lazy", "prefetch", "fan_out"],
)
def test_every_record_of_the_table(live: Live, scan: Scan, dynamodb: str, crawl: Callable[[Any], Any]) -> None:
    """The token of each page goes into the body of the next request, and every record arrives once."""
    found = live.items(dynamodb, lambda client: crawl(scan(client)), classes=CLIENTS)
    assert by_codepoint(found) == SOURCE


def test_a_scan_resumes(live: Live, scan: Scan, dynamodb: str) -> None:
    """A checkpoint holds the token of a page that was asked for by POST."""

    async def stop(client: Any) -> tuple[list[Record], str]:
        async with opened(scan(client).prefetch()) as items:
            return await take(items, 500), json.dumps(items.checkpoint())

    before, token = live.call(dynamodb, stop, classes=CLIENTS)
    after = live.items(dynamodb, lambda client: scan(client).resume(json.loads(token)), classes=CLIENTS)
    assert by_codepoint(before + after) == SOURCE


def test_a_table_that_is_not_there(live: Live, scan: Scan, dynamodb: str) -> None:
    """AWS names its errors in the body; they are the error's."""
    with pytest.raises(BadRequestError, match=r"^Error code: 400 - Requested resource not found$") as caught:
        live.items(dynamodb, lambda client: scan(client, "runes"), classes=CLIENTS)
    assert caught.value.body["__type"].endswith("#ResourceNotFoundException")


def by_codepoint(records: list[Record]) -> list[Record]:
    """In the order of the source: a Scan has none."""
    return sorted(records, key=lambda record: int(record.codepoint.text))
