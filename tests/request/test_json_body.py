"""The JSON body of a call."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from typing import Any

import attrs
import pytest

from trio_api._types import not_given, omit
from trio_api.models import wire
from trio_api.request._json_body import encode_json


@attrs.define
class Order:
    """A model to be sent."""

    order_id: int = wire("orderId")
    note: str | None = None


@pytest.mark.parametrize(
    ("body", "extra", "sent"),
    [
        ({"a": 1, "b": None, "c": omit, "d": not_given}, None, {"a": 1, "b": None}),
        (Order(order_id=1), None, {"orderId": 1, "note": None}),
        ([Order(order_id=1)], None, [{"orderId": 1, "note": None}]),
        (None, None, None),
        ("text", {}, "text"),
        ({"a": 1, "b": 2}, {"b": 3, "c": 4}, {"a": 1, "b": 3, "c": 4}),
        ({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"y": 2}}),
        ({"a": 1, "b": 2}, {"a": omit, "b": not_given}, {"b": 2}),
        (Order(order_id=1), {"orderId": 2}, {"orderId": 2, "note": None}),
        (not_given, {"a": 1}, {"a": 1}),
        ([1], {"a": not_given}, [1]),
        (OrderedDict(a=1), {"b": 2}, {"a": 1, "b": 2}),
    ],
)
def test_extra_json_merges_over_the_body(body: object, extra: Any, sent: object) -> None:
    """`extra_json` wins key by key, not deeper; alone it is the body; `omit` removes a key, `not_given` leaves it."""
    encoded = encode_json(body, extra)
    assert encoded is not None
    assert json.loads(encoded) == sent


@pytest.mark.parametrize("extra", [None, {}, {"a": not_given}])
def test_nothing_given_is_no_body(extra: Any) -> None:
    """A request without a body has none, rather than `null` or `{}`."""
    assert encode_json(not_given, extra) is None


@pytest.mark.parametrize("body", [None, [1], "text", 1])
def test_extra_json_needs_keys_to_merge_with(body: object) -> None:
    """A body that has no keys is a TypeError that names both."""
    with pytest.raises(TypeError, match=rf"extra_json .* body must be a mapping .* got {type(body).__name__}"):
        encode_json(body, {"a": 1})


@pytest.mark.parametrize("extra", [None, {"b": 1}])
def test_a_number_that_json_has_not_is_refused(extra: Any) -> None:
    """NaN and infinity are a ValueError that names the path, wherever they come from."""
    with pytest.raises(ValueError, match=r"\$\.a"):
        encode_json({"a": math.nan}, extra)
    with pytest.raises(ValueError, match=r"\$\.a"):
        encode_json({"b": 1}, {"a": math.inf})
