"""`custom_auth`, in both colours: an `httpx.Auth` for the whole of a call."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import httpx
import pytest
import trio

from support.colours import Colour
from support.scripted import reply
from trio_api import APIConnectionError, AuthenticationError, ResponseTooLargeError


def with_auth(colour: Colour, auth: httpx.Auth) -> Any:
    return colour.make_class(custom_auth=property(lambda self: auth))


class TokenAuth(httpx.Auth):
    """Fetches a token by the very transport of the call, and asks again for a fresh one after a 401."""

    requires_response_body = True

    def __init__(self) -> None:
        self.token = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if not self.token:
            response = yield httpx.Request("POST", "https://api.example.com/token")
            self.token = response.json()["token"]
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request


def test_an_auth_adds_its_header(colour: Colour) -> None:
    """`httpx.BasicAuth` and its like work as they are, on every attempt."""
    _, script = colour.play(reply(status=503), reply(), client_class=with_auth(colour, httpx.BasicAuth("user", "pw")))
    assert [sent.headers["authorization"] for sent in script.sent] == ["Basic dXNlcjpwdw=="] * 2


def test_digest_authenticates(colour: Colour) -> None:
    """An auth that answers a challenge sends the request, body and all, a second time within one attempt."""
    challenge = {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'}

    def body(client: Any) -> Any:
        response = yield client.with_raw_response.post("/items", cast_to=object, body={"a": 1})
        return response.attempts, response.status_code, (yield response.parse())

    (attempts, status, value), script = colour.play(
        reply(status=401, headers=challenge),
        reply({"in": True}),
        body=body,
        client_class=with_auth(colour, httpx.DigestAuth("user", "pw")),
    )
    assert (status, value) == (200, {"in": True})
    assert len(attempts) == 1
    assert [sent.body for sent in script.sent] == [b'{"a":1}'] * 2
    assert script.sent[1].headers["authorization"].startswith('Digest username="user"')


def test_a_rejected_challenge_is_the_401(colour: Colour) -> None:
    """The wrong password is an AuthenticationError, unretried."""
    challenge = {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'}
    error, script = colour.fail(
        AuthenticationError,
        reply(status=401, headers=challenge),
        reply(status=401, headers=challenge),
        client_class=with_auth(colour, httpx.DigestAuth("user", "pw")),
    )
    assert len(script.sent) == 2
    assert len(error.attempts) == 1


class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body without end, a KiB at a time."""

    def __init__(self, piece: bytes = bytes(1024)) -> None:
        self.piece = piece
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.taken += 1
            assert self.taken < 1000, "nothing bounds it"
            yield self.piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            await trio.lowlevel.checkpoint()
            yield piece


@pytest.mark.parametrize("leave_open", [False, True])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_answer_in_the_middle_is_read_within_the_bound(colour: Colour, leave_open: bool, encoding: str) -> None:
    """A 401 may be without end, or a bomb: it is cut at max_response_bytes, and the request sent again."""
    endless = Endless(zlib.compress(bytes(1024), wbits=31) if encoding == "gzip" else bytes(1024))
    unauthorized = httpx.Response(
        401,
        stream=endless,
        headers={"WWW-Authenticate": 'Digest realm="r", nonce="n"', "Content-Encoding": encoding},
    )

    def buffered(client: Any) -> Any:
        return client.get("/items", cast_to=object)

    async def opened_trio(client: Any) -> object:
        async with client.with_streaming_response.get("/items", cast_to=object) as response:
            return await response.parse()

    def opened(client: Any) -> object:
        with client.with_streaming_response.get("/items", cast_to=object) as response:
            return response.parse()

    value, _ = colour.play(
        unauthorized,
        reply({"in": True}),
        body=buffered if not leave_open else opened_trio if colour.name == "trio" else opened,
        client_class=with_auth(colour, httpx.DigestAuth("user", "pw")),
        max_response_bytes=100 * 1024,
    )
    assert value == {"in": True}
    assert endless.taken <= 102


def test_what_an_auth_wants_whole_has_the_bound_too(colour: Colour) -> None:
    """A token endpoint that sends for ever fails the call, unretried."""
    endless = Endless()
    _, script = colour.fail(
        ResponseTooLargeError,
        httpx.Response(200, stream=endless),
        client_class=with_auth(colour, TokenAuth()),
        max_response_bytes=100 * 1024,
    )
    assert endless.taken <= 102
    assert len(script.sent) == 1


def test_an_auth_may_send_requests_of_its_own(colour: Colour) -> None:
    """A token is fetched once, and serves the calls that follow."""

    def body(client: Any) -> Any:
        yield client.get("/a", cast_to=object)
        yield client.get("/b", cast_to=object)

    _, script = colour.play(
        reply({"token": "t"}), reply(), reply(), body=body, client_class=with_auth(colour, TokenAuth())
    )
    assert [(sent.path, sent.headers.get("authorization")) for sent in script.sent] == [
        ("/token", None),
        ("/v1/a", "Bearer t"),
        ("/v1/b", "Bearer t"),
    ]


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("mine"), httpx.ReadTimeout("mine"), trio.TooSlowError(), LookupError("mine")], ids=repr
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_an_auth_raises_is_the_applications(colour: Colour, error: Exception, when: str) -> None:
    """The very exception, unretried, also where it is one of httpx: the auth's own request failed."""

    class Failing(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            if when == "after":
                yield request
            raise error

    answers = [reply()] if when == "after" else []
    caught, script = colour.fail(type(error), *answers, client_class=with_auth(colour, Failing()))
    assert caught is error
    assert len(script.sent) == len(answers)


def test_the_wire_failing_under_an_auth_is_the_wires(colour: Colour) -> None:
    """An auth that sees nothing of it does not make a broken connection the application's."""
    _, script = colour.play(
        httpx.ReadError("reset"), reply(), client_class=with_auth(colour, httpx.BasicAuth("user", "pw"))
    )
    assert len(script.sent) == 2
    error, _ = colour.fail(
        APIConnectionError,
        httpx.ReadError("reset"),
        client_class=with_auth(colour, httpx.BasicAuth("user", "pw")),
        max_retries=0,
    )
    assert error.sent is True


def test_the_auth_of_the_http_client_counts_too(colour: Colour) -> None:
    """A caller's ``httpx.Client(auth=...)`` authenticates at home, and not elsewhere; `custom_auth` wins over it."""

    def body(client: Any) -> Any:
        yield client.get("/a", cast_to=object)
        yield client.get("https://other.example/a", cast_to=object)

    http = {"auth": ("http", "pw")}
    _, script = colour.play(reply(), reply(), body=body, http=http)
    assert [sent.headers.get("authorization") for sent in script.sent] == ["Basic aHR0cDpwdw==", None]
    cls = with_auth(colour, httpx.BasicAuth("user", "pw"))
    _, script = colour.play(reply(), http=http, client_class=cls)
    assert script.sent[0].headers["authorization"] == "Basic dXNlcjpwdw=="


def test_an_auth_is_asked_for_on_a_redirect_to_a_trusted_origin(colour: Colour) -> None:
    """Each hop is authenticated for itself, where credentials may go."""
    hop = httpx.Response(307, headers={"Location": "https://trusted.example/x"})
    _, script = colour.play(
        hop,
        reply(),
        client_class=with_auth(colour, httpx.BasicAuth("user", "pw")),
        trusted_origins=["https://trusted.example"],
    )
    assert script.sent[1].headers["authorization"] == "Basic dXNlcjpwdw=="


def test_netrc_is_not_read_behind_the_callers_back(
    colour: Colour, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """A ``~/.netrc`` for another host does not give it credentials."""
    (tmp_path / "netrc").write_text("machine other.example login user password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    _, script = colour.play(reply(), body=lambda client: client.get("https://other.example/x", cast_to=object))
    assert "authorization" not in script.sent[0].headers
