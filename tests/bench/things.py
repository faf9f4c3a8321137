"""What the server sends and the clients build: a small thing, and pages of a hundred."""

from __future__ import annotations

import json
from typing import Any

import attrs
import msgspec

__all__ = ["EXPECTED", "PAGE", "PAGE_SIZE", "THING", "Thing", "ThingStruct", "pydantic_thing"]

EXPECTED = {
    "id": "thing_0001",
    "name": "A small thing",
    "price": 12.5,
    "quantity": 3,
    "active": True,
    "tags": ["red", "round"],
}
THING = json.dumps(EXPECTED).encode()

PAGE_SIZE = 100
PAGE = json.dumps({"data": [EXPECTED | {"id": f"thing_{n:04}"} for n in range(PAGE_SIZE)], "has_more": True}).encode()


@attrs.frozen
class Thing:
    """As our client builds it, and msgspec where it builds the same class."""

    id: str
    name: str
    price: float
    quantity: int
    active: bool
    tags: list[str]


class ThingStruct(msgspec.Struct):
    """As code by hand builds it: the fastest kind of object that msgspec knows."""

    id: str
    name: str
    price: float
    quantity: int
    active: bool
    tags: list[str]


def pydantic_thing(base: type[Any]) -> type[Any]:
    """As pydantic builds it, on its own BaseModel or on an SDK's."""

    class PydanticThing(base):  # type: ignore[misc]  # pydantic may not be installed
        id: str
        name: str
        price: float
        quantity: int
        active: bool
        tags: list[str]

    return PydanticThing
