"""A table of DynamoDB, filled from the Unicode table by plain HTTP: no boto, which has retries and pages of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import httpx

from .unicode_table import characters

HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    # moto verifies no signature, but reads region and service from its scope
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/dynamodb/aws4_request, Signature=none",
}
RECORDS = 1000
_KEY = "codepoint"
_BATCH = 25  # the most that a batch of DynamoDB takes


@attrs.frozen
class DynamoTable:
    """Where a table is and what it holds."""

    url: str
    name: str = "characters"
    items: tuple[dict[str, Any], ...] = attrs.field(
        factory=lambda: tuple(
            {_KEY: {"N": str(character.codepoint)}, "name": {"S": character.name}}
            for character in characters()[:RECORDS]
        )
    )


def by_codepoint(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """In the order of the source: a Scan has none."""
    return sorted(items, key=lambda item: int(item[_KEY]["N"]))


def target(action: str) -> dict[str, str]:
    """The header that says what a request does: DynamoDB has one URL for all."""
    return {"X-Amz-Target": f"DynamoDB_20120810.{action}"}


@contextlib.contextmanager
def dynamo_table(url: str) -> Iterator[DynamoTable]:
    """Make the table and fill it; delete it in the end."""
    table = DynamoTable(url)
    with httpx.Client(base_url=url, headers=HEADERS, trust_env=False) as client:

        def act(action: str, body: object) -> None:
            client.post("/", headers=target(action), json=body).raise_for_status()

        act(
            "CreateTable",
            {
                "TableName": table.name,
                "AttributeDefinitions": [{"AttributeName": _KEY, "AttributeType": "N"}],
                "KeySchema": [{"AttributeName": _KEY, "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        )
        for start in range(0, len(table.items), _BATCH):
            puts = [{"PutRequest": {"Item": item}} for item in table.items[start : start + _BATCH]]
            act("BatchWriteItem", {"RequestItems": {table.name: puts}})
        yield table
        act("DeleteTable", {"TableName": table.name})
