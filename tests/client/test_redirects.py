"""Redirects and other origins, in both colours: what is followed, and what never leaves home."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from support.colours import BASE_URL, Colour
from support.scripted import Sent, reply
from trio_api import APIConnectionError

OTHER = "https://other.example"
NOT_CREDENTIALS = {
    "accept",
    "accept-encoding",
    "user-agent",
    "host",
    "content-type",
    "content-length",
    "transfer-encoding",
    "content-encoding",
    "content-language",
}


def to(location: str, status: int = 302, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={"Location": location, **headers})


def credentials(sent: Sent) -> set[str]:
    """The names of all headers that may say who the caller is."""
    return set(sent.headers) - NOT_CREDENTIALS


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_get_is_followed(colour: Colour, status: int) -> None:
    """Relative to where it was asked for, any number of hops; the value is that of the last response."""
    value, script = colour.play(to("../there?a=1", status), to("/v1/last", status), reply({"here": True}))
    assert value == {"here": True}
    assert [str(sent.url) for sent in script.sent] == [
        "https://api.example.com/v1/items",
        "https://api.example.com/there?a=1",
        "https://api.example.com/v1/last",
    ]
    assert {sent.method for sent in script.sent} == {"GET"}


@pytest.mark.parametrize("status", [301, 302, 303])
@pytest.mark.parametrize("kind", ["json", "bytes", "stream"])
def test_a_post_becomes_a_get_without_body(colour: Colour, status: int, kind: str) -> None:
    """Body and content headers go; everything else stays."""
    body: dict[str, Any] = {"body": {"a": 1}} if kind == "json" else {"content": b"a"}
    if kind == "stream":
        body = {"content": iter([b"a", b"b"])}
    options = {"headers": {"X-Custom": "1", "Content-Language": "de", "Content-Encoding": "none"}}
    _, script = colour.play(
        to("/done", status), reply(), body=lambda client: client.post("/x", cast_to=object, options=options, **body)
    )
    first, second = script.sent
    assert (first.method, second.method) == ("POST", "GET")
    assert second.body == b""
    assert not [name for name in second.headers if name.startswith("content-") or name == "transfer-encoding"]
    assert second.headers["x-custom"] == "1"


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_method_and_body_are_kept(colour: Colour, status: int, method: str) -> None:
    """307 and 308 ask for the same again, elsewhere."""
    _, script = colour.play(
        to("/there", status), reply(), body=lambda client: getattr(client, method)("/x", cast_to=object, body={"a": 1})
    )
    first, second = script.sent
    assert first.method == second.method == method.upper()
    assert first.body == second.body == b'{"a":1}'
    assert second.headers["content-type"] == "application/json"
    assert first.headers.get("idempotency-key") == second.headers.get("idempotency-key")


@pytest.mark.parametrize(("status", "method"), [(301, "put"), (302, "delete"), (302, "patch")])
def test_other_methods_are_kept_by_301_and_302(colour: Colour, status: int, method: str) -> None:
    """Only POST becomes GET there, as browsers have it (Fetch, 4.4)."""
    _, script = colour.play(
        to("/there", status), reply(), body=lambda client: getattr(client, method)("/x", cast_to=object, body=1)
    )
    assert (script.sent[1].method, script.sent[1].body) == (method.upper(), b"1")


def test_head_stays_head(colour: Colour) -> None:
    """A 303 turns every method into GET, but HEAD."""
    _, script = colour.play(
        to("/there", 303),
        httpx.Response(200),
        body=lambda client: client.request(None, {"method": "HEAD", "url": "/x"}),
    )
    assert [sent.method for sent in script.sent] == ["HEAD", "HEAD"]


def test_a_spent_body_is_not_sent_empty(colour: Colour) -> None:
    """A 307 for a one-shot body is an error, with nothing sent to the new place."""
    error, script = colour.fail(
        APIConnectionError,
        to("/there", 307),
        body=lambda client: client.put("/x", cast_to=object, content=iter([b"abc"])),
    )
    assert len(script.sent) == 1
    assert error.sent is True


@pytest.mark.parametrize("how", ["client", "copy", "call"])
def test_following_can_be_turned_off(colour: Colour, how: str) -> None:
    """Then the redirect is the response, on the client, a copy, or the call."""

    def body(client: Any) -> Any:
        client = client.with_options(follow_redirects=False) if how == "copy" else client
        options = {"follow_redirects": False} if how == "call" else None
        return client.get("/items", cast_to=httpx.Response, options=options)

    settings = {"follow_redirects": False} if how == "client" else {}
    response, script = colour.play(to("/there"), body=body, **settings)
    assert response.status_code == 302
    assert len(script.sent) == 1


def test_a_call_turns_it_on_again(colour: Colour) -> None:
    """What the call says wins over the client."""
    _, script = colour.play(
        to("/there"),
        reply(),
        body=lambda client: client.get("/items", cast_to=object, options={"follow_redirects": True}),
        follow_redirects=False,
    )
    assert len(script.sent) == 2


def test_the_http_clients_own_following_does_not_interfere(colour: Colour) -> None:
    """A caller's HTTP client that follows redirects by itself follows none here: it would keep the credentials."""
    _, script = colour.play(
        to(f"{OTHER}/x"),
        reply(),
        http={"follow_redirects": True},
        custom_headers={"X-API-Key": "canary"},
    )
    assert len(script.sent) == 2
    assert "x-api-key" not in script.sent[1].headers


@pytest.mark.parametrize(
    "location",
    [
        "ftp://api.example.com/x",
        "file:///etc/passwd",
        "data:,x",
        "https://",
        "https://[bad",
        "https://h:99999/",
        # these httpx itself can't parse, and it tries before anybody follows
        "https://h:c4nary/",
        "https://u:c4nary@\uff41.example.com/?c4nary",
    ],
)
def test_a_redirect_to_nowhere_is_an_error(colour: Colour, location: str) -> None:
    """Another scheme or a broken URL is an unretried connection error that keeps the URL's secrets."""
    error, script = colour.fail(APIConnectionError, httpx.Response(302, headers=[(b"Location", location.encode())]))
    assert "c4nary" not in f"{error} {error.__cause__}"
    assert len(script.sent) == 1
    assert len(error.attempts) == 1


def test_twenty_redirects_are_followed_and_no_more(colour: Colour) -> None:
    """The twenty-first is an error, unretried."""
    value, script = colour.play(*[to("/again")] * 20, reply({"a": 1}))
    assert (value, len(script.sent)) == ({"a": 1}, 21)
    _, script = colour.fail(APIConnectionError, *[to("/again")] * 21)
    assert len(script.sent) == 21


# -- credentials ---------------------------------------------------------------------------------------------

SECRETS = {
    "custom_headers": {"X-API-Key": "canary", "Authorization": "Bearer canary", "Proxy-Authorization": "canary"},
    "http": {"headers": {"X-Http": "canary"}, "cookies": {"session": "canary"}},
}
CALL = {"headers": {"X-Call": "canary", "Cookie": "mine=canary"}}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "location",
    [
        f"{OTHER}/x",
        "http://api.example.com/x",
        "https://api.example.com:8443/x",
        "//other.example/x",
        "https://api.example.com.other.example/x",
        "https://api.example.com@other.example/x",
    ],
)
def test_no_credential_follows_a_redirect_to_another_origin(
    colour: Colour, status: int, method: str, location: str
) -> None:
    """Scheme, host and port have to be the same: else only Accept, Accept-Encoding, User-Agent and content go."""
    cls = colour.make_class(
        auth_headers=property(lambda self: {"X-Auth": "canary"}),
        custom_auth=property(lambda self: httpx.BasicAuth("canary", "canary")),
    )
    _, script = colour.play(
        to(location, status),
        reply(),
        body=lambda client: getattr(client, method)("/items", cast_to=object, options=CALL),
        client_class=cls,
        base_url="https://user:canary@api.example.com/v1",
        **SECRETS,
    )
    at_home, away = script.sent
    assert credentials(at_home) >= {"authorization", "x-api-key", "x-auth", "x-http", "x-call", "cookie"}
    assert credentials(away) == set()
    assert "canary" not in str(away.headers.raw)
    assert away.headers["host"] == away.url.netloc.decode()
    assert away.headers["user-agent"] == at_home.headers["user-agent"]


def test_what_was_dropped_stays_away_on_the_way_back(colour: Colour) -> None:
    """A foreign origin that sends the client home again gains nothing by it: no credentials by its leave."""
    _, script = colour.play(to(f"{OTHER}/x"), to("https://api.example.com/v1/delete-all"), reply(), **SECRETS)
    assert [sent.url.host for sent in script.sent] == ["api.example.com", "other.example", "api.example.com"]
    assert "x-api-key" not in script.sent[2].headers
    assert "authorization" not in script.sent[2].headers


def test_the_next_attempt_has_its_credentials_again(colour: Colour) -> None:
    """A retry begins at home with everything."""
    _, script = colour.play(to(f"{OTHER}/x"), reply(status=503), reply(), **SECRETS)
    assert [sent.url.host for sent in script.sent] == ["api.example.com", "other.example", "api.example.com"]
    assert script.sent[2].headers["x-api-key"] == "canary"


def test_a_trusted_origin_gets_everything(colour: Colour) -> None:
    """``trusted_origins`` names origins as text; the headers, the auth and the query go there too."""
    cls = colour.make_class(custom_auth=property(lambda self: httpx.BasicAuth("user", "pw")))
    _, script = colour.play(
        to(f"{OTHER}/x"),
        reply(),
        client_class=cls,
        trusted_origins=[OTHER],
        custom_headers={"X-API-Key": "k"},
    )
    away = script.sent[1]
    assert away.headers["x-api-key"] == "k"
    assert away.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_absolute_url_that_the_caller_names_is_sent_bare(colour: Colour, method: str) -> None:
    """To another origin it goes without the client's credentials, whatever the call adds."""
    cls = colour.make_class(
        auth_headers=property(lambda self: {"X-Auth": "canary"}),
        custom_auth=property(lambda self: httpx.BasicAuth("canary", "canary")),
    )
    _, script = colour.play(
        reply(),
        body=lambda client: getattr(client, method)(f"{OTHER}/x?a=1", cast_to=object, options=CALL),
        client_class=cls,
        custom_query={"key": "canary"},
        **SECRETS,
    )
    [sent] = script.sent
    assert str(sent.url) == f"{OTHER}/x?a=1"
    assert credentials(sent) == set()
    assert "canary" not in str(sent.headers.raw)


def test_an_absolute_url_of_a_trusted_origin_gets_everything(colour: Colour) -> None:
    """It is as good as home."""
    _, script = colour.play(
        reply(),
        body=lambda client: client.get(f"{OTHER}/x", cast_to=object),
        trusted_origins=[f"{OTHER}:443"],
        custom_headers={"X-API-Key": "k"},
    )
    assert script.sent[0].headers["x-api-key"] == "k"


def test_a_hook_cant_send_credentials_abroad(colour: Colour) -> None:
    """What ``_prepare_request`` adds, or a URL that it changes, passes the same filter."""

    def sign(self: Any, request: httpx.Request) -> None:
        request.headers["X-Signature"] = "canary"

    def lead_astray(self: Any, request: httpx.Request) -> None:
        request.url = httpx.URL(f"{OTHER}/x")
        request.headers["X-Signature"] = "canary"

    _, script = colour.play(
        reply(),
        body=lambda client: client.get(f"{OTHER}/x", cast_to=object),
        client_class=colour.make_class(_prepare_request=sign),
    )
    assert credentials(script.sent[0]) == set()
    _, script = colour.play(reply(), client_class=colour.make_class(_prepare_request=lead_astray), **SECRETS)
    assert credentials(script.sent[0]) == set()


def test_a_copy_with_another_base_url_trusts_that(colour: Colour) -> None:
    """The origins go with the base URL: the old one is foreign to the copy."""

    def body(client: Any) -> Any:
        copied = client.with_options(base_url=OTHER)
        yield copied.get("/x", cast_to=object)
        yield copied.get(f"{BASE_URL}x", cast_to=object)

    _, script = colour.play(reply(), reply(), body=body, custom_headers={"X-API-Key": "k"})
    assert ["x-api-key" in sent.headers for sent in script.sent] == [True, False]


@pytest.mark.parametrize(
    "origins",
    [
        ["other.example"],
        ["https://other.example/path"],
        ["https://u:p@other.example"],
        ["ftp://x"],
        [""],
    ],
)
def test_a_bad_origin_is_refused_when_the_client_is_made(colour: Colour, origins: list[str]) -> None:
    """An entry that is no bare origin is a ValueError that names the argument, and shows no userinfo."""
    with pytest.raises(ValueError, match="trusted_origins") as caught:
        colour.client(trusted_origins=origins)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("origins", ["https://other.example", b"https://x", 7, None, [7]])
def test_origins_come_as_a_list(colour: Colour, origins: Any) -> None:
    """One text is not a list of characters."""
    with pytest.raises(TypeError, match="trusted_origins"):
        colour.client(trusted_origins=origins)
