"""Headers, in both colours: the automatic ones, who wins, and what is refused."""

from __future__ import annotations

import platform
import sys
from typing import Any

import pytest

import trio_api
from support.colours import Colour
from support.scripted import reply
from trio_api import omit


def headers_of(colour: Colour, *, options: Any = None, method: str = "get", **how: Any) -> Any:
    """The headers of one call's request."""
    _, script = colour.play(
        reply(), body=lambda client: getattr(client, method)("/items", cast_to=object, options=options), **how
    )
    return script.sent[0].headers


def test_what_every_request_says(colour: Colour) -> None:
    """Accept, User-Agent, the platform, and what the attempt is."""
    headers = headers_of(colour, version="1.2.3")
    assert headers["accept"] == "application/json"
    assert headers["user-agent"] == f"{colour.client_class.__name__}/Python 1.2.3"
    assert headers["host"] == "api.example.com"
    platform_headers = {name: value for name, value in headers.items() if name.startswith("x-trio-api-")}
    assert platform_headers == {
        "x-trio-api-lang": "python",
        "x-trio-api-package-version": trio_api.__version__,
        "x-trio-api-os": "Linux" if platform.system() == "Linux" else headers["x-trio-api-os"],
        "x-trio-api-arch": headers["x-trio-api-arch"],
        "x-trio-api-runtime": platform.python_implementation(),
        "x-trio-api-runtime-version": ".".join(map(str, sys.version_info[:3])),
        "x-trio-api-async": "trio" if colour.name == "trio" else "false",
        "x-trio-api-retry-count": "0",
        "x-trio-api-read-timeout": headers["x-trio-api-read-timeout"],
    }


def test_the_version_is_the_librarys_unless_given(colour: Colour) -> None:
    """An SDK gives its own; without one the User-Agent has the library's."""
    assert headers_of(colour)["user-agent"].endswith(f"/Python {trio_api.__version__}")


def test_a_subclass_names_itself(colour: Colour) -> None:
    """The User-Agent has the name of the client's class."""
    assert headers_of(colour, client_class=colour.make_class(), version="2")["user-agent"] == "MyClient/Python 2"


def test_the_prefix_is_a_class_attribute(colour: Colour) -> None:
    """All platform and attempt headers take it."""
    headers = headers_of(colour, client_class=colour.make_class(header_prefix="X-Acme"))
    assert headers["x-acme-lang"] == "python"
    assert headers["x-acme-retry-count"] == "0"
    assert "x-acme-read-timeout" in headers
    assert not [name for name in headers if name.startswith("x-trio-api")]


@pytest.mark.parametrize(
    ("timeout", "shown"), [(2.5, "2.5"), (30, "30"), (None, None), (trio_api.Timeout(5, read=7), "7")]
)
def test_the_read_timeout_is_said(colour: Colour, timeout: Any, shown: str | None) -> None:
    """The server may know how long it is waited for; without a timeout nothing is said."""
    assert headers_of(colour, options={"timeout": timeout}).get("x-trio-api-read-timeout") == shown


def test_the_retry_count_goes_up(colour: Colour) -> None:
    """Each attempt says how many retries came before it."""
    _, script = colour.play(reply(status=503), reply(status=503), reply())
    assert [sent.headers["x-trio-api-retry-count"] for sent in script.sent] == ["0", "1", "2"]


@pytest.mark.parametrize("name", ["X-Trio-API-Retry-Count", "x-trio-api-read-timeout"])
@pytest.mark.parametrize(("value", "sent"), [("mine", "mine"), (omit, None)])
def test_attempt_headers_are_the_callers_to_set_or_omit(colour: Colour, name: str, value: Any, sent: Any) -> None:
    """By the client or by the call, in any case of letters, on the first attempt and the next."""
    for how in ({"custom_headers": {name: value}}, {"options": {"headers": {name: value}}}):
        settings = dict(how)
        options = settings.pop("options", None)
        _, script = colour.play(
            reply(status=503),
            reply(),
            body=lambda client, options=options: client.get("/items", cast_to=object, options=options),
            **settings,
        )
        assert [each.headers.get(name) for each in script.sent] == [sent, sent]


def test_who_wins(colour: Colour) -> None:
    """From low to high: the HTTP client's, what is automatic, the class's, the client's, the call's."""
    members = {"auth_headers": property(lambda self: {"B": "auth", "C": "auth", "D": "auth"})}
    headers = headers_of(
        colour,
        client_class=colour.make_class(**members),
        http={"headers": {"A": "http", "B": "http", "C": "http", "D": "http", "Accept": "http"}},
        custom_headers={"C": "custom", "d": "custom"},
        options={"headers": {"D": "call"}},
    )
    assert [headers[name] for name in "ABCD"] == ["http", "auth", "custom", "call"]
    assert headers["accept"] == "application/json"


def test_names_are_the_same_in_any_case(colour: Colour) -> None:
    """A header is sent once, however its name is written."""
    headers = headers_of(colour, custom_headers={"x-key": "1", "ACCEPT": "a/b"}, options={"headers": {"X-KEY": "2"}})
    assert headers.get_list("x-key") == ["2"]
    assert headers.get_list("accept") == ["a/b"]


def test_omit_removes_a_header(colour: Colour) -> None:
    """Whoever gave it: the HTTP client, the library, the class, the client."""
    headers = headers_of(
        colour,
        client_class=colour.make_class(auth_headers=property(lambda self: {"Authorization": "secret"})),
        http={"headers": {"X-Http": "1"}},
        custom_headers={"X-Custom": "1", "User-Agent": omit},
        options={"headers": {"authorization": omit, "x-custom": omit, "X-HTTP": omit, "Accept": omit}},
    )
    for name in ("authorization", "x-custom", "x-http", "accept", "user-agent"):
        assert name not in headers


def test_a_call_gives_back_what_the_client_omits(colour: Colour) -> None:
    """A higher layer wins over a lower one's omission too."""
    headers = headers_of(colour, custom_headers={"User-Agent": omit}, options={"headers": {"User-Agent": "me"}})
    assert headers["user-agent"] == "me"


def test_userinfo_of_the_base_url_is_basic_auth(colour: Colour) -> None:
    """It is sent as a header and stands in no URL; a header of the caller wins."""
    settings = {"base_url": "https://us%40er:p%3Aw@api.example.com/v1"}
    _, script = colour.play(reply(), **settings)
    assert script.sent[0].headers["authorization"] == "Basic dXNAZXI6cDp3"
    assert str(script.sent[0].url) == "https://api.example.com/v1/items"
    assert headers_of(colour, custom_headers={"Authorization": "Bearer x"}, **settings)["authorization"] == "Bearer x"


def test_the_hooks_are_asked_on_every_attempt(colour: Colour) -> None:
    """A token that is refreshed between two attempts is the one that is sent."""
    tokens = iter(["first", "second"])
    cls = colour.make_class(auth_headers=property(lambda self: {"Authorization": next(tokens)}))
    _, script = colour.play(reply(status=503), reply(), client_class=cls)
    assert [sent.headers["authorization"] for sent in script.sent] == ["first", "second"]


def test_default_headers_can_be_overridden_whole(colour: Colour) -> None:
    """A subclass that gives other default headers gives all of them."""
    headers = headers_of(colour, client_class=colour.make_class(default_headers=property(lambda self: {"X-Only": "1"})))
    assert headers["x-only"] == "1"
    assert "x-trio-api-lang" not in headers


def test_custom_headers_win_over_the_defaults_of_a_subclass(colour: Colour) -> None:
    """What a program asks for goes above what the SDK has for everybody, in whatever case either is written."""
    cls = colour.make_class(
        default_headers=property(lambda self: {**super(cls, self).default_headers, "X-Version": "2", "X-Beta": "b"})
    )
    headers = headers_of(colour, client_class=cls, custom_headers={"x-version": "3", "X-BETA": omit})
    assert headers.get_list("x-version") == ["3"]
    assert "x-beta" not in headers


def test_custom_query_wins_over_the_defaults_of_a_subclass(colour: Colour) -> None:
    """As custom headers do."""
    cls = colour.make_class(
        default_query=property(lambda self: {**super(cls, self).default_query, "version": "2", "lang": "en"})
    )
    _, script = colour.play(reply(), client_class=cls, custom_query={"version": "3"})
    assert dict(script.sent[0].url.params) == {"version": "3", "lang": "en"}


def test_platform_headers_can_be_overridden(colour: Colour) -> None:
    """``platform_headers()`` says what the program is; an SDK may say less."""
    headers = headers_of(colour, client_class=colour.make_class(platform_headers=lambda self: {"X-SDK": "acme"}))
    assert headers["x-sdk"] == "acme"
    assert "x-trio-api-lang" not in headers


def test_user_agent_can_be_overridden(colour: Colour) -> None:
    """``user_agent`` is a property of the class."""
    cls = colour.make_class(user_agent=property(lambda self: "acme/1"))
    assert headers_of(colour, client_class=cls)["user-agent"] == "acme/1"


def test_validate_headers_may_refuse(colour: Colour) -> None:
    """It sees the merged headers of the attempt, and what it raises comes out before anything is sent."""

    def validate(self: Any, headers: Any) -> None:
        if "authorization" not in headers:
            raise PermissionError("give api_key=...")

    error, script = colour.fail(PermissionError, client_class=colour.make_class(_validate_headers=validate))
    assert str(error) == "give api_key=..."
    assert script.sent == []
    cls = colour.make_class(_validate_headers=validate)
    assert headers_of(colour, client_class=cls, custom_headers={"Authorization": "x"})["authorization"] == "x"


@pytest.mark.parametrize("character", ["\r", "\n", "\0", "\r\n X-Injected: 1"])
@pytest.mark.parametrize("where", ["call", "client", "name", "method", "key"])
def test_injected_headers_are_refused_before_anything_is_sent(colour: Colour, character: str, where: str) -> None:
    """CR, LF and NUL in a header's value or name, in the method or in the key are a ValueError without the value."""
    secret = f"canary{character}x"
    call: dict[str, Any] = {"method": "POST", "url": "/items"}
    settings: dict[str, Any] = {}
    if where == "call":
        call["headers"] = {"X-Key": secret}
    elif where == "name":
        call["headers"] = {secret: "1"}
    elif where == "method":
        call["method"] = f"GET{character}"
    elif where == "key":
        call["idempotency_key"] = secret
    else:
        settings["custom_headers"] = {"X-Key": secret}
    error, script = colour.fail(ValueError, body=lambda client: client.request(object, call), **settings)
    assert script.sent == []
    assert ("canary" in str(error)) is (where == "name")
