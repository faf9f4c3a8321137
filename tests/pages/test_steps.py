"""From one page's request to the next one's."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given, strategies as st

from support.paged import BASE, ORIGINS, listed, options
from trio_api import CrossOriginError, Omit, PageInfo, omit, wire
from trio_api.pages import next_options
from trio_api.pages._steps import FIRST_PAGE, Step
from trio_api.request import Origins

HERE = httpx.URL(BASE + "items?page=1")


def test_params_merge_shallowly_over_those_of_the_request() -> None:
    """A key of the page replaces the request's own, whole; the others stay as they were."""
    before = options(params={"filter": {"s": 1}, "tag": ["a", "b"], "page": 1, "limit": 5})
    after = next_options(before, PageInfo(params={"page": 2, "filter": {"t": 2}}), HERE, ORIGINS)
    assert after.params == {"filter": {"t": 2}, "tag": ["a", "b"], "page": 2, "limit": 5}
    assert after.url == before.url


def test_json_merges_shallowly_over_the_body() -> None:
    """Paging by the body keeps the rest of the body."""
    before = options(json_data={"TableName": "t", "Limit": 5}, method="post")
    after = next_options(before, PageInfo(json={"ExclusiveStartKey": {"id": {"N": "4"}}}), HERE, ORIGINS)
    assert after.json_data == {"TableName": "t", "Limit": 5, "ExclusiveStartKey": {"id": {"N": "4"}}}


@attrs.define
class Query:
    table_name: str = wire("TableName")
    note: str | Omit = omit


@pytest.mark.parametrize(
    ("body", "expected"), [(Query("t"), {"TableName": "t", "Key": 1}), (None, {"Key": 1}), ({}, {"Key": 1})]
)
def test_json_merges_over_any_body_with_keys(body: object, expected: object) -> None:
    """An attrs instance counts by its wire names, no body as an empty one."""
    after = next_options(options(json_data=body), PageInfo(json={"Key": 1}), HERE, ORIGINS)
    assert after.json_data == expected
    assert next_options(options(), PageInfo(json={"Key": 1}), HERE, ORIGINS).json_data == {"Key": 1}


def test_a_key_of_the_page_wins_over_extra_json() -> None:
    """extra_json says where the list begins, not where each page does."""
    before = options(json_data={"a": 1}, extra_json={"Key": "start", "b": 2})
    after = next_options(before, PageInfo(json={"Key": "later"}), HERE, ORIGINS)
    assert after.json_data == {"a": 1, "Key": "later"}
    assert after.extra_json == {"b": 2}
    assert next_options(after, PageInfo(json={"b": 3}), HERE, ORIGINS).extra_json is None


@pytest.mark.parametrize("change", [{"json_data": [1]}, {"json_data": 1}, {"content": b"x"}, {"files": {"f": b"x"}}])
def test_json_needs_a_body_with_keys(change: dict[str, Any]) -> None:
    """A body without keys can't take the one that asks for the next page."""
    message = r"by keys of the JSON body, so the body .* must be a mapping or an attrs instance: get_api_list\(.*}\)$"
    with pytest.raises(TypeError, match=message):
        next_options(options(**change), PageInfo(json={"Key": 1}), HERE, ORIGINS)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://api.example.com/v1/items?page=2&f[s]=1&f[s]=2", BASE + "items?page=2&f[s]=1&f[s]=2"),
        ("?page=2", BASE + "items?page=2"),
        ("/other?a=%2F", "https://api.example.com/other?a=%2F"),
        ("more", BASE + "more"),
        ("//api.example.com/x", "https://api.example.com/x"),
        ("https://API.example.com:443/x", "https://api.example.com/x"),
        ("https://me:secret@api.example.com/x#part", "https://api.example.com/x"),
        (httpx.URL("?page=2"), BASE + "items?page=2"),
    ],
)
def test_a_link_is_resolved_against_the_page_and_stands_for_itself(link: str | httpx.URL, expected: str) -> None:
    """The call's parameters are not added to it; its own stay as they are written; userinfo and fragment go."""
    before = options(params={"limit": 5}, json_data={"a": 1})
    after = next_options(before, PageInfo(url=link), HERE, ORIGINS)
    assert httpx.URL(after.url) == httpx.URL(expected)
    assert after.params == {}
    assert after.json_data == {"a": 1}
    assert "secret" not in after.url


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/items?page=2",
        "http://api.example.com/v1/items?page=2",
        "https://api.example.com:8443/v1/items",
        "//evil.example/x",
        "https://api.example.com.evil.example/",
        "https://api.example.com@evil.example/",
        "ftp://api.example.com/x",
    ],
)
def test_a_link_to_another_origin_is_refused(link: str) -> None:
    """Scheme, host and port must be trusted; the error shows the page and the origin, and no secrets."""
    where = (
        r"^the page at https://api\.example\.com/v1/items names a next page at another origin, .* trusted_origins=\["
    )
    with pytest.raises(CrossOriginError, match=where) as caught:
        next_options(options(), PageInfo(url=link + "?token=secret"), HERE, ORIGINS)
    assert "secret" not in str(caught.value)


def test_a_trusted_origin_is_followed() -> None:
    """The client's trusted_origins open the way."""
    origins = Origins(httpx.URL(BASE), ["https://cdn.example.com"])
    after = next_options(options(), PageInfo(url="https://cdn.example.com/2"), HERE, origins)
    assert after.url == "https://cdn.example.com/2"


def test_a_foreign_list_may_go_on_where_the_caller_sent_it() -> None:
    """The caller named the origin, and it gets no credentials: only a third one is refused."""
    before, page = options("https://other.example/items"), httpx.URL("https://other.example/items")
    after = next_options(before, PageInfo(url="?page=2"), page, ORIGINS)
    assert after.url == "https://other.example/items?page=2"
    assert next_options(after, PageInfo(url="?page=3"), httpx.URL(after.url), ORIGINS).url.endswith("page=3")
    with pytest.raises(CrossOriginError):
        next_options(before, PageInfo(url="https://third.example/"), page, ORIGINS)


def test_a_page_that_was_redirected_to_a_foreign_origin_is_not_followed_there() -> None:
    """A relative link is relative to where the page came from, which the caller never named."""
    with pytest.raises(CrossOriginError):
        next_options(options(), PageInfo(url="?page=2"), httpx.URL("https://evil.example/items"), ORIGINS)


@pytest.mark.parametrize("link", ["https://[::1", "https://x:port/"])
def test_a_link_that_is_no_url_is_a_value_error(link: str) -> None:
    """The error of httpx itself does not come out."""
    with pytest.raises(ValueError, match="is no valid URL"):
        next_options(options(), PageInfo(url=link), HERE, ORIGINS)


def test_an_idempotency_key_is_used_once() -> None:
    """Every page of a POST-paged list is a request of its own, whether the key is an option or a header."""
    before = options(method="post", idempotency_key="mine", headers={"idempotency-KEY": "mine", "X-Other": "1"})
    after = next_options(before, PageInfo(json={"a": 1}), HERE, ORIGINS)
    assert after.idempotency_key is None
    assert after.headers == {"X-Other": "1"}
    linked = next_options(before, PageInfo(url="?page=2"), HERE, ORIGINS)
    assert (linked.idempotency_key, linked.headers) == (None, {"X-Other": "1"})
    kept = next_options(before, PageInfo(json={"a": 1}), HERE, ORIGINS, idempotency_header=None)
    assert kept.headers == before.headers


def test_the_first_page_is_asked_for_as_the_caller_says() -> None:
    """Nothing is dropped from the call's own request."""
    request = listed(idempotency_key="mine", params={"a": 1})
    assert request.options_at(FIRST_PAGE) is request.options


def test_steps_add_up() -> None:
    """Changes of several pages count from the list's own request, a link replaces those before it."""
    request = listed(params={"limit": 5}, json_data={})
    step = request.step_after(FIRST_PAGE, PageInfo(params={"a": 1}), HERE)
    step = request.step_after(step, PageInfo(json={"k": 1}), HERE)
    step = request.step_after(step, PageInfo(params={"b": 2}), HERE)
    assert step == Step(None, {"a": 1, "b": 2}, {"k": 1})
    step = request.step_after(step, PageInfo(url="?page=4"), HERE)
    assert step == Step(BASE + "items?page=4", {}, {"k": 1})
    assert request.step_after(step, PageInfo(json={"k": 2}), HERE) == Step(BASE + "items?page=4", {}, {"k": 2})
    step = request.step_after(step, PageInfo(params={"limit": 5}), HERE)
    assert request.options_at(step).params == {"limit": 5}
    assert request.options_at(step).url == BASE + "items?page=4"


@pytest.mark.parametrize(
    ("request_params", "info"),
    [({"page": 1}, PageInfo(params={"page": 1})), ({"page": "1"}, PageInfo(params={"page": 1}))],
)
def test_a_page_that_names_the_first_one_is_known(request_params: dict[str, Any], info: PageInfo) -> None:
    """What does not differ on the wire from the list's own request is that request."""
    assert listed(params=request_params).step_after(FIRST_PAGE, info, HERE) == FIRST_PAGE


def test_a_body_that_is_the_first_one_is_known() -> None:
    """A key that has its value already changes nothing; in JSON a number is not its text."""
    request = listed(json_data={"k": 1})
    assert request.step_after(FIRST_PAGE, PageInfo(json={"k": 1}), HERE) == FIRST_PAGE
    assert request.step_after(FIRST_PAGE, PageInfo(json={"k": "1"}), HERE) == Step(json={"k": "1"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"params": {"a": 1, "b": [1, 2]}}, {"params": {"b": ["1", "2"], "a": "1"}}),
        ({"url": "https://x.test/?a=1&b=2"}, {"url": "https://x.test/?b=2&a=1"}),
        ({"json": {"a": {"x": 1, "y": 2}}}, {"json": {"a": {"y": 2, "x": 1}}}),
    ],
)
def test_the_same_request_has_one_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Order and, in the query, the type of a scalar do not count."""
    assert Step(**one).digest == Step(**other).digest
    assert Step(**one).may_be(Step(**other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"params": {"a": 1}}),
        ({"params": {"a": [1]}}, {"params": {"a": 1}}),
        ({"params": {"a": [1, 2]}}, {"params": {"a": [2, 1]}}),
        ({"params": {"a": "1,b"}}, {"params": {"a": [1, "b"]}}),
        ({"json": {"a": 1}}, {"json": {"a": "1"}}),
        ({"json": {"a": 1}}, {"params": {"a": 1}}),
        ({"json": {"a": 1.5}}, {"json": {"a": None}}),
        ({"url": "https://x.test/?a=1"}, {"url": "https://x.test/?a=2"}),
    ],
)
def test_different_requests_have_different_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    """What differs on the wire differs here."""
    assert Step(**one).digest != Step(**other).digest
    assert not Step(**one).may_be(Step(**other))


def test_a_link_may_be_any_page_that_parameters_ask_for() -> None:
    """How the server spells a URL is not known, so nothing follows from a difference."""
    assert Step("https://x.test/?page=2").may_be(Step(params={"page": 2}))


values = st.recursive(st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=5)


@given(st.dictionaries(st.text(max_size=5), values, max_size=4), st.randoms())
def test_the_digest_does_not_know_the_order_of_keys(params: dict[str, Any], random: Any) -> None:
    """Any shuffle of the parameters has the digest of the original."""
    keys = list(params)
    random.shuffle(keys)
    assert Step(params={key: params[key] for key in keys}).digest == Step(params=params).digest
    assert 0 <= Step(params=params).digest < 2**64
