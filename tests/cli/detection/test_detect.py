"""Detection over the bodies of real APIs, shortened to what their documentation shows."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest
from hypothesis import given, strategies as st

from trio_api.cli.detection import STYLE_NAMES, FirstResponse, Hints, Shape, detect
from trio_api.cli.detection._items import find_items

THINGS = [{"id": "a"}, {"id": "b"}]


def response(
    body: object,
    *,
    headers: Mapping[str, str] | None = None,
    sent: Mapping[str, object] | None = None,
) -> FirstResponse:
    return FirstResponse(headers=headers or {}, body=body, sent=sent or {})


REAL_WORLD = {
    "GitHub": (
        response(THINGS, headers={"link": '<https://api.github.com/repositories?since=369>; rel="next"'}),
        Shape("link", ()),
    ),
    "GitHub search": (
        response(
            {"total_count": 40, "incomplete_results": False, "items": THINGS},
            headers={"link": '<https://api.github.com/search/code?page=2>; rel="next", <https://...>; rel="last"'},
        ),
        Shape("link", ("items",), total=40),
    ),
    "the last page of a Link list": (
        response(THINGS, headers={"link": '<https://api.github.com/things?page=1>; rel="prev"'}),
        Shape("link", ()),
    ),
    "Stripe": (
        response({"object": "list", "url": "/v1/charges", "has_more": True, "data": THINGS}),
        Shape("cursor", ("data",), {"has_more_field": ("has_more",), "cursor_param": "starting_after"}),
    ),
    "OpenAI": (
        response({"object": "list", "data": THINGS, "first_id": "a", "last_id": "b", "has_more": True}),
        Shape("cursor", ("data",), {"has_more_field": ("has_more",), "cursor_param": "after"}),
    ),
    "Anthropic": (
        response({"data": THINGS, "has_more": True, "first_id": "a", "last_id": "b"}),
        Shape("cursor", ("data",), {"has_more_field": ("has_more",), "cursor_param": "after_id"}),
    ),
    "OpenAI models, which are not paged": (
        response({"object": "list", "data": THINGS}),
        Shape("none", ("data",)),
    ),
    "Google": (
        response({"kind": "drive#fileList", "nextPageToken": "~!!~AI9", "incompleteSearch": False, "files": THINGS}),
        Shape("token", ("files",), {"token_field": ("nextPageToken",), "token_param": "pageToken"}),
    ),
    "Slack": (
        response({"ok": True, "members": THINGS, "cache_ts": 1, "response_metadata": {"next_cursor": "dXNlcjpV"}}),
        Shape("token", ("members",), {"token_field": ("response_metadata", "next_cursor"), "token_param": "cursor"}),
    ),
    "Notion": (
        response({"object": "list", "results": THINGS, "next_cursor": "33e1", "has_more": True, "type": "user"}),
        Shape("token", ("results",), {"token_field": ("next_cursor",), "token_param": "start_cursor"}),
    ),
    "Kubernetes": (
        response({"kind": "PodList", "metadata": {"resourceVersion": "9", "continue": "ENCODED"}, "items": THINGS}),
        Shape("token", ("items",), {"token_field": ("metadata", "continue"), "token_param": "continue"}),
    ),
    "Twitter": (
        response({"data": THINGS, "meta": {"result_count": 2, "next_token": "7140w"}}),
        Shape("token", ("data",), {"token_field": ("meta", "next_token"), "token_param": "next_token"}),
    ),
    "HubSpot": (
        response({"results": THINGS, "paging": {"next": {"after": "NTI1", "link": "?after=NTI1"}}}),
        Shape("token", ("results",), {"token_field": ("paging", "next", "after"), "token_param": "after"}),
    ),
    "DynamoDB": (
        response(
            {"Count": 2, "Items": [{"id": {"S": "a"}}], "LastEvaluatedKey": {"id": {"S": "a"}}, "ScannedCount": 2}
        ),
        Shape("token", ("Items",), {"token_field": ("LastEvaluatedKey",), "token_param": "ExclusiveStartKey"}),
    ),
    "Django REST framework, cursor": (
        response({"next": "https://api.example.com/v1/things?cursor=cD0y", "previous": None, "results": THINGS}),
        Shape("next", ("results",), {"next_field": ("next",)}),
    ),
    "Django REST framework, the last page": (
        response({"count": 2, "next": None, "previous": None, "results": THINGS}),
        Shape("next", ("results",), {"next_field": ("next",)}, total=2),
    ),
    "PokeAPI (limit and offset of Django REST framework)": (
        response(
            {
                "count": 1302,
                "next": "https://pokeapi.co/api/v2/pokemon?offset=2&limit=2",
                "previous": None,
                "results": [{"name": "bulbasaur"}, {"name": "ivysaur"}],
            }
        ),
        Shape(
            "offset",
            ("results",),
            {"offset_param": "offset", "limit_param": "limit", "total_field": ("count",)},
            total=1302,
        ),
    ),
    "Laravel": (
        response(
            {
                "current_page": 1,
                "data": THINGS,
                "last_page": 4,
                "next_page_url": "https://api.example.com/v1/things?page=2",
                "links": [{"url": None, "label": "Previous", "active": False}],
                "total": 8,
            }
        ),
        Shape(
            "page",
            ("data",),
            {"page_param": "page", "page_field": ("current_page",), "total_pages_field": ("last_page",)},
            total=8,
            total_pages=4,
        ),
    ),
    "Datasette": (
        response(
            {
                "ok": True,
                "rows": THINGS,
                "columns": ["id"],
                "next": "2",
                "next_url": "http://127.0.0.1/db/t.json?_next=2",
            }
        ),
        Shape("next", ("rows",), {"next_field": ("next_url",)}),
    ),
    "OData, Microsoft Graph": (
        response({"@odata.context": "https://...", "value": THINGS, "@odata.nextLink": "https://graph/users?$skip=2"}),
        Shape("next", ("value",), {"next_field": ("@odata.nextLink",)}),
    ),
    "Azure": (
        response({"value": THINGS, "nextLink": "https://management.azure.com/subscriptions?$skiptoken=x"}),
        Shape("next", ("value",), {"next_field": ("nextLink",)}),
    ),
    "JSON:API": (
        response({"data": THINGS, "links": {"self": "/things", "next": "/things?page[number]=2"}, "included": [{}]}),
        Shape("next", ("data",), {"next_field": ("links", "next")}),
    ),
    "HAL": (
        response({"_links": {"next": {"href": "/orders?page=2"}}, "_embedded": {"orders": THINGS}}),
        Shape("next", ("_embedded", "orders"), {"next_field": ("_links", "next", "href")}),
    ),
    "Facebook": (
        response({"data": THINGS, "paging": {"cursors": {"after": "MT", "before": "Nj"}, "next": "https://graph/x"}}),
        Shape("next", ("data",), {"next_field": ("paging", "next")}),
    ),
    "Rick and Morty": (
        response({"info": {"count": 826, "pages": 42, "next": "https://api/character?page=2"}, "results": THINGS}),
        Shape("next", ("results",), {"next_field": ("info", "next")}),
    ),
    "Salesforce": (
        response({"totalSize": 9, "nextRecordsUrl": "/services/data/v59.0/query/01g", "records": THINGS}),
        Shape("next", ("records",), {"next_field": ("nextRecordsUrl",)}),
    ),
    "TMDB": (
        response({"page": 1, "results": THINGS, "total_pages": 500, "total_results": 1000}),
        Shape(
            "page",
            ("results",),
            {"page_param": "page", "page_field": ("page",), "total_pages_field": ("total_pages",)},
            total=1000,
            total_pages=500,
        ),
    ),
    "Spring Data, which counts from 0": (
        response({"content": THINGS, "number": 0, "totalPages": 4, "totalElements": 8, "last": False}),
        Shape(
            "page",
            ("content",),
            {
                "page_param": "page",
                "page_field": ("number",),
                "total_pages_field": ("totalPages",),
                "first_page_number": 0,
            },
            total=8,
            total_pages=4,
        ),
    ),
    "Fractal": (
        response({"data": THINGS, "meta": {"pagination": {"total": 8, "current_page": 1, "total_pages": 4}}}),
        Shape(
            "page",
            ("data",),
            {
                "page_param": "page",
                "page_field": ("meta", "pagination", "current_page"),
                "total_pages_field": ("meta", "pagination", "total_pages"),
            },
            total=8,
            total_pages=4,
        ),
    ),
    "Contentful": (
        response({"sys": {"type": "Array"}, "total": 1256, "skip": 0, "limit": 100, "items": THINGS}),
        Shape(
            "offset",
            ("items",),
            {"offset_param": "skip", "limit_param": "limit", "total_field": ("total",)},
            total=1256,
        ),
    ),
    "Jira": (
        response({"expand": "names", "startAt": 0, "maxResults": 50, "total": 200, "issues": THINGS}),
        Shape(
            "offset",
            ("issues",),
            {"offset_param": "startAt", "limit_param": "maxResults", "total_field": ("total",)},
            total=200,
        ),
    ),
    "Solr": (
        response({"response": {"numFound": 30, "start": 0, "docs": THINGS}}, sent={"q": "*:*", "rows": "2"}),
        Shape(
            "offset",
            ("response", "docs"),
            {"offset_param": "start", "limit_param": "rows", "total_field": ("response", "numFound")},
        ),
    ),
    "an offset that only the request shows": (
        response({"total": 9, "things": THINGS}, sent={"offset": "0", "limit": "2"}),
        Shape(
            "offset",
            ("things",),
            {"offset_param": "offset", "limit_param": "limit", "total_field": ("total",)},
            total=9,
        ),
    ),
    "a plain array": (response([1, 2, 3]), Shape("none", ())),
}


def spelled_out(shape: Shape) -> Shape:
    return attrs.evolve(shape, total=None, total_pages=None)


@pytest.mark.parametrize("name", REAL_WORLD)
def test_real_apis_are_recognised(name: str) -> None:
    """The style, the items and the names of every API of the table are found from one response."""
    first, expected = REAL_WORLD[name]
    found = detect(first, Hints())
    assert spelled_out(found) == spelled_out(expected)
    if expected.total is not None:
        assert (found.total, found.total_pages) == (expected.total, expected.total_pages)


@pytest.mark.parametrize(
    "first",
    [
        response({"page": 1, "total_pages": 4, "next": "https://api.example.com/v1/things?cursor=9", "data": THINGS}),
        response({"page": 1, "total_pages": 4, "next": "/v1/things?page=2&session=8", "data": THINGS}),
        response({"page": 1, "total_pages": 4, "next": "/v1/things?page=3", "data": THINGS}),
        response({"page": 1, "total_pages": 4, "next": "/v1/things?page=2", "data": THINGS}, sent={"q": "x"}),
        response({"count": 9, "next": "/v1/things?offset=5", "data": THINGS}),
        response({"count": 9, "next": "/v1/things?offset=10", "data": THINGS}, sent={"offset": "x"}),
    ],
    ids=["opaque", "two changes", "a jump", "a parameter is gone", "not by the page's length", "no number"],
)
def test_a_next_url_that_proves_no_number_is_followed(first: FirstResponse) -> None:
    """Pages are numbered without the next URL only where that URL differs by the number alone."""
    assert detect(first, Hints()).style == "next"


def test_hints_win_over_what_is_found() -> None:
    """A style, a path and a name that the user gives are taken, the rest is found."""
    first, _ = REAL_WORLD["Datasette"]
    shape = detect(first, Hints(style="token", param="_next", token_field=("next",)))
    assert shape == Shape("token", ("rows",), {"token_param": "_next", "token_field": ("next",)})


def test_a_style_without_evidence_keeps_its_defaults() -> None:
    """A style that the user gives holds where the response shows nothing of it."""
    assert detect(response({"data": THINGS}), Hints(style="page")) == Shape("page", ("data",))


def test_items_that_are_no_array_are_an_error_that_shows_the_flag() -> None:
    """Wrong --items says so, missing items say how to name them."""
    with pytest.raises(ValueError, match=r"no array at --items data\.things"):
        detect(response({"data": THINGS}), Hints(items=("data", "things")))
    with pytest.raises(ValueError, match=r"say where they are: --items data\.items"):
        detect(response({"error": "no"}), Hints())


@pytest.mark.parametrize(
    ("hints", "message"),
    [
        (Hints(style="page", token_field=("t",)), "--token-field: not with style page"),
        (Hints(token_field=("t",), id_field=("i",)), "--token-field and --id-field: not in one style"),
        (Hints(param="p"), "does not tell its style; say it: --style token or cursor or page or offset"),
    ],
)
def test_hints_that_make_no_style_are_an_error(hints: Hints, message: str) -> None:
    """Names of different styles, or one that several styles have, get an error with the flags in it."""
    with pytest.raises(ValueError, match=message):
        detect(response({"data": THINGS}), hints)


def test_a_name_tells_the_style() -> None:
    """A name that one style alone has needs no --style beside it."""
    shape = detect(response({"data": THINGS, "page": 1, "total_pages": 2}), Hints(token_field=("t",)))
    assert shape.style == "token"


@pytest.mark.parametrize(
    ("hints", "complete"),
    [
        (Hints(), False),
        (Hints(style="token", items=("Items",)), False),
        (Hints(style="token", items=("Items",), param="ExclusiveStartKey", token_field=("LastEvaluatedKey",)), True),
        (Hints(style="link", items=()), True),
        (Hints(style="none"), False),
        (Hints(style="none", items=("data",)), True),
        (Hints(items=("Items",), param="p", token_field=("t",)), True),
    ],
)
def test_complete_hints_need_no_response(hints: Hints, complete: bool) -> None:
    """Where the user says everything, nothing is left to detect."""
    assert (hints.shape() is not None) is complete


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from("next page total_pages total offset data has_more meta after x".split()),
            children,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.dictionaries(st.sampled_from(["page", "offset", "limit", "x"]), st.text(max_size=3)))
def test_any_json_gives_a_shape_or_a_clear_error(body: object, sent: Mapping[str, object]) -> None:
    """No body makes detection fail other than by saying that there are no items."""
    try:
        shape = detect(response(body, sent=sent), Hints())
    except ValueError:
        assert find_items(body) is None
    else:
        assert shape.style in STYLE_NAMES
