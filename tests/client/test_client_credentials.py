"""OAuth 2.0's client-credentials grant: what is sent to the token endpoint, and what its answers come to."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import trio
import trio.testing

from support.leaks import everything_shown
from support.live import Live, LiveBlocking, LiveTrio, opened, settle
from support.scripted import Answer, Script, Slow, VirtualTime, reply
from trio_api import BearerAuth, ClientCredentials, RetryPolicy, Token, TokenError

URL = "https://auth.example.com/oauth/token?tenant=7"
SECRET = "c4nary-s3cret"
GIVEN: dict[str, Any] = {"token_url": URL, "client_id": "me", "client_secret": SECRET}
ANSWER = {"access_token": "c4nary-token", "token_type": "Bearer", "expires_in": 3600}

Fetch = Callable[..., tuple[Token, Script]]


@pytest.fixture(params=["trio", "blocking"])
def fetch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    """Fetches a token in one colour, from a token endpoint that answers by a script."""
    time = VirtualTime()
    for module in ("_driver_blocking", "_admission_blocking"):
        monkeypatch.setattr(f"trio_api.client.{module}.time", time)
    monkeypatch.setattr("trio_api.transport._read.time", time)

    def run(*answers: Answer, script: Script | None = None, **settings: Any) -> tuple[Token, Script]:
        script = script or Script()
        script.answers, script.time = list(answers), time
        if request.param == "blocking":
            with httpx.Client(transport=script) as client:
                return ClientCredentials(**{**GIVEN, **settings}, http_client=client).fetch_blocking(), script

        async def main() -> Token:
            async with httpx.AsyncClient(transport=script) as client:
                return await ClientCredentials(**{**GIVEN, **settings}, http_client=client)()

        return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0)), script

    return run


def failing(fetch: Fetch, *answers: Answer, **settings: Any) -> tuple[TokenError, Script]:
    """The error of a fetch that fails, and what was sent."""
    script = Script()
    with pytest.raises(TokenError) as caught:
        fetch(*answers, script=script, **settings)
    return caught.value, script


def form(script: Script) -> dict[str, list[str]]:
    return parse_qs(script.sent[0].body.decode(), strict_parsing=True)


def test_the_credentials_go_in_the_header(fetch: Fetch) -> None:
    """By default, as Basic, each encoded as a form's value first (RFC 6749, section 2.3.1)."""
    token, script = fetch(reply(ANSWER), client_id="m e:ü", client_secret="p%/+")
    sent = script.sent[0]
    assert (sent.method, str(sent.url)) == ("POST", URL)
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert base64.b64decode(sent.headers["authorization"].removeprefix("Basic ")) == b"m+e%3A%C3%BC:p%25%2F%2B"
    assert form(script) == {"grant_type": ["client_credentials"]}
    assert token == Token("c4nary-token", expires_in=3600)


def test_the_credentials_go_in_the_body(fetch: Fetch) -> None:
    """Where the server wants them there; then no header has them."""
    _, script = fetch(reply(ANSWER), auth_style="body")
    assert "authorization" not in script.sent[0].headers
    assert form(script) == {"grant_type": ["client_credentials"], "client_id": ["me"], "client_secret": [SECRET]}


def test_what_else_is_asked_for(fetch: Fetch) -> None:
    """Scope, audience and whatever the server wants besides."""
    _, script = fetch(reply(ANSWER), scope="read write", audience="https://api", extra_params={"resource": "x&y"})
    assert form(script) == {
        "grant_type": ["client_credentials"],
        "scope": ["read write"],
        "audience": ["https://api"],
        "resource": ["x&y"],
    }


def test_a_refusal_says_what_the_server_said(fetch: Fetch) -> None:
    """The ``error`` and its description (RFC 6749, section 5.2), unretried; of the secret nothing, were it echoed."""
    body = {"error": "invalid_client", "error_description": f"no such\nclient with {SECRET}"}
    error, script = failing(fetch, reply(body, 401))
    assert str(error) == (
        "No token from https://auth.example.com/oauth/token: status 401, invalid_client: no such client with [redacted]"
    )
    assert error.code == "invalid_client"
    assert [attempt.status_code for attempt in error.attempts] == [401]
    assert len(script.sent) == 1


def test_a_secret_with_white_space_is_not_shown_either(fetch: Fetch) -> None:
    """Of which the words of the server lose some, to be one line."""
    error, _ = failing(fetch, reply({"error": "no client\twith c4  nary"}, 401), client_secret="c4  nary")
    assert str(error).endswith("status 401, no client with [redacted]")


def test_a_refusal_without_words_has_its_status(fetch: Fetch) -> None:
    """A gateway's page of HTML is not quoted."""
    error, _ = failing(fetch, httpx.Response(403, html="<h1>c4nary</h1>"))
    assert str(error) == "No token from https://auth.example.com/oauth/token: status 403"
    assert error.code is None


def test_what_may_pass_is_tried_again(fetch: Fetch) -> None:
    """A token server that is busy or breaks off is asked again, by the policy of the fetch."""
    token, script = fetch(reply(status=503), httpx.ReadError("reset"), reply(ANSWER), retry=RetryPolicy(initial=0.5))
    assert token.value == "c4nary-token"
    assert len(script.sent) == 3
    _, script = failing(fetch, reply(status=500), retry=RetryPolicy(max_retries=0))
    assert len(script.sent) == 1


def test_a_token_server_that_is_not_there(fetch: Fetch) -> None:
    """A TokenError too, whose attempts have the reasons."""
    error, _ = failing(fetch, *[httpx.ConnectError("refused")] * 3)
    assert "auth.example.com" in str(error)
    assert len(error.attempts) == 3


def test_a_fetch_is_bounded(fetch: Fetch) -> None:
    """In time, with all its retries."""
    error, _ = failing(fetch, *[Slow(3, reply(status=500))] * 3, timeout=5)
    assert "total_timeout of 5.0 seconds" in str(error)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({**ANSWER, "token_type": "mac"}, "its token_type is 'mac', not Bearer"),
        ({**ANSWER, "token_type": None}, "its token_type is none, not Bearer"),
        ({**ANSWER, "token_type": "c4nary-token"}, "its token_type is none, not Bearer"),
        ({"token_type": "Bearer"}, "its answer has no access_token"),
        ({**ANSWER, "access_token": {"c4nary-token": 1}}, "its answer has no access_token"),
        ({**ANSWER, "access_token": "c4nary\ntoken"}, "a token must be visible ASCII characters"),
        (["c4nary-token"], "its answer is no JSON object"),
        (b"access_token=c4nary-token&token_type=bearer", "its answer is no JSON object"),
    ],
)
def test_an_answer_without_a_token_to_use(fetch: Fetch, body: Any, complaint: str) -> None:
    """Says what is wrong with it, and shows nothing of it."""
    answer = httpx.Response(200, content=body) if isinstance(body, bytes) else reply(body)
    error, _ = failing(fetch, answer)
    assert complaint in str(error)
    assert "c4nary" not in everything_shown(error)


@pytest.mark.parametrize("kind", ["bearer", "BEARER", "Bearer"])
def test_the_case_of_the_token_type_is_none(fetch: Fetch, kind: str) -> None:
    """RFC 6749, section 5.1."""
    assert fetch(reply({**ANSWER, "token_type": kind}))[0].value == "c4nary-token"


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (60, 60.0),
        ("60", 60.0),
        ("0.5", 0.5),
        (1.5, 1.5),
        *[(each, None) for each in (None, 0, -1, True, "", "1h", [], "٣", 10**400, 1e300)],
    ],
)
def test_how_long_a_token_is_good_for(fetch: Fetch, given: object, seconds: float | None) -> None:
    """In seconds, as a number or as text; rubbish and nothing are taken for not known."""
    assert fetch(reply({**ANSWER, "expires_in": given}))[0].expires_in == seconds


def test_an_answer_without_an_end(fetch: Fetch) -> None:
    """The ``expires_in`` is not required."""
    assert fetch(reply({"access_token": "t", "token_type": "bearer"}))[0] == Token("t")


@pytest.mark.parametrize("status", [201, 302, 307])
def test_nothing_but_200_gives_a_token(fetch: Fetch, status: int) -> None:
    """Redirects are not followed: they would carry the secret away."""
    answer = httpx.Response(status, json=ANSWER, headers={"Location": "https://evil.example/"})
    error, script = failing(fetch, answer, auth_style="body")
    assert str(error).endswith(f"status {status}")
    assert len(script.sent) == 1


def test_an_answer_without_end_is_not_read(fetch: Fetch) -> None:
    """More than a mebibyte is no token."""
    error, _ = failing(fetch, httpx.Response(200, content=bytes(2 * 1024 * 1024)))
    assert error.attempts == ()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"token_url": "http://auth.example.com/t"}, "token_url must be https"),
        ({"token_url": "ftp://auth.example.com/t"}, "token_url"),
        ({"token_url": "/token"}, "token_url"),
        ({"token_url": f"https://me:{SECRET}@auth.example.com/t"}, "token_url"),
        ({"token_url": f"https://me:{SECRET}@[bad"}, "token_url"),
        ({"token_url": "https://auth.example.com/t#x"}, "token_url"),
        ({"token_url": f"https://auth.example.com:{SECRET}/t"}, "token_url"),
        ({"token_url": 7}, "token_url"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": None}, "client_id"),
        ({"client_secret": b"c4nary"}, "client_secret"),
        ({"scope": ["read"]}, "scope"),
        ({"audience": ""}, "audience"),
        ({"auth_style": "header"}, "auth_style"),
        ({"extra_params": {"client_id": "x"}}, "extra_params"),
        ({"extra_params": {"n": 1}}, "extra_params"),
        ({"extra_params": ["c4nary"]}, "extra_params"),
        ({"timeout": -1}, "timeout"),
        ({"retry": 3}, "retry"),
        ({"http_client": "c4nary"}, "http_client"),
    ],
)
def test_wrong_arguments_are_named(wrong: dict[str, Any], named: str) -> None:
    """Before anything is sent, and without a secret."""
    with pytest.raises((TypeError, ValueError), match=named) as caught:
        ClientCredentials(**{**GIVEN, **wrong})
    assert "c4nary" not in everything_shown(caught.value)


@pytest.mark.parametrize(
    "url", ["http://localhost/t", "http://127.0.0.2:8080/t", "http://[::1]/t", "http://x.localhost"]
)
def test_plain_http_goes_no_further_than_this_machine(url: str) -> None:
    """Where tests and sidecars are."""
    assert repr(ClientCredentials(**{**GIVEN, "token_url": url})).startswith("<ClientCredentials http://")


def test_an_http_client_of_the_other_colour_is_refused() -> None:
    """When the token is asked for, by name."""
    with httpx.Client() as blocking, pytest.raises(TypeError, match="http_client"):
        trio.run(ClientCredentials(**GIVEN, http_client=blocking))
    with pytest.raises(TypeError, match="http_client"):
        ClientCredentials(**GIVEN, http_client=httpx.AsyncClient()).fetch_blocking()


def test_it_shows_no_secret(fetch: Fetch, caplog: pytest.LogCaptureFixture) -> None:
    """Neither its repr, nor a pickle, nor the log of a fetch, nor an error with all that hangs on it."""
    caplog.set_level(logging.DEBUG)
    credentials = ClientCredentials(**GIVEN)
    assert "c4nary" not in repr(credentials) + repr(credentials._grant)
    for each in (credentials, credentials._grant):
        with pytest.raises(TypeError, match="secret"):
            pickle.dumps(each)
    for style in ("basic", "body"):
        fetch(reply(ANSWER), auth_style=style)
        error, _ = failing(fetch, reply({"error": SECRET, "x": SECRET}, 400), auth_style=style)
        assert "c4nary" not in everything_shown(error)
    assert "c4nary" not in caplog.text


# -- under BearerAuth, over loopback -------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    """A token endpoint and an API on one server; the API takes the latest token alone."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        secret = base64.b64encode(f"me:{SECRET}".encode()).decode()
        if self.headers["Authorization"] != f"Basic {secret}" or form["grant_type"] != ["client_credentials"]:
            self._answer(401, {"error": "invalid_client"})
            return
        self.server.given += 1
        self._answer(200, {**ANSWER, "access_token": f"c4nary-{self.server.given}"})

    def do_GET(self) -> None:
        is_fine = self.headers["Authorization"] == f"Bearer c4nary-{self.server.given}"
        self._answer(200 if is_fine else 401, {"call": self.path})

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Counts the tokens that it gave."""

    given = 0


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("live", [LiveTrio(), LiveBlocking()], ids=lambda live: live.name)
def test_tokens_over_real_sockets(live: Live, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Fetched once, replaced when it is revoked; one auth serves both colours, and no log shows a token."""
    caplog.set_level(logging.DEBUG)
    url = f"http://127.0.0.1:{server.server_port}"
    auth = BearerAuth(ClientCredentials(token_url=f"{url}/token", client_id="me", client_secret=SECRET))

    async def body(client: Any) -> list[Any]:
        got = [await settle(client.get("/a", cast_to=object)), await settle(client.get("/b", cast_to=object))]
        server.given += 1  # which revokes it
        return [*got, await settle(client.get("/c", cast_to=object))]

    assert live.call(url, body, auth=auth) == [{"call": "/a"}, {"call": "/b"}, {"call": "/c"}]
    assert server.given == 3
    assert "c4nary" not in caplog.text


@pytest.mark.parametrize("live", [LiveTrio(), LiveBlocking()], ids=lambda live: live.name)
def test_a_wrong_secret_is_the_error_of_the_call(live: Live, server: Server) -> None:
    """A single TokenError, of the tree, and no call is sent."""
    url = f"http://127.0.0.1:{server.server_port}"
    auth = BearerAuth(ClientCredentials(token_url=f"{url}/token", client_id="me", client_secret="c4nary-wrong"))
    with pytest.raises(TokenError, match="invalid_client") as caught:
        live.call(url, lambda client: client.get("/a", cast_to=object), auth=auth)
    assert "c4nary" not in everything_shown(caught.value)


@pytest.mark.parametrize("live", [LiveTrio(), LiveBlocking()], ids=lambda live: live.name)
def test_an_open_response_is_preceded_by_a_fresh_token(live: Live, server: Server) -> None:
    """The 401 is read to its end, so that its connection serves the second request."""
    url = f"http://127.0.0.1:{server.server_port}"
    auth = BearerAuth(ClientCredentials(token_url=f"{url}/token", client_id="me", client_secret=SECRET))

    async def body(client: Any) -> Any:
        await settle(client.get("/a", cast_to=object))
        server.given += 1
        async with opened(client.with_streaming_response.get("/b", cast_to=object)) as response:
            return await settle(response.json())

    assert live.call(url, body, auth=auth) == {"call": "/b"}
    assert server.given == 3
