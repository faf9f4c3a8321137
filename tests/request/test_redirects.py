"""What follows a redirect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api.request import Origins, RedirectProblem, may_have_credentials, redirect_request

BASE = httpx.URL("https://api.example.com/v1/")
ORIGINS = Origins(BASE, ["https://cdn.example.com"])


def ask(method: str = "GET", url: str = "https://api.example.com/v1/a/b?x=1", **kwargs: Any) -> httpx.Request:
    """A request with credentials."""
    headers = {
        "Authorization": "canary",
        "X-API-Key": "canary",
        "Accept": "application/json",
        **kwargs.pop("headers", {}),
    }
    return httpx.Request(method, url, headers=headers, **kwargs)


def follow(
    request: httpx.Request,
    status_code: int,
    location: str | bytes | list[str] | None,
    *,
    hops: int = 0,
    replayable: bool = True,
) -> httpx.Request | None:
    """The request that a response with this status and these Locations leads to."""
    locations = location if isinstance(location, list) else [] if location is None else [location]
    headers = [(b"Location", text if isinstance(text, bytes) else text.encode()) for text in locations]
    response = httpx.Response(status_code, headers=headers)
    return redirect_request(
        request, response, ORIGINS, hops=hops, replayable=replayable, idempotency_header="Idempotency-Key"
    )


def followed(*args: Any, **kwargs: Any) -> httpx.Request:
    """As `follow`, where there is a redirect."""
    request = follow(*args, **kwargs)
    assert request is not None
    return request


@pytest.mark.parametrize("status_code", [200, 201, 300, 304, 305, 306, 400, 500])
def test_other_statuses_are_no_redirects(status_code: int) -> None:
    """A Location is followed only where the status says so."""
    assert follow(ask(), status_code, "/x") is None


@pytest.mark.parametrize("status_code", [301, 302, 303, 307, 308])
def test_without_a_location_there_is_nowhere_to_go(status_code: int) -> None:
    """Such a response is the call's."""
    assert follow(ask(), status_code, None) is None


@pytest.mark.parametrize(
    ("method", "status_code", "next_method"),
    [
        *(("POST", status_code, "GET") for status_code in (301, 302, 303)),
        *(("PUT", status_code, "PUT") for status_code in (301, 302, 307, 308)),
        *(("HEAD", status_code, "HEAD") for status_code in (301, 302, 303, 307, 308)),
        *(("POST", status_code, "POST") for status_code in (307, 308)),
        ("PUT", 303, "GET"),
        ("DELETE", 303, "GET"),
        ("GET", 303, "GET"),
    ],
)
def test_the_method_that_follows(method: str, status_code: int, next_method: str) -> None:
    """301 and 302 turn POST into GET, 303 all but HEAD; 307 and 308 nothing (Fetch, 4.4)."""
    request = ask(method, content=b"body", headers={"Content-Type": "text/plain", "Content-Language": "de"})
    request.headers["Idempotency-Key"] = "key"
    redirected = followed(request, status_code, "/x")
    assert redirected.method == next_method
    kept = method == next_method
    assert redirected.content == (b"body" if kept else b"")
    for name in ("content-type", "content-length", "content-language", "idempotency-key"):
        assert (name in redirected.headers) is kept
    assert redirected.headers["authorization"] == "canary"


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/x", "https://api.example.com/x"),
        ("c", "https://api.example.com/v1/a/c"),
        ("../c?y=2", "https://api.example.com/v1/c?y=2"),
        ("?y=2", "https://api.example.com/v1/a/b?y=2"),
        ("", "https://api.example.com/v1/a/b?x=1"),
        ("#top", "https://api.example.com/v1/a/b?x=1"),
        ("/x#top", "https://api.example.com/x"),
        ("//cdn.example.com/x", "https://cdn.example.com/x"),
        ("https://cdn.example.com", "https://cdn.example.com"),
        ("/a%2Fb", "https://api.example.com/a%2Fb"),
        ("/a b/é", "https://api.example.com/a%20b/%C3%A9"),
        ("https://user:pw@cdn.example.com/x", "https://cdn.example.com/x"),
        ("/x?path=C:\\", "https://api.example.com/x?path=C:\\"),
    ],
)
def test_the_url_that_follows(location: str, url: str) -> None:
    """Location is a reference relative to the URL that was asked; its userinfo and fragment are not sent."""
    assert str(followed(ask(), 302, location).url) == url


@pytest.mark.parametrize(
    "location",
    [
        "ftp://api.example.com/x",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https://[::1",
        "https://user:secret@[::g]/x",
        "https://user:secret@h:port/x",
        "https://h:99999",
        "https:/x",
        "https:x",
        "//user:secret@h\u2100/x",
        "/a\\b",
        "\\\\evil.example",
        b"/a\x01",
        "/" + 70_000 * "a",
        ["/a", "/b"],
    ],
)
def test_a_url_that_cannot_be_requested_is_a_problem(location: Any) -> None:
    """Another scheme or a broken URL ends the call, with a message that shows no secret."""
    with pytest.raises(RedirectProblem, match="Redirected to") as caught:
        follow(ask(), 302, location)
    assert "secret" not in str(caught.value)


def test_the_same_location_twice_is_one() -> None:
    """A proxy may double a header; two that differ are a problem."""
    assert followed(ask(), 302, ["/x", "/x"]).url.path == "/x"


def test_twenty_redirects_are_followed() -> None:
    """One more is a problem."""
    assert follow(ask(), 302, "/x", hops=19) is not None
    with pytest.raises(RedirectProblem, match="More than 20 redirects"):
        follow(ask(), 302, "/x", hops=20)


class Spent(httpx.SyncByteStream):
    """Stands for a stream of the transport."""

    def __iter__(self) -> Iterator[bytes]:
        raise NotImplementedError


def test_a_body_that_is_spent_cannot_follow() -> None:
    """It is a problem where the body is to be sent again, and none where it is dropped."""
    request = ask("POST", stream=Spent())
    with pytest.raises(RedirectProblem, match="the body can't be sent again"):
        follow(request, 307, "/x", replayable=False)
    assert followed(request, 303, "/x", replayable=False).content == b""
    assert followed(request, 307, "/x").stream is request.stream


def test_cookies_are_taken_on_every_hop() -> None:
    """The jar knows which belong to the next URL; those of the last are not sent blindly."""
    assert "cookie" not in followed(ask(headers={"Cookie": "a=1"}), 302, "/x").headers


def test_host_names_the_server_that_is_asked() -> None:
    """A virtual host stays at its origin."""
    request = ask(headers={"Host": "virtual.example"})
    assert followed(request, 302, "/x").headers["host"] == "virtual.example"
    assert followed(request, 302, "https://cdn.example.com:8443/x").headers["host"] == "cdn.example.com:8443"


def test_a_key_stays_with_its_method_and_origin() -> None:
    """A trusted origin gets credentials, but another server's key means nothing to it."""
    request = ask("POST", headers={"Idempotency-Key": "key"}, content=b"x")
    assert followed(request, 307, "/x").headers["idempotency-key"] == "key"
    redirected = followed(request, 307, "https://cdn.example.com/x")
    assert (redirected.headers["authorization"], "idempotency-key" in redirected.headers) == ("canary", False)


def test_keys_that_are_turned_off_have_no_header() -> None:
    """With ``idempotency_header=None`` a header of that name is one like any other."""
    response = httpx.Response(307, headers={"Location": "/x"})
    request = ask("POST", headers={"Idempotency-Key": "key"}, content=b"x")
    redirected = redirect_request(request, response, ORIGINS, hops=0, replayable=True, idempotency_header=None)
    assert redirected is not None
    assert redirected.headers["idempotency-key"] == "key"


def test_extensions_follow() -> None:
    """The timeouts of the call hold for every hop."""
    assert followed(ask(extensions={"timeout": {"read": 1.0}}), 302, "/x").extensions == {"timeout": {"read": 1.0}}


HOMES = ["https://api.example.com", "https://API.example.com:443", "https://cdn.example.com"]
FOREIGN = [
    "https://evil.example",
    "http://api.example.com",
    "https://api.example.com:8443",
    "https://api.example.com.evil.example",
    "https://api.example.com@evil.example",
    "https://cdn.example.com:80",
]
hops = st.tuples(
    st.sampled_from([301, 302, 303, 307, 308]),
    st.sampled_from([*HOMES, *FOREIGN, "", "//evil.example", "//api.example.com"]),
    st.sampled_from(["/x", "/../x", "/x?y=1", "/"]),
)


@given(st.lists(hops, max_size=6), st.sampled_from(["GET", "POST", "PUT", "DELETE"]))
def test_credentials_never_leave_their_origins(chain: list[tuple[int, str, str]], method: str) -> None:
    """Whatever chain of redirects is followed, a foreign origin gets none, and what was taken does not come back."""
    secret = {"Cookie": "canary", "Proxy-Authorization": "canary", "Idempotency-Key": "canary", "X-Any": "canary"}
    request = ask(method, content=b"body", headers=secret)
    abroad = False
    for number, (status_code, origin, path) in enumerate(chain):
        request = followed(request, status_code, origin + path, hops=number)
        abroad = abroad or not ORIGINS.trusts(request.url)
        assert request.headers["host"] == request.url.netloc.decode()
        assert not request.url.userinfo
        assert ("authorization" in request.headers) is not abroad
        assert may_have_credentials(request, ORIGINS) is not abroad
        if abroad:
            assert b"canary" not in b"".join(value for _, value in request.headers.raw)
