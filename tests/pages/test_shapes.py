"""The ready-made shapes: what each makes of a body, and what comes next."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

import attrs
import pytest

from support.paged import BASE, options, page_of, response
from trio_api import APIResponseValidationError, BasePage, Extras, PageInfo, wire
from trio_api.pages import CursorPage, LinkPage, NextURLPage, OffsetPage, Page, PageNumberPage, TokenPage
from trio_api.pages._shape import count_in

T = TypeVar("T")


@attrs.define
class Item:
    id: str
    name: str = ""


def items(*ids: str) -> list[dict[str, str]]:
    return [{"id": each} for each in ids]


def infos(*changes: Any, name: str = "params") -> list[PageInfo]:
    return [PageInfo(**{name: change}) for change in changes]


# -- what all have in common -----------------------------------------------------------------------------------


class Rows(CursorPage[T]):
    items_field = "rows"


class Nested(CursorPage[T]):
    items_field = ("result", "rows")


class Bare(CursorPage[T]):
    items_field = None


@attrs.define
class WithFields(CursorPage[T]):
    object: str
    count: int = 0


@attrs.frozen
class Frozen(CursorPage[T]):
    object: str


@pytest.mark.parametrize(
    ("page_type", "body"),
    [
        (CursorPage[Item], {"data": items("a", "b")}),
        (Rows[Item], {"rows": items("a", "b")}),
        (Nested[Item], {"result": {"rows": items("a", "b")}}),
        (Bare[Item], items("a", "b")),
        (WithFields[Item], {"data": items("a", "b"), "object": "list"}),
        (Frozen[Item], {"data": items("a", "b"), "object": "list"}),
    ],
)
def test_items_are_where_the_class_says(page_type: Any, body: object) -> None:
    """A class attribute moves the items; a subclass may have fields of its own, and be frozen."""
    page = page_of(page_type, body)
    assert list(page._get_page_items()) == [Item("a"), Item("b")]
    assert page.next_page_info() == PageInfo(params={"after": "b"})
    assert page.response.url == BASE + "items"


@pytest.mark.parametrize("body", [{}, {"data": None}])
def test_a_page_without_its_array_is_empty(body: object) -> None:
    """JSON made from protocol buffers leaves an empty array out; the problem stands on the response."""
    page = page_of(TokenPage[Item], body)
    assert list(page._get_page_items()) == []


@pytest.mark.parametrize(("page_type", "path"), [(Page, r"\$.data"), (Nested, r"\$.result.rows"), (Bare, r" \$")])
def test_what_is_no_array_has_no_items(page_type: Any, path: str) -> None:
    """An object is not iterated by its keys: the error names the place."""
    body = {"data": {"a": 1}, "result": {"rows": {"a": 1}}}
    with pytest.raises(APIResponseValidationError, match=f"{path}: expected list, got dict"):
        page_of(page_type[Item], body)._get_page_items()


def test_a_page_made_by_hand_says_that_it_has_no_response() -> None:
    """There is nothing to go on from, and the error shows where pages come from."""
    message = r"^this CursorPage was made by hand, .*: get pages from a client, with get_api_list\(\.\.\.\)$"
    with pytest.raises(RuntimeError, match=message):
        _ = CursorPage(data=[]).response


def test_pages_are_the_same_only_if_they_are_one() -> None:
    """Pages are handles, and can be keys."""
    first, second = page_of(Page[Item], {"data": []}), page_of(Page[Item], {"data": []})
    assert first != second
    assert len({first, second}) == 2


def test_a_page_knows_its_type_arguments() -> None:
    """What the page was built into is kept, so that the next one can be built into the same."""
    page = page_of(CursorPage[Item], {"data": []})
    assert page._page_type == CursorPage[Item]


def test_a_page_knows_its_client() -> None:
    """Which gets the next one."""
    page, client = Page[Item](data=[]), object()
    page._bind(client, options(), response(), Page[Item])
    assert page._client is client


def test_the_whole_list_has_no_next_page() -> None:
    """`Page` is the end, and knows that."""
    page = page_of(Page[Item], {"data": items("a")})
    assert page.next_page_info() is None
    assert not page.has_next_page()
    assert page.remaining_page_infos() == []


@pytest.mark.parametrize("hook", ["_get_page_items", "next_page_info"])
def test_a_page_class_without_a_hook_is_told_which(hook: str) -> None:
    """The error names the method that is missing."""
    with pytest.raises(NotImplementedError, match=f"Unfinished must define {hook}"):
        getattr(Unfinished(), hook)()


class Unfinished(BasePage[Item]):
    """A page class that its author has not finished."""


# -- CursorPage ------------------------------------------------------------------------------------------------


class Starting(CursorPage[T]):
    cursor_param = "starting_after"
    id_field = "itemId"
    has_more_field = ("meta", "more")


@attrs.define
class Renamed:
    key: str = wire("itemId")


@attrs.define
class SetLater:
    late: str = attrs.field(init=False)
    key: str = wire("itemId")


@attrs.define
class WithExtras:
    id: str = "not the wire's"
    more: Extras = attrs.field(factory=Extras)


@pytest.mark.parametrize(
    ("item_type", "item"),
    [
        (Renamed, {"itemId": "x"}),
        (SetLater, {"itemId": "x"}),
        (WithExtras, {"id": "y", "itemId": "x"}),
        (dict[str, str], {"itemId": "x"}),
        (object, {"itemId": "x"}),
    ],
)
def test_the_cursor_is_the_id_by_its_wire_name(item_type: Any, item: object) -> None:
    """An attrs field, an unknown key that was kept, or a key of a mapping."""
    page = page_of(Starting[item_type], {"data": [item], "meta": {"more": True}})
    assert page.next_page_info() == PageInfo(params={"starting_after": "x"})


@attrs.define
class Nameless:
    name: str = ""


@pytest.mark.parametrize(
    ("page_type", "body"),
    [
        (CursorPage, {"data": items("a", "b")}),
        (CursorPage, {"data": items("a", "b"), "has_more": True}),
        (Nested, {"result": {"rows": items("a", "b")}}),
        (Bare, items("a", "b")),
    ],
)
def test_the_cursor_is_the_id_though_the_model_has_no_field_for_it(page_type: Any, body: object) -> None:
    """The list does not end because its reader has no use for the ids."""
    assert page_of(page_type[Nameless], body).next_page_info() == PageInfo(params={"after": "b"})


def test_of_items_that_a_subclass_has_chosen_the_body_does_not_know_the_last() -> None:
    """Then the id is in the model, or nowhere."""

    class Chosen(CursorPage[T]):
        def _get_page_items(self) -> list[T]:
            return self.data[:1]

    assert page_of(Chosen[Nameless], {"data": items("a", "b")}).next_page_info() is None


@pytest.mark.parametrize(
    ("body", "follows"),
    [
        ({"data": items("a"), "has_more": True}, True),
        ({"data": items("a"), "has_more": False}, False),
        ({"data": items("a")}, True),
        ({"data": items("a"), "has_more": None}, True),
        ({"data": [], "has_more": False}, False),
        ({"data": []}, False),
    ],
)
def test_a_cursor_list_ends_with_has_more_or_with_an_empty_page(body: object, follows: bool) -> None:
    """has_more decides where there is one; else the first empty page does."""
    page = page_of(CursorPage[Item], body)
    assert page.has_next_page() is follows
    assert page.remaining_page_infos() is None


def test_an_empty_page_that_announces_more_is_the_end_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Without an item there is no cursor; that is not passed over in silence."""
    with caplog.at_level(logging.WARNING, "trio_api"):
        assert page_of(CursorPage[Item], {"data": [], "has_more": True}).next_page_info() is None
    assert caplog.messages == [
        (
            "CursorPage: the page is empty but says that more follows; without an item there is no cursor, "
            "so the list ends here"
        )
    ]


@pytest.mark.parametrize("last", [{"name": "x"}, {"id": None}, "text", 5])
def test_an_item_without_an_id_before_more_is_an_error(last: object) -> None:
    """The error names the item and the field, and says why there has to be one."""
    page = page_of(CursorPage[object], {"data": [{"id": "a"}, last], "has_more": True})
    expected = r"\$\.data\[1\]\.id: expected the id of an item, since \$\.has_more is true, got nothing"
    with pytest.raises(APIResponseValidationError, match=expected):
        page.next_page_info()


def test_a_missing_id_of_a_model_is_an_error_too() -> None:
    """MISSING is no cursor."""
    page = page_of(CursorPage[Item], {"data": [{"name": "x"}], "has_more": True})
    with pytest.raises(APIResponseValidationError, match=r"\$\.data\[0\]\.id"):
        page.next_page_info()


def test_items_without_ids_end_a_list_that_announces_nothing() -> None:
    """Nobody said that there is more."""
    assert page_of(CursorPage[str], {"data": ["x"]}).next_page_info() is None


# -- TokenPage and NextURLPage -----------------------------------------------------------------------------------


class Scan(TokenPage[T]):
    items_field = "Items"
    token_field = "LastEvaluatedKey"
    token_param = "ExclusiveStartKey"
    token_in = "body"


@pytest.mark.parametrize("token", ["x", 17, {"id": {"N": "4"}}, ["a"]])
def test_a_token_of_any_kind_asks_for_the_next_page(token: object) -> None:
    """In the query, or in the body where the class says so."""
    page = page_of(TokenPage[Item], {"data": [], "next_page_token": token})
    assert page.next_page_info() == PageInfo(params={"page_token": token})
    scanned = page_of(Scan[object], {"Items": [], "LastEvaluatedKey": token})
    assert scanned.next_page_info() == PageInfo(json={"ExclusiveStartKey": token})
    assert scanned.remaining_page_infos() is None


@pytest.mark.parametrize("body", [{}, {"next_page_token": None}, {"next_page_token": ""}, {"next_page_token": 0}])
def test_without_a_token_the_list_ends(body: dict[str, object]) -> None:
    """Null, empty or not there."""
    assert page_of(TokenPage[Item], {"data": items("a"), **body}).next_page_info() is None


class Linked(NextURLPage[T]):
    next_field = ("links", "next")


@pytest.mark.parametrize("link", ["https://api.example.com/2", "?page=2"])
def test_a_url_in_the_body_is_followed(link: str) -> None:
    """Absolute or relative, at the top or nested."""
    assert page_of(NextURLPage[Item], {"data": [], "next": link}).next_page_info() == PageInfo(url=link)
    assert page_of(Linked[Item], {"data": [], "links": {"next": link}}).next_page_info() == PageInfo(url=link)


@pytest.mark.parametrize("body", [{}, {"next": None}, {"next": ""}])
def test_without_a_url_the_list_ends(body: dict[str, object]) -> None:
    """Null, empty or not there."""
    assert page_of(NextURLPage[Item], {"data": items("a"), **body}).next_page_info() is None


def test_a_url_that_is_no_text_is_an_error() -> None:
    """The error names the place."""
    page = page_of(Linked[Item], {"data": [], "links": {"next": {"href": "/2"}}})
    with pytest.raises(APIResponseValidationError, match=r"\$\.links\.next: expected a URL, got dict"):
        page.next_page_info()


# -- PageNumberPage ----------------------------------------------------------------------------------------------


class FromZero(PageNumberPage[T]):
    first_page_number = 0


@pytest.mark.parametrize(
    ("page_type", "body", "request_options", "following", "rest"),
    [
        (PageNumberPage, {"page": 1, "total_pages": 3}, {}, 2, [2, 3]),
        (PageNumberPage, {"page": 2, "total_pages": 3}, {"params": {"page": 9}}, 3, [3]),
        (PageNumberPage, {"page": 3, "total_pages": 3}, {}, None, []),
        (PageNumberPage, {"total_pages": 3}, {"params": {"page": 2}}, 3, [3]),
        (PageNumberPage, {"total_pages": 3}, {"params": {"page": "2"}}, 3, [3]),
        (PageNumberPage, {"total_pages": 3}, {"asked": "/items?page=2"}, 3, [3]),
        (PageNumberPage, {"total_pages": 3}, {}, 2, [2, 3]),
        (PageNumberPage, {"total_pages": 3, "page": True}, {}, 2, [2, 3]),
        (PageNumberPage, {"total_pages": 0}, {}, None, []),
        (PageNumberPage, {"page": 4}, {}, 5, None),
        (PageNumberPage, {"page": 4, "total_pages": -1}, {}, 5, None),
        (PageNumberPage, {"page": 4, "total_pages": 2**53 + 1}, {}, 5, None),
        (PageNumberPage, {"page": 10**4299, "total_pages": 10**4299}, {"params": {"page": "9" * 19}}, 2, None),
        (PageNumberPage, {"page": 4, "data": []}, {}, None, None),
        (PageNumberPage, {"page": 2, "data": [], "total_pages": 4}, {}, 3, [3, 4]),
        (FromZero, {"total_pages": 3}, {}, 1, [1, 2]),
        (FromZero, {"page": 2, "total_pages": 3}, {}, None, []),
    ],
)
def test_page_numbers_count_to_the_total(
    page_type: Any, body: dict[str, Any], request_options: dict[str, Any], following: int | None, rest: list[int] | None
) -> None:
    """From the body's number, else the request's, else the first; without a total until an empty page."""
    page = page_of(page_type[Item], {"data": items("a"), **body}, **request_options)
    assert page.next_page_info() == (None if following is None else PageInfo(params={"page": following}))
    remaining = page.remaining_page_infos()
    assert remaining is rest is None or list(remaining) == infos(*({"page": number} for number in rest or ()))


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        ("0", 0),
        (str(2**53), 2**53),
        (str(2**53 + 1), None),
        ("9" * 5000, None),
        (-1, None),
        (True, None),
        ("+1", None),
        ("\u0663", None),
    ],
)
def test_a_count_is_a_whole_number_or_its_text(value: object, count: int | None) -> None:
    """Text of ASCII digits, up to what JSON's numbers hold; longer text is not even read."""
    assert count_in(value) == count


def test_the_number_that_was_sent_by_default_counts() -> None:
    """A parameter that the client adds to every request stands in the URL of the response."""
    page = page_of(PageNumberPage[Item], {"data": items("a")}, url=BASE + "items?page=7")
    assert page.next_page_info() == PageInfo(params={"page": 8})


@pytest.mark.parametrize("page_type", [PageNumberPage, OffsetPage])
def test_the_largest_number_of_pages_can_be_counted(page_type: Any) -> None:
    """What is known of later pages has a length, and costs no memory."""
    page = page_of(page_type[Item], {"data": items("a"), "total_pages": 2**53, "total": 2**53})
    remaining = page.remaining_page_infos()
    assert len(remaining) == 2**53 - 1
    assert remaining[-1].params in ({"page": 2**53}, {"offset": 2**53 - 1})


# -- OffsetPage --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "request_options", "following", "rest"),
    [
        ({"total": 7}, {}, 2, [2, 4, 6]),
        ({"total": 7}, {"params": {"offset": 2}}, 4, [4, 6]),
        ({"total": 7}, {"asked": "/items?offset=4", "url": BASE + "items?offset=0"}, 6, [6]),
        ({"total": 7}, {"params": {"limit": 1000}}, 2, [2, 4, 6]),
        ({"total": 2}, {}, None, []),
        ({"total": 7}, {"params": {"offset": 6}}, None, []),
        ({"total": 7}, {"params": {"offset": "rubbish"}}, 2, [2, 4, 6]),
        ({}, {"params": {"offset": 4}}, 6, None),
        ({"total": "many"}, {}, 2, None),
        ({"total": 10**30}, {}, 2, None),
        ({"data": []}, {}, None, None),
        ({"data": [], "total": 7}, {"params": {"limit": 3}}, 3, [3, 6]),
        ({"data": []}, {"params": {"limit": 3}}, None, None),
    ],
)
def test_offsets_count_by_what_came(
    body: dict[str, Any], request_options: dict[str, Any], following: int | None, rest: list[int] | None
) -> None:
    """A server that caps the limit is followed by what it gives; an empty page by what was asked for."""
    page = page_of(OffsetPage[Item], {"data": items("a", "b"), **body}, **request_options)
    assert page.next_page_info() == (None if following is None else PageInfo(params={"offset": following}))
    remaining = page.remaining_page_infos()
    assert remaining is rest is None or list(remaining) == infos(*({"offset": offset} for offset in rest or ()))


def test_an_empty_page_before_the_total_is_the_end_where_nothing_tells_the_step(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The same offset again would be a loop; that the list is cut short is logged."""
    page = page_of(OffsetPage[Item], {"data": [], "total": 7})
    with caplog.at_level(logging.WARNING, "trio_api"):
        assert page.next_page_info() is None
    assert page.remaining_page_infos() == []
    assert caplog.messages == [
        (
            "OffsetPage: the page is empty but says that more follows; without limit=... in the request there is no "
            "knowing where, so the list ends here"
        )
    ]


# -- LinkPage ----------------------------------------------------------------------------------------------------


def linked(*links: str, url: str = BASE + "items") -> Any:
    return page_of(LinkPage[Item], items("a"), url=url, headers=[("Link", link) for link in links])


def test_the_link_header_names_the_next_page() -> None:
    """In any of several Link fields; the body is the array."""
    page = linked('<https://api.example.com/0>; rel="prev"', '<?page=2>; rel="next"')
    assert page._get_page_items() == [Item("a")]
    assert page.next_page_info() == PageInfo(url="?page=2")
    assert linked('</x>; rel="last"').next_page_info() is None


@pytest.mark.parametrize(
    ("anchor", "counts"),
    [("", True), (BASE + "items", True), ("#part", False), ("/other", False), ("https://x:port/", False)],
)
def test_a_link_from_elsewhere_is_not_the_pages_own(anchor: str, counts: bool) -> None:
    """RFC 8288, 3.2: an anchor changes what the link starts from."""
    page = linked(f'<?page=2>; rel="next"; anchor="{anchor}"')
    assert page.has_next_page() is counts


@pytest.mark.parametrize(
    ("url", "following", "last", "rest"),
    [
        ("items", "?page=2", "?page=4", ["?page=2", "?page=3", "?page=4"]),
        ("items", "?page=1", "?page=3", ["?page=1", "?page=2", "?page=3"]),
        ("items?page=2", "?page=3", "?page=4", ["?page=3", "?page=4"]),
        ("items", "?page=2", "?page=2", ["?page=2"]),
        ("items", "?a=%20&page=2&b=x+y", "?a=%20&page=3&b=x+y", ["?a=%20&page=2&b=x+y", "?a=%20&page=3&b=x+y"]),
        ("items?offset=0", "?offset=20", "?offset=80", None),
        ("items", "?offset=20", "?offset=80", None),
        ("items?page=1", "?page=3", "?page=9", None),
        ("items", "?page=2&after=x", "?page=9&after=y", None),
        ("items", "?page=2", "?page=9&x=1", None),
        ("items", "?page=2", "/other?page=9", None),
        ("items", "https://api.example.com/v1/items?page=2", "https://evil.example/v1/items?page=9", None),
        ("items", "?page=2", "?p=9", None),
        ("items", "?page=2", "?page=end", None),
        ("items", "?page=2", "?page=None", None),
        ("items", "?page=None", "?page=9", None),
        ("items", "?page=2", "?page=" + "9" * 19, None),
        ("items", "?page=x", "?page=9", None),
        ("items", "?page=2", "?page=09", None),
        ("items", "?page=2", "?page=1", None),
        ("items", "?page=2", "https://x:port/", None),
    ],
)
def test_the_last_link_tells_all_pages_only_where_it_differs_in_a_page_number(
    url: str, following: str, last: str, rest: list[str] | None
) -> None:
    """One parameter, whole numbers, counting by one from this page: else nothing is known."""
    page = linked(f"<{following}>; rel=next, <{last}>; rel=last", url=BASE + url)
    remaining = page.remaining_page_infos()
    if rest is None:
        assert remaining is None
    else:
        assert [page.response.url.join(info.url) for info in remaining] == [
            page.response.url.join(link) for link in rest
        ]


def test_without_a_last_link_later_pages_are_not_known() -> None:
    """And without a next link there are none."""
    assert linked("<?page=2>; rel=next").remaining_page_infos() is None
    assert linked().remaining_page_infos() == []
