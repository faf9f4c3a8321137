"""Lists through both clients: what each shape sends, and what never goes where it should not."""

from __future__ import annotations

from typing import Any, TypeVar

import attrs
import pytest

import trio_api
from support.colours import Colour
from support.scripted import reply
from trio_api import CrossOriginError, PageInfo

T = TypeVar("T")

NEXT = {"Link": '<https://api.example.com/v1/items?page=2>; rel="next"'}


@attrs.define
class Item:
    id: int


def item(*ids: int) -> list[dict[str, int]]:
    return [{"id": each} for each in ids]


def shape(colour: Colour, name: str) -> Any:
    """The ready-made page class of a colour."""
    return getattr(trio_api, {"trio": "Async", "blocking": "Sync"}[colour.name] + name)


def two_pages(page: Any, **how: Any) -> Any:
    """The body of most tests: the first page and the one after it."""

    def body(client: Any) -> Any:
        listing = client.get_api_list(how.pop("path", "/items"), model=Item, page=page, **how)
        first = yield listing.first_page()
        second = yield first.get_next_page()
        return [first, second]

    return body


@pytest.mark.parametrize(
    ("name", "first", "second", "sent"),
    [
        ("CursorPage", {"data": item(1), "has_more": True}, {"data": item(2)}, "?limit=1&after=1"),
        (
            "TokenPage",
            {"data": item(1), "next_page_token": "x y"},
            {"data": item(2)},
            "?limit=1&page_token=x%20y",
        ),
        ("PageNumberPage", {"data": item(1), "total_pages": 2}, {"data": item(2)}, "?limit=1&page=2"),
        ("OffsetPage", {"data": item(1), "total": 2}, {"data": item(2)}, "?limit=1&offset=1"),
        ("LinkPage", item(1), item(2), "?page=2"),
        ("NextURLPage", {"data": item(1), "next": "?start=1"}, {"data": item(2)}, "?start=1"),
    ],
)
def test_each_shape_asks_for_the_next_page(colour: Colour, name: str, first: object, second: object, sent: str) -> None:
    """By its parameter beside the call's own, or by a link that stands for itself; items keep their model."""
    page = shape(colour, name)[Item]
    pages, script = colour.play(
        reply(first, headers=NEXT), reply(second), body=two_pages(page, options={"params": {"limit": 1}})
    )
    assert [list(each.data) for each in pages] == [[Item(1)], [Item(2)]]
    assert script.sent[1].path.replace("+", "%20") == "/v1/items" + sent
    assert pages[0].response.status_code == 200


def test_nested_and_repeated_parameters_survive_paging(colour: Colour) -> None:
    """They are merged as they were given, not as text."""
    page = shape(colour, "TokenPage")[Item]
    _, script = colour.play(
        reply({"data": [], "next_page_token": "x"}),
        reply({"data": []}),
        body=two_pages(page, path="/items?tag=a&tag=b", options={"params": {"filter": {"s": 1}, "ids": [1, 2]}}),
    )
    sent = script.sent[1].url.params.multi_items()
    assert sorted(sent) == [
        ("filter[s]", "1"),
        ("ids", "1"),
        ("ids", "2"),
        ("page_token", "x"),
        ("tag", "a"),
        ("tag", "b"),
    ]


@pytest.mark.parametrize("link", ["https://evil.example/v1/items?page=2", "http://api.example.com/v1/items?page=2"])
def test_a_next_link_to_another_origin_is_never_sent(colour: Colour, link: str) -> None:
    """Not without credentials either: the page's items came, and the crossing is an error."""
    page = shape(colour, "NextURLPage")[Item]
    _, script = colour.fail(CrossOriginError, reply({"data": item(1), "next": link}), body=two_pages(page))
    assert len(script.sent) == 1


def test_a_trusted_origin_gets_the_credentials(colour: Colour) -> None:
    """The client says which."""
    page = shape(colour, "NextURLPage")[Item]
    _, script = colour.play(
        reply({"data": item(1), "next": "https://cdn.example.com/2"}),
        reply({"data": item(2)}),
        body=two_pages(page),
        trusted_origins=["https://cdn.example.com"],
        custom_headers={"X-API-Key": "secret"},
    )
    assert script.sent[1].headers["x-api-key"] == "secret"


@pytest.mark.parametrize("key", [None, "mine"])
def test_every_page_of_a_posted_list_has_its_own_key(colour: Colour, key: str | None) -> None:
    """A server that knows the key would give the first page again; the caller's own is for the first one."""

    class Scan(shape(colour, "TokenPage")):  # type: ignore[misc]  # the base is chosen at run time
        items_field = "Items"
        token_field = "LastEvaluatedKey"
        token_param = "ExclusiveStartKey"
        token_in = "body"

    _, script = colour.play(
        reply({"Items": item(1), "LastEvaluatedKey": {"id": {"N": "1"}}}),
        reply({"Items": item(2)}),
        body=two_pages(Scan, method="post", body={"TableName": "t"}, options={"idempotency_key": key}),
    )
    assert script.sent[1].json == {"TableName": "t", "ExclusiveStartKey": {"id": {"N": "1"}}}
    keys = [sent.headers["idempotency-key"] for sent in script.sent]
    assert keys[0] != keys[1] != "mine"
    assert key is None or keys[0] == "mine"


def test_a_page_class_of_ones_own(colour: Colour) -> None:
    """Fields, where the items are, and what comes next: no more is needed."""

    @attrs.define
    class Mine(trio_api.BaseAsyncPage[T] if colour.name == "trio" else trio_api.BaseSyncPage[T]):  # type: ignore[misc]
        rows: list[T]
        cursor: str | None = None

        def _get_page_items(self) -> list[T]:
            return self.rows

        def next_page_info(self) -> PageInfo | None:
            return PageInfo(params={"cursor": self.cursor}) if self.cursor else None

    pages, script = colour.play(
        reply({"rows": item(1), "cursor": "x"}), reply({"rows": item(2)}), body=two_pages(Mine[Item])
    )
    assert [each.rows for each in pages] == [[Item(1)], [Item(2)]]
    assert script.sent[1].path == "/v1/items?cursor=x"


def test_the_problems_of_a_page_stand_on_its_response(colour: Colour) -> None:
    """Tolerated, kept, and told."""
    page = shape(colour, "Page")[Item]
    got, _ = colour.play(
        reply({"data": [{"id": "one"}]}),
        body=lambda client: client.get_api_list("/items", model=Item, page=page).first_page(),
    )
    assert [str(problem) for problem in got.response.problems] == ["$.data[0].id: expected int, got str"]
