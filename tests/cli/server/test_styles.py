"""The styles of the embedded server, without IO."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from support.unicode_api import UNICODE_API
from trio_api.cli.server import STYLES, UnicodeAPI
from trio_api.cli.server._exchange import Reply, Request

ORIGIN = "http://127.0.0.1:8000"
SPACES = [f"{point:04X}" for point in range(0x110000) if unicodedata.category(chr(point)) == "Zs"]


@pytest.fixture
def api() -> UnicodeAPI:
    return UNICODE_API


def request(url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
    parts = urlsplit(url)
    return Request(method, parts.path, dict(parse_qsl(parts.query)), headers or {}, body, ORIGIN)


def next_of(style: str, reply: Reply, parameters: dict[str, object]) -> dict[str, object] | None:
    """The parameters of the next page, as the documentation of the style says."""
    page = json.loads(reply.body)
    if style == "cursor":
        return {"after": page["data"][-1]["id"]} if page["has_more"] else None
    if style == "token":
        return {"page_token": page["next_page_token"]} if "next_page_token" in page else None
    if style == "next":
        return dict(parse_qsl(urlsplit(page["next"]).query)) if page["next"] else None
    if style == "offset":
        following = page["offset"] + page["limit"]
        return {"offset": following} if following < page["total"] else None
    if style == "page":
        return {"page": page["page"] + 1} if page["page"] < page["total_pages"] else None
    links = httpx.Response(200, headers=dict(reply.headers)).links
    return dict(parse_qsl(urlsplit(links["next"]["url"]).query)) if "next" in links else None


@pytest.mark.parametrize("size", [1, 3, 17, 1000])
@pytest.mark.parametrize("style", STYLES)
def test_every_style_gives_each_record_once_and_in_order(api: UnicodeAPI, style: str, size: int) -> None:
    """Whatever the size of a page, following a style's own rule to its end gives the whole table."""
    parameters: dict[str, object] = {"category": "Zs", "limit": size, "per_page": size, "page_size": size}
    ids: list[str] = []
    while True:
        reply = api.answer(request(str(httpx.URL(f"/{style}/characters", params=dict(parameters)))))
        page = json.loads(reply.body)
        ids += [item["id"] for item in (page if style == "link" else page["data"])]
        following = next_of(style, reply, parameters)
        if following is None:
            break
        parameters |= following
    assert ids == SPACES


def test_a_record_says_what_unicodedata_says(api: UnicodeAPI) -> None:
    """One record, field by field."""
    assert json.loads(api.answer(request("/cursor/characters/00BD")).body) == {
        "id": "00BD",
        "codePoint": 0xBD,
        "name": "VULGAR FRACTION ONE HALF",
        "category": "No",
        "bidirectional": "ON",
        "combining": 0,
        "mirrored": False,
        "decomposition": "<fraction> 0031 2044 0032",
        "numeric": 0.5,
    }


def test_categories_count_every_named_character(api: UnicodeAPI) -> None:
    """The counts of the categories add up to the table."""
    categories = json.loads(api.answer(request("/link/categories")).body)
    assert sum(category["characters"] for category in categories) == api.warm_up()


def test_a_post_takes_its_parameters_from_the_body(api: UnicodeAPI) -> None:
    """A POST-paged list is the list of GET."""
    posted = api.answer(request("/token/characters", method="POST", body=b'{"page_size": 2, "category": "Zs"}'))
    assert posted == api.answer(request("/token/characters?page_size=2&category=Zs"))


@pytest.mark.parametrize(
    ("url", "status", "message"),
    [
        ("/", 404, "there is no /"),
        ("/cursor", 404, "there is no /cursor"),
        ("/cursor/planets", 404, "there is no /cursor/planets"),
        ("/cursor/characters/XYZ", 404, "there is no record 'XYZ' in characters"),
        ("/cursor/characters?after=XYZ", 400, "after: there is no record 'XYZ'"),
        ("/cursor/characters?limit=0", 400, "limit: expected at least 1, got 0"),
        ("/page/characters?page=x", 400, "page: expected an integer, got 'x'"),
        ("/offset/characters?offset=-1", 400, "offset: expected at least 0, got -1"),
        ("/token/characters?page_token=AAAA", 400, "not a token of this list: 'AAAA'"),
        ("/token/characters?page_token=%C3%A9", 400, "not a token of this list: 'é'"),
        ("/link/characters?category=Xx", 400, "category: there is no category 'Xx'"),
    ],
)
def test_a_wrong_request_is_answered_with_what_is_wrong(api: UnicodeAPI, url: str, status: int, message: str) -> None:
    """An error has a status and, in the manner of large APIs, a message."""
    reply = api.answer(request(url))
    assert (reply.status, json.loads(reply.body)["error"]["message"]) == (status, message)


def test_other_methods_and_bodies_are_refused(api: UnicodeAPI) -> None:
    """A list takes GET and POST, a record GET, a body is an object."""
    assert api.answer(request("/link/characters", method="DELETE")).headers == (("Allow", "GET, POST"),)
    assert api.answer(request("/link/characters/0041", method="POST")).status == 405
    assert api.answer(request("/link/characters", method="POST", body=b"[1]")).status == 400


@pytest.mark.parametrize(
    ("given", "status"), [({}, 401), ({"authorization": "Bearer no"}, 401), ({"authorization": "Bearer s3"}, 200)]
)
def test_a_token_is_asked_for(given: Mapping[str, str], status: int) -> None:
    """With a token, only the right bearer is answered."""
    assert UnicodeAPI(token="s3").answer(request("/cursor/categories", headers=given)).status == status
