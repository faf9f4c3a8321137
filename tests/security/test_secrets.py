"""Secrets in every place that can hold one, through every way a call can end: none of them is shown anywhere.

The cases that were thought of stand in ``tests/client/test_secrets.py``; here they are generated.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import attrs
import httpx
import pytest
import trio
from hypothesis import given, strategies as st

from support.cases import share
from support.colours import BlockingColour, Colour, TrioColour
from support.leaks import CANARY, assert_nothing_leaks, hidden_forms
from support.scripted import Script, VirtualTime, reply
from trio_api import (
    APIStatusError,
    AsyncAPIClient,
    AsyncPage,
    BearerAuth,
    FinalRequestOptions,
    RetryPolicy,
    SyncPage,
    Token,
    path_template,
    wire,
)

pytestmark = pytest.mark.security

AWKWARD = string.ascii_letters + string.digits + "-._~+/=!$&'()*,;:@ %\"\\<>{}|^`[]#?"


WIRE = [
    f"illegal header line: bytearray(b'x: {CANARY}-wire')",
    f"Illegal header value b'{CANARY}-wire'",
    f"no route to https://user:{CANARY}-wire@api.example.com/",
    f"https://api.example.com/?key={CANARY}-wire can't be had",
]
"""What exceptions of the HTTP stack, and of transports that others wrote, quote."""


@attrs.frozen
class Item:
    """What the responses do not fit."""

    number: int = wire("n")


@attrs.frozen
class Case:
    """One call, with a canary in each place, and how it ends."""

    tail: str
    """What stands behind each canary."""
    auth: str
    body: str
    how: str
    status: int
    leak: str
    """The header of the response that has a canary too."""
    retries: int
    userinfo: str
    """Of which part of the base URL's userinfo the canary is the text."""

    def secret(self, place: str) -> str:
        """The canary of one place, with characters that any header can hold."""
        return f"{CANARY}-{place}{self.tail}".strip()

    def settings(self) -> dict[str, Any]:
        """The client's."""
        quoted = httpx.QueryParams({"base": self.secret("base")})
        userinfo = path_template("{user}", user=self.secret("userinfo").replace("\\", "")).replace("@", "%40")
        named = {"none": "", "username": f"{userinfo}@", "password": f"u:{userinfo}@"}[self.userinfo]
        settings: dict[str, Any] = {
            "base_url": f"https://{named}api.example.com/v1?{quoted}",
            "custom_headers": {"X-API-Key": self.secret("custom"), "Proxy-Authorization": self.secret("proxy")},
            "custom_query": {"key": {"nested": self.secret("query")}},
            "retry": RetryPolicy(max_retries=self.retries, initial=1e-6),  # the blocking client's clock is real
            "max_response_bytes": 4000,
            "_strict_response_validation": self.how == "model",
        }
        if self.auth == "bearer":
            settings["auth"] = BearerAuth(f"{CANARY}-token")
        elif self.auth == "basic":
            settings["auth"] = httpx.BasicAuth("user", self.secret("basic"))
        elif self.auth == "header":
            settings["custom_headers"]["Authorization"] = f"Bearer {self.secret('auth')}"
        return settings

    def http(self) -> dict[str, Any]:
        """The HTTP client's."""
        return {
            "cookies": {"session": f"{CANARY}-cookie"},
            "headers": {"X-Http": self.secret("http")},
            "params": {"http": self.secret("params")},
        }

    def call(self, client: Any, **how: Any) -> Any:
        """What is asked."""
        bodies: dict[str, dict[str, Any]] = {
            "json": {"json_data": {"password": self.secret("json"), "more": [self.secret("list")]}},
            "content": {"content": self.secret("content").encode()},
            "form": {"files": {"file": ("a.txt", self.secret("upload").encode())}},
            "none": {},
        }
        options = {
            "method": "POST" if self.body != "none" else "GET",
            "url": f"/items?{httpx.QueryParams({'own': self.secret('url')})}",
            "headers": {"X-Call": self.secret("call")},
            "params": {"token": self.secret("call-query")},
            "idempotency_key": self.secret("key"),
            **bodies[self.body],
            **how,
        }
        return client.request(SyncPage[Item] if self.how == "model" else Item, options)

    def answers(self) -> list[Any]:
        """What the server says, or how the wire fails; each attempt alike."""
        return [self._answer() for _ in range(self.retries + 1)]

    def _answer(self) -> Any:
        leaky = {self.leak: self.secret("response"), "X-Request-ID": "r1"}
        if self.how == "location":
            urls = [f"ftp://u:{CANARY}@h/?{CANARY}", f"https://u:{CANARY}@[/?{CANARY}", f"https://h:{CANARY}/"]
            return httpx.Response(307, headers={"Location": urls[self.status % 3]})
        if self.how == "wire":
            kinds = [httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError, httpx.LocalProtocolError]
            return [*kinds, httpx.WriteTimeout, httpx.UnsupportedProtocol][self.status % 6](
                WIRE[self.status % len(WIRE)]
            )
        if self.how == "large":
            return httpx.Response(200, content=bytes(5000), headers=leaky)
        if self.how == "encoding":
            stream = httpx.ByteStream(gzip.compress(b"x" * 99)[:-9])
            return httpx.Response(200, stream=stream, headers={**leaky, "Content-Encoding": "gzip"})
        if self.how == "model":
            return reply([[], {"data": [1]}, "text"][self.status % 3], headers=leaky)
        if self.how == "rubbish":
            return httpx.Response(200, content=b"rubbish", headers=leaky)
        return reply({"message": "no", "code": 7}, self.status, leaky)


cases = st.builds(
    Case,
    tail=st.text(AWKWARD, max_size=8),
    auth=st.sampled_from(["bearer", "basic", "header", "none"]),
    body=st.sampled_from(["json", "content", "form", "none"]),
    how=st.sampled_from(["status", "status", "wire", "location", "large", "encoding", "model", "rubbish"]),
    status=st.sampled_from([400, 401, 403, 404, 408, 409, 418, 422, 429, 500, 502, 503, 504]),
    leak=st.sampled_from(["Set-Cookie", "X-Token", "WWW-Authenticate", "Location", "Link", "ETag"]),
    retries=st.integers(0, 1),
    userinfo=st.sampled_from(["none", "username", "password"]),
)


secrets = st.text(AWKWARD, max_size=12).map(lambda text: f"{CANARY}{text}".strip())


class Heard(logging.Handler):
    """Everything that anybody logs, as text with its arguments."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.args} {record.exc_info}")


@pytest.fixture
def heard() -> Iterator[Heard]:
    """What the library and the HTTP stack log, at DEBUG and by nobody else: 100,000 cases make millions of records."""
    handler = Heard()
    loggers = [logging.getLogger(name) for name in ("trio_api", "httpx", "httpcore", "httpx2", "httpcore2", "hpack")]
    before = [(logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(handler)
    yield handler
    for logger, (level, propagates) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.propagate = propagates
        logger.removeHandler(handler)


def failure(case: Case, colour: Colour) -> tuple[BaseException, str]:
    """How the call ends, and what the client looked like."""
    shown: list[str] = []

    def body(client: Any) -> Any:
        shown.extend([repr(client), str(client), repr(client.base_url.copy_with(query=None, userinfo=b""))])
        return case.call(client)

    script = Script(time=colour.time)
    error, _ = colour.fail(Exception, *case.answers(), body=body, script=script, http=case.http(), **case.settings())
    assert CANARY in f"{script.sent[0].headers.raw} {script.sent[0].url}"  # it was there to be shown
    return error, "\n".join(shown)


@given(case=cases)
@share(0.6)
def test_no_failure_of_a_blocking_call_shows_a_secret(heard: Heard, case: Case) -> None:
    """Not by str, repr, notes, pickle, the locals of a traceback, a log record, or the client's own repr."""
    heard.lines.clear()
    error, shown = failure(case, BlockingColour(VirtualTime()))
    assert_nothing_leaks(error, "\n".join([shown, *heard.lines]))


@given(case=cases)
@share(0.2)
def test_no_failure_of_a_trio_call_shows_a_secret(heard: Heard, case: Case) -> None:
    """The same on Trio, whose own frames a traceback passes."""
    heard.lines.clear()
    error, shown = failure(case, TrioColour(VirtualTime()))
    assert_nothing_leaks(error, "\n".join([shown, *heard.lines]))


@given(case=cases)
@share(0.2)
def test_no_exception_group_shows_a_secret(heard: Heard, case: Case) -> None:
    """Two calls fail in a nursery of the application's: the group holds both, and shows neither's secrets."""
    heard.lines.clear()

    async def both(client: Any) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(case.call, client)
            nursery.start_soon(case.call, client)

    answers = [answer for _ in range(2) for answer in case.answers()]
    error, _ = TrioColour(VirtualTime()).fail(ExceptionGroup, *answers, body=both, http=case.http(), **case.settings())
    assert_nothing_leaks(error, "\n".join(heard.lines))


@given(case=cases, colour=st.sampled_from([BlockingColour, TrioColour]))
@share(0.1)
def test_no_refusal_shows_a_secret(heard: Heard, case: Case, colour: type[Colour]) -> None:
    """Of the call that is not sent, or of the one that was told to wait, whose response the error has."""
    heard.lines.clear()
    told = reply(
        {"message": "no"}, [403, 429, 503][case.status % 3], {case.leak: case.secret("r"), "Retry-After": "60"}
    )

    def body(client: Any) -> Any:
        with contextlib.suppress(APIStatusError):
            yield case.call(client)
        yield case.call(client, total_timeout=0.1)

    playing = colour(VirtualTime())
    settings = {**case.settings(), "max_retries": 0}
    error, script = playing.fail(APIStatusError, told, body=body, http=case.http(), **settings)
    assert len(script.sent) == 1
    assert_nothing_leaks(error, "\n".join(heard.lines))


@given(case=cases, colour=st.sampled_from([BlockingColour, TrioColour]))
@share(0.1)
def test_no_success_shows_a_secret(heard: Heard, case: Case, colour: type[Colour]) -> None:
    """Not by the repr of what a call gives or is made of, nor by a log record, retries and redirects among them."""
    heard.lines.clear()
    shown: list[object] = []

    def body(client: Any) -> Any:
        own = {"own": case.secret("url")}
        options = {"headers": {"X-Call": case.secret("call")}, "params": {"token": case.secret("call-query")}}
        page = AsyncPage if isinstance(client, AsyncAPIClient) else SyncPage
        listed = client.get_api_list(f"/items?{httpx.QueryParams(own)}", model=int, page=page[int], options=options)
        first = yield listed.first_page()
        shown.extend([client, listed, listed.prefetch(), first, first.response, *first.response.attempts])
        shown.extend([first.response.http_request, first.response.http_response])

    leaky = {case.leak: case.secret("response")}
    hop = httpx.Response(307, headers={"Location": f"/there?{httpx.QueryParams({'key': case.secret('location')})}"})
    answers = [*[reply(status=503, headers=leaky)] * case.retries, hop, reply({"data": [1]}, 200, leaky)]
    script = Script(time=(playing := colour(VirtualTime())).time)
    playing.play(*answers, body=body, script=script, http=case.http(), **case.settings())
    assert CANARY in f"{script.sent[0].headers.raw} {script.sent[0].url}"
    for text in [*(f"{each!r} {each!s}" for each in shown), *heard.lines]:
        assert not any(form in text for form in (CANARY, *hidden_forms(CANARY))), text[:400]


@given(header=secrets, query=secrets, body=secrets, url=secrets, named=st.sampled_from(["{}@", "{}:x@", "u:{}@", ""]))
@share(0.1)
def test_options_never_show_a_secret(header: str, query: str, body: str, url: str, named: str) -> None:
    """The repr of a call, whatever is in it."""
    options = FinalRequestOptions(
        method="POST",
        url=f"https://{named.format(quote(url, safe=''))}h.example/?{httpx.QueryParams({'q': url})}",
        headers={"X-Key": header},
        params={"key": query},
        json_data={"secret": body},
        extra_json={"more": body},
        idempotency_key=header,
    )
    assert CANARY not in repr(options)
    assert CANARY not in str(options)


def test_a_secret_in_disguise_is_found_too() -> None:
    """The check itself: base64, as Basic credentials are sent, hides a canary at each of three alignments."""
    for before in ("", "a", "ab", "user:"):
        text = httpx.BasicAuth(before, CANARY)._auth_header
        assert any(form in text for form in hidden_forms(CANARY)), text


def test_a_token_is_no_text() -> None:
    """What holds a token neither shows nor pickles it."""
    assert CANARY not in f"{Token(CANARY)!r} {Token(CANARY)!s} {BearerAuth(CANARY)!r}"
