"""Copies of a client, in both colours: what they share, what they change, and what they never close."""

from __future__ import annotations

import functools
from typing import Any

import httpx
import pytest

from support.colours import BASE_URL, Colour
from support.scripted import Script, reply
from trio_api import AsyncAPIResource, RetryPolicy, SyncAPIResource, omit


def get(client: Any) -> Any:
    return client.get("/items", cast_to=object)


def test_a_copy_sends_by_the_same_http_client(colour: Colour) -> None:
    """It shares the connections, and is of the same class."""

    def body(client: Any) -> Any:
        copied = client.copy()
        assert type(copied) is type(client)
        assert copied is not client
        assert copied._client is client._client
        return get(copied)

    _, script = colour.play(reply(), body=body, client_class=colour.make_class())
    assert len(script.sent) == 1


def test_with_options_is_copy(colour: Colour) -> None:
    """Two names, one thing."""
    assert colour.client_class.with_options is colour.client_class.copy


def test_custom_headers_merge(colour: Colour) -> None:
    """``custom_headers`` lie over the parent's, in any case of letters; `omit` takes one away."""

    def body(client: Any) -> Any:
        yield get(client.copy(custom_headers={"b": "2", "C": "3", "D": omit}))
        yield get(client)

    _, script = colour.play(reply(), reply(), body=body, custom_headers={"A": "1", "B": "1", "D": "1"})
    copied, parent = [{name: sent.headers.get(name) for name in "ABCD"} for sent in script.sent]
    assert copied == {"A": "1", "B": "2", "C": "3", "D": None}
    assert parent == {"A": "1", "B": "1", "C": None, "D": "1"}


def test_set_custom_headers_replace(colour: Colour) -> None:
    """``set_custom_headers`` stand in place of the parent's; empty ones take all away."""

    def body(client: Any) -> Any:
        yield get(client.copy(set_custom_headers={"B": "2"}))
        yield get(client.copy(set_custom_headers={}))

    _, script = colour.play(reply(), reply(), body=body, custom_headers={"A": "1"})
    assert [(sent.headers.get("a"), sent.headers.get("b")) for sent in script.sent] == [(None, "2"), (None, None)]


def test_custom_queries_merge_and_replace(colour: Colour) -> None:
    """``custom_query`` and ``set_custom_query`` likewise."""

    def body(client: Any) -> Any:
        yield get(client.copy(custom_query={"b": 2}))
        yield get(client.copy(set_custom_query={"b": 2}))

    _, script = colour.play(reply(), reply(), body=body, custom_query={"a": 1, "b": 1})
    assert [sent.path for sent in script.sent] == ["/v1/items?a=1&b=2", "/v1/items?b=2"]


@pytest.mark.parametrize("name", ["custom_headers", "custom_query"])
def test_merging_and_replacing_exclude_each_other(colour: Colour, name: str) -> None:
    """Both at once is a ValueError that says which does what, even where they are empty."""
    client = colour.client()
    with pytest.raises(ValueError, match=f"{name} and set_{name} exclude each other"):
        client.copy(**{name: {}, f"set_{name}": {}})


def test_everything_else_replaces(colour: Colour) -> None:
    """Base URL, timeouts, retries, redirects: the copy's own; what is left out is the parent's."""
    client = colour.client(timeout=1, total_timeout=2, max_retries=3)
    copied = client.copy(base_url="https://other.example/v2", timeout=4, total_timeout=5, max_retries=6)
    assert (str(copied.base_url), copied.timeout, copied.total_timeout, copied.max_retries) == (
        "https://other.example/v2/",
        4,
        5,
        6,
    )
    assert (str(client.base_url), client.timeout, client.total_timeout, client.max_retries) == (BASE_URL, 1, 2, 3)
    again = copied.copy(total_timeout=None)
    assert (again.timeout, again.total_timeout, again.max_retries) == (4, None, 6)
    assert client.copy(timeout=None).timeout is None


def test_a_copys_policy(colour: Colour) -> None:
    """``retry`` replaces the policy; an explicit ``max_retries`` of the parent still wins over its number."""

    def body(client: Any) -> Any:
        return get(client.copy(retry=RetryPolicy(max_retries=9, initial=3)))

    _, script = colour.play(reply(status=503), reply(), body=body, max_retries=1)
    assert script.waits == [3]


def test_a_copy_of_a_copy(colour: Colour) -> None:
    """Changes add up."""

    def body(client: Any) -> Any:
        return get(client.copy(custom_headers={"A": "1"}).copy(custom_headers={"B": "2"}).with_options(timeout=9))

    _, script = colour.play(reply(), body=body)
    [sent] = script.sent
    assert (sent.headers["a"], sent.headers["b"], sent.timeout["read"]) == ("1", "2", 9)


def test_userinfo_of_another_base_url_replaces_the_parents(colour: Colour) -> None:
    """The credentials of the old one do not go to the new one."""

    def body(client: Any) -> Any:
        yield get(client.copy(base_url="https://a:b@other.example"))
        yield get(client.copy(base_url="https://other.example"))

    _, script = colour.play(reply(), reply(), body=body, base_url="https://user:canary@api.example.com")
    assert [sent.headers.get("authorization") for sent in script.sent] == ["Basic YTpi", None]


@pytest.mark.parametrize(
    ("change", "error", "name"),
    [
        ({"max_retries": None}, TypeError, "max_retries"),
        ({"max_retries": 1.0}, TypeError, "max_retries"),
        ({"max_retries": "2"}, TypeError, "max_retries"),
        ({"max_retries": -1}, ValueError, "max_retries"),
        ({"timeout": "1"}, TypeError, "timeout"),
        ({"timeout": -1}, ValueError, "timeout"),
        ({"total_timeout": "1"}, TypeError, "total_timeout"),
        ({"base_url": "nowhere"}, ValueError, "base_url"),
        ({"base_url": None}, TypeError, "base_url"),
        ({"custom_headers": [("a", "b")]}, TypeError, "custom_headers"),
        ({"set_custom_headers": {"a": 1}}, TypeError, "'a'"),
        ({"custom_query": "a=1"}, TypeError, "custom_query"),
        ({"set_custom_query": {1: 2}}, TypeError, "custom_query"),
        ({"http_client": object()}, TypeError, "http_client"),
        ({"retry": 3}, TypeError, "retry"),
        ({"max_response_bytes": 0}, ValueError, "max_response_bytes"),
        ({"trusted_origins": "https://x"}, TypeError, "trusted_origins"),
        ({"follow_redirects": "no"}, TypeError, "follow_redirects"),
    ],
)
def test_a_bad_change_names_itself(colour: Colour, change: Any, error: type[Exception], name: str) -> None:
    """A copy is checked as a client is, when it is made; the parent is as it was."""
    client = colour.client()
    with pytest.raises(error, match=name):
        client.copy(**change)
    assert client.max_retries == 2


# -- ownership -----------------------------------------------------------------------------------------------


def test_closing_a_copy_closes_nothing_of_the_parents(colour: Colour) -> None:
    """A block of the copy's own leaves the parent open."""
    if colour.name == "trio":

        async def use(client: Any) -> None:
            async with client.with_options(timeout=1) as copied:
                await get(copied)
            await get(client)
    else:

        def use(client: Any) -> None:  # type: ignore[misc]
            with client.with_options(timeout=1) as copied:
                get(copied)
            client.with_options(timeout=1).close()
            get(client)

    _, script = colour.play(reply(), reply(), body=use)
    assert len(script.sent) == 2


def test_a_copy_with_another_http_client_sends_by_that(colour: Colour) -> None:
    """Its timeout counts then, and nobody closes it but its owner."""
    other = Script(reply(), time=colour.time)
    other_http = colour.http_client_class(transport=other, timeout=11)

    def body(client: Any) -> Any:
        copied = client.copy(http_client=other_http)
        assert copied.timeout == httpx.Timeout(11)
        return get(copied)

    _, script = colour.play(body=body)
    assert (len(script.sent), len(other.sent)) == (0, 1)
    assert not other_http.is_closed
    assert other.sent[0].timeout["read"] == 11


# -- subclasses ----------------------------------------------------------------------------------------------


def test_resources_of_a_copy_call_the_copy(colour: Colour) -> None:
    """``client.with_options(...).models.list()`` uses the options: resources are bound to the copy."""
    base: Any = AsyncAPIResource if colour.name == "trio" else SyncAPIResource

    class Models(base):  # type: ignore[misc]
        def __init__(self, client: Any, prefix: str) -> None:
            super().__init__(client)
            self.prefix = prefix

        def list(self) -> Any:
            return self._client.get(f"{self.prefix}/models", cast_to=object)

    class SDK(colour.client_class):  # type: ignore[name-defined,misc]
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.models = Models(self, "/beta")
            self.elsewhere = Models(None, "/never")

    def body(client: Any) -> Any:
        copied = client.with_options(custom_headers={"X-A": "1"})
        assert copied.elsewhere is client.elsewhere
        yield copied.models.list()
        yield client.models.list()

    _, script = colour.play(reply(), reply(), body=body, client_class=SDK)
    assert [(sent.path, sent.headers.get("x-a")) for sent in script.sent] == [
        ("/v1/beta/models", "1"),
        ("/v1/beta/models", None),
    ]


def test_cached_properties_of_a_copy_are_made_anew(colour: Colour) -> None:
    """A resource that is made when first asked for is the copy's own too."""

    class SDK(colour.client_class):  # type: ignore[name-defined,misc]
        @functools.cached_property
        def models(self) -> Any:
            return [self]

    def body(client: Any) -> Any:
        assert client.models == [client]
        copied = client.with_options()
        assert copied.models == [copied]
        assert client.models == [client]

    colour.play(body=body, client_class=SDK)


def test_what_a_subclass_keeps_is_kept(colour: Colour) -> None:
    """An SDK's own attributes, its API key, go with the copy, though ``__init__`` does not run again."""

    class SDK(colour.client_class):  # type: ignore[name-defined,misc]
        def __init__(self, *, api_key: str, **settings: Any) -> None:
            super().__init__(**settings)
            self.api_key = api_key

        @property
        def auth_headers(self) -> Any:
            return {"Authorization": f"Bearer {self.api_key}"}

    _, script = colour.play(reply(), body=lambda client: get(client.copy(timeout=1)), client_class=SDK, api_key="k")
    assert script.sent[0].headers["authorization"] == "Bearer k"
