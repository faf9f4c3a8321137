"""URLs that a server names, through every way that follows one: no credential leaves the origins that may have it.

What is right for each single way is tested beside it; here the URLs are generated, and where a request goes is told
by what the transport is handed.
"""

from __future__ import annotations

import contextlib
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import event, example, given, strategies as st

from support.cases import share
from support.colours import BlockingColour, Colour, TrioColour
from support.leaks import CANARY, hidden_forms
from support.scripted import Script, Sent, VirtualTime, reply
from trio_api import (
    APIError,
    AsyncLinkPage,
    AsyncNextURLPage,
    BearerAuth,
    CrossOriginError,
    RetryPolicy,
    SyncLinkPage,
    SyncNextURLPage,
)

pytestmark = pytest.mark.security

BASE = "https://api.example.com/v1/"
HOME = {("https", b"api.example.com", 443), ("https", b"cdn.example.com", 443), ("http", b"localhost", 8080)}
TRUSTED = ["https://cdn.example.com", "http://localhost:8080"]
SECRETS: dict[str, Any] = {
    "custom_headers": {"X-API-Key": f"{CANARY}-custom", "Proxy-Authorization": f"{CANARY}-proxy"},
    "custom_query": {"key": f"{CANARY}-query"},
    "trusted_origins": TRUSTED,
    "retry": RetryPolicy(max_retries=1, initial=1e-6),  # the blocking client's clock is real
}
HTTP: dict[str, Any] = {
    "cookies": {"session": f"{CANARY}-cookie"},
    "headers": {"X-Http": f"{CANARY}-http"},
    "params": {"http": f"{CANARY}-params"},
}

schemes = st.sampled_from(["https", "https", "http", "HTTPS", "hTTp", "ftp", "ws", "file", "javascript", ""])
marks = st.sampled_from(["://", "://", "://", "//", ":/", ":", ":///", ":\\\\", ":/\\", "\\\\", "/", ""])
userinfos = st.sampled_from(
    ["", "", "", "u:p@", "api.example.com@", "api.example.com:443@", "api.example.com%40", "api.example.com\\@", "@"]
)
HOSTS = """api.example.com api.example.com cdn.example.com localhost API.Example.COM api.example.com. evil.example
    api.example.com.evil.example sub.api.example.com example.com api-example.com apiXexample.com 127.0.0.1 [::1]
    api.example.com%2eevil.example api%2eexample.com api.example.com%00.evil.example [api.example.com] 2130706433
    api.example.com\u3002evil.example api\u3002example\u3002com \u0430pi.example.com \uff41pi.example.com
    api.example.c\u00f6m xn--pi-7lc.example.com api.example.com\u200b""".split()
hosts = st.sampled_from([*HOSTS, "", "api.example.com\t.evil.example", "api.example.com \x0b"])
ports = st.sampled_from(
    ["", "", "", ":443", ":8080", ":80", ":8443", ":0443", ":", ":443@evil.example", ":99999", ":-1"]
)
paths = st.sampled_from(
    ["/next", "/next?page=2", "", "?page=2", "#x", "/@evil.example/", "\\@evil.example", "//evil.example"]
)
wild = st.builds(lambda *parts: "".join(parts), schemes, marks, userinfos, hosts, ports, paths)
plain = st.builds(
    lambda *parts: "".join(parts),
    st.sampled_from(["https://", "http://", "//"]),
    st.sampled_from(["", "u:p@", "api.example.com:443@"]),
    st.sampled_from(HOSTS[:15]),
    st.sampled_from(["", ":443", ":8080", ":80"]),
    st.sampled_from(["/next", "/next?page=2"]),
)
links = plain | wild


def destination(sent: Sent) -> tuple[str, bytes, int | None]:
    """Where a request goes: what a transport connects to."""
    url = sent.url
    return url.scheme, url.raw_host, {"https": 443, "http": 80}.get(url.scheme) if url.port is None else url.port


def has_credentials(sent: Sent) -> bool:
    """Whether anything of the client's is in it."""
    text = f"{sent.headers.raw} {sent.url.raw_path!r} {sent.url.userinfo!r}"
    return any(form in text for form in (CANARY, *hidden_forms(CANARY)))


@attrs.define
class Provider:
    """Gives tokens, and counts how often it is asked."""

    asked: int = 0

    def __call__(self) -> str:
        self.asked += 1
        return f"{CANARY}-token"


def sent_by(
    colour: Colour, body: Any, *answers: Any, has_auth: bool = True
) -> tuple[list[Sent], Exception | None, Provider]:
    """What goes out while *body* runs, how it ended, and who was asked for a token."""
    provider = Provider()
    auth = BearerAuth(colour.hook(provider) if colour.name == "trio" else provider) if has_auth else None
    script = Script(*answers, time=colour.time)
    error: Exception | None = None
    try:
        colour.play(body=body, script=script, http=HTTP, base_url=BASE, auth=auth, **SECRETS)
    except (APIError, CrossOriginError, ValueError) as raised:
        error = raised
    return script.sent, error, provider


def assert_only_home_has_credentials(sent: list[Sent], provider: Provider) -> None:
    """No request to another origin has any; and who asks no other for one asks nobody for a token."""
    for each in sent:
        away = destination(each) not in HOME
        event("away" if away else "home")
        assert not (away and has_credentials(each)), each.url
        default = {"https": ":443", "http": ":80"}[each.url.scheme]  # httpx keeps the one of "HTTPS://h:443"
        assert each.headers["host"].removesuffix(default) == each.url.netloc.decode().removesuffix(default)
        assert not each.url.userinfo
    if all(destination(each) not in HOME for each in sent):
        assert provider.asked == 0


colours = st.sampled_from([BlockingColour, BlockingColour, BlockingColour, TrioColour])


@given(
    colour=colours, locations=st.lists(links, min_size=1, max_size=3), status=st.sampled_from([301, 302, 303, 307, 308])
)
@example(BlockingColour, ["https://api.example.com/next", "HTTPS://api.example.com:443/next"], 301)
@example(BlockingColour, ["https://evil.example/next", "https://api.example.com/next"], 307)
@example(BlockingColour, ["https://cdn.example.com/next"], 307)
@share(0.3)
def test_redirects(colour: type[Colour], locations: list[str], status: int) -> None:
    """Along any chain, and what was taken on the way does not come back."""
    answers = [httpx.Response(status, headers=[(b"Location", text.encode())]) for text in locations]
    sent, _, provider = sent_by(
        colour(VirtualTime()),
        lambda client: client.post("/items", cast_to=object, body={"a": 1}, options={"headers": {"X-Call": CANARY}}),
        *answers,
        reply(),
    )
    assert_only_home_has_credentials(sent, provider)
    assert has_credentials(sent[0])
    was_away = False
    for each in sent:
        was_away = was_away or destination(each) not in HOME
        assert not (was_away and has_credentials(each))


@given(colour=colours, link=links, in_header=st.booleans(), has_auth=st.booleans())
@example(BlockingColour, "https://u:p@api.example.com/next", True, False)
@share(0.3)
def test_next_links(colour: type[Colour], link: str, in_header: bool, has_auth: bool) -> None:
    """Of a page's body or of its Link header: another origin is refused before anything is sent or asked for."""
    played = colour(VirtualTime())
    pages = (AsyncLinkPage, SyncLinkPage) if in_header else (AsyncNextURLPage, SyncNextURLPage)
    page: Any = pages[played.name == "blocking"]
    if in_header:
        header = [(b"Link", f"<{link}>; rel=next".encode())]
        first = httpx.Response(200, json=[1], headers=header)
    else:
        first = reply({"data": [1], "next": link})

    def body(client: Any) -> Any:
        paginator = client.get_api_list("/items", model=int, page=page[int])
        if played.name == "blocking":
            return list(paginator)

        async def everything() -> list[int]:
            return [item async for item in paginator]

        return everything()

    answers = first, reply([] if in_header else {"data": []})
    sent, error, provider = sent_by(played, body, *answers, has_auth=has_auth)
    assert_only_home_has_credentials(sent, provider)
    assert not any("dTpw" in str(each.headers.raw) for each in sent)  # Basic credentials that the server named
    assert {destination(each) for each in sent} <= HOME
    assert all(has_credentials(each) for each in sent)
    assert (len(sent) == 2) is (error is None) or not link
    event("refused" if isinstance(error, CrossOriginError) else "broken" if error else "followed")


@given(colour=colours, link=links, name=st.sampled_from(["Location", "Operation-Location", "Azure-AsyncOperation"]))
@share(0.1)
def test_poll_locations(colour: type[Colour], link: str, name: str) -> None:
    """Where an operation is asked after is held to the same rule."""

    def body(client: Any) -> Any:
        response = yield client.with_raw_response.post("/jobs", cast_to=object)
        operation = client.poll(response, cast_to=dict)
        yield operation.result()

    accepted = httpx.Response(202, json={}, headers=[(name.encode(), link.encode()), (b"Retry-After-Ms", b"1")])
    sent, _, provider = sent_by(colour(VirtualTime()), body, accepted, reply())
    assert_only_home_has_credentials(sent, provider)
    assert {destination(each) for each in sent} <= HOME


@given(colour=colours, link=links, of=st.sampled_from(["list", "operation"]))
@example(BlockingColour, "https://cdn.example.com/next", "list")
@example(TrioColour, "https://api.example.com/next", "operation")
@share(0.1)
def test_tokens(colour: type[Colour], link: str, of: str) -> None:
    """What was written down to be gone on with may have been changed by whoever kept it."""
    played = colour(VirtualTime())
    page: Any = SyncNextURLPage if played.name == "blocking" else AsyncNextURLPage

    def body(client: Any) -> Any:
        if of == "operation":
            operation = client.poll({"version": 1, "url": link, "polls": 0}, cast_to=dict)
            yield operation.result()
        else:
            token = {"version": 1, "method": "GET", "url": "/items", "positions": [{"url": link}]}
            yield client.get_api_list("/items", model=int, page=page[int]).resume(token).first_page()

    sent, error, provider = sent_by(played, body, reply({"data": []}))
    assert_only_home_has_credentials(sent, provider)
    assert {destination(each) for each in sent} <= HOME
    assert all(has_credentials(each) for each in sent)
    assert bool(sent) is (error is None)
    event("followed" if sent else "refused")


@given(colour=colours, url=links)
@share(0.2)
def test_urls_of_the_caller(colour: type[Colour], url: str) -> None:
    """A whole URL that the caller names is asked, and if it is of another origin then without any credential."""
    sent, _, provider = sent_by(
        colour(VirtualTime()),
        lambda client: client.get(
            url, cast_to=object, options={"headers": {"X-Call": CANARY}, "idempotency_key": CANARY}
        ),
        reply(),
        reply(),
    )
    assert_only_home_has_credentials(sent, provider)


class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
    """One event, then the connection breaks."""

    def __iter__(self) -> Any:
        yield b"id: 7\ndata: {}\n\n"
        raise httpx.ReadError("reset")

    async def __aiter__(self) -> Any:
        for piece in self:
            yield piece


@given(location=links, status=st.sampled_from([301, 302, 303, 307, 308]))
@share(0.1)
def test_reconnections(location: str, status: int) -> None:
    """A stream that a redirect led away, and that is gone on with, goes by the same rule again."""
    answers: list[Any] = []
    for _ in range(2):
        answers += [
            httpx.Response(status, headers=[(b"Location", location.encode())]),
            httpx.Response(200, stream=Broken(), headers={"Content-Type": "text/event-stream"}),
        ]

    def body(client: Any) -> Any:
        with client.stream("GET", "/events", cast_to=object, reconnect=True) as events, contextlib.suppress(APIError):
            for number, _ in enumerate(events):
                if number == 1:
                    break

    sent, _, provider = sent_by(BlockingColour(VirtualTime()), body, *answers)
    assert_only_home_has_credentials(sent, provider)
    if len(sent) == 4:
        event("reconnected")
        assert [destination(each) for each in sent[:2]] == [destination(each) for each in sent[2:]]
