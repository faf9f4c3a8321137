"""`auth=`, and bearer tokens under it, in both colours."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import trio

from support.colours import BASE_URL, Colour
from support.scripted import Script, Slow, reply
from trio_api import (
    APITimeoutError,
    AuthenticationError,
    BearerAuth,
    ClientCredentials,
    RetryPolicy,
    SyncAPIClient,
    Token,
    not_given,
)

CREDENTIALS: dict[str, Any] = {"token_url": "https://auth.example.com/token", "client_id": "me", "client_secret": "s"}
TOKEN = {"access_token": "t1", "token_type": "Bearer", "expires_in": 3600}


@pytest.fixture(autouse=True)
def clock_of_tokens(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocking client's tokens live by the virtual clock too."""
    monkeypatch.setattr("trio_api.transport._token_keeper_blocking.time", TokenTime(colour.time))


class TokenTime:
    """The monotonic clock of a colour's virtual time, and a wall clock that stands still."""

    def __init__(self, time: Any) -> None:
        self.monotonic = time.monotonic
        self.time = lambda: 1_700_000_000.0


def provider_of(colour: Colour, *tokens: Any) -> Any:
    """A provider of this colour that gives the tokens in turn, and raises those that are exceptions."""
    left: Iterator[Any] = iter(tokens)

    def give() -> Any:
        token = next(left)
        if isinstance(token, Exception):
            raise token
        return token

    return colour.hook(give) if colour.name == "trio" else give


def sent_tokens(script: Any) -> list[str | None]:
    return [sent.headers.get("authorization") for sent in script.sent]


def calls(count: int, path: str = "/items") -> Callable[[Any], Any]:
    def body(client: Any) -> Any:
        for _ in range(count):
            yield client.get(path, cast_to=object)

    return body


# -- the keyword ---------------------------------------------------------------------------------------------


def test_a_fixed_token_goes_with_every_request(colour: Colour) -> None:
    """On every attempt; a 401 is final."""
    error, script = colour.fail(AuthenticationError, reply(status=503), reply(status=401), auth=BearerAuth("t"))
    assert sent_tokens(script) == ["Bearer t"] * 2
    assert len(error.attempts) == 2


def test_any_auth_of_httpx_will_do(colour: Colour) -> None:
    """As under `custom_auth`, which a subclass puts in its place, and before the HTTP client's own."""
    basic = httpx.BasicAuth("user", "pw")
    _, script = colour.play(reply(), auth=basic, http={"auth": ("http", "pw")})
    assert sent_tokens(script) == ["Basic dXNlcjpwdw=="]
    cls = colour.make_class(custom_auth=property(lambda self: BearerAuth("own")))
    _, script = colour.play(reply(), auth=basic, client_class=cls)
    assert sent_tokens(script) == ["Bearer own"]


@pytest.mark.parametrize("wrong", ["t", ("user", "pw"), BearerAuth, lambda request: request])
def test_what_is_no_auth_is_refused(colour: Colour, wrong: Any) -> None:
    """By name, when a client is made or copied."""
    for make in (lambda: colour.client(auth=wrong), lambda: colour.client().copy(auth=wrong)):
        with pytest.raises(TypeError, match=r"auth must be an httpx.Auth, such as BearerAuth\(token\)"):
            make()


def test_a_copy_shares_the_token(colour: Colour) -> None:
    """It was fetched once for both; a copy with another auth has that, and one without has none."""
    auth = BearerAuth(provider_of(colour, Token("t", expires_in=3600)))

    def body(client: Any) -> Any:
        for copied in (
            client,
            client.copy(timeout=3),
            client.copy(auth=not_given),
            client.copy(auth=BearerAuth("u")),
            client.copy(auth=None),
        ):
            yield copied.get("/items", cast_to=object)

    _, script = colour.play(*[reply()] * 5, body=body, auth=auth)
    assert sent_tokens(script) == ["Bearer t", "Bearer t", "Bearer t", "Bearer u", None]


def test_an_origin_that_is_not_trusted_gets_no_token(colour: Colour) -> None:
    """Named by the caller or by a redirect; nor does its 401 make another be fetched."""
    auth = BearerAuth(provider_of(colour, "t"))
    away = httpx.Response(307, headers={"Location": "https://other.example/x"})

    def body(client: Any) -> Any:
        for path in ("/items", "https://other.example/y"):
            with pytest.raises(AuthenticationError):
                yield client.get(path, cast_to=object)

    _, script = colour.play(away, reply(status=401), reply(status=401), body=body, auth=auth)
    assert sent_tokens(script) == ["Bearer t", None, None]


def test_a_trusted_origin_gets_it(colour: Colour) -> None:
    """And may reject it, hop by hop."""
    auth = BearerAuth(provider_of(colour, "t", "u"))
    away = httpx.Response(307, headers={"Location": "https://cdn.example.com/x"})
    _, script = colour.play(away, reply(status=401), reply(), auth=auth, trusted_origins=["https://cdn.example.com"])
    assert [(sent.url.host, sent.headers["authorization"]) for sent in script.sent] == [
        ("api.example.com", "Bearer t"),
        ("cdn.example.com", "Bearer t"),
        ("cdn.example.com", "Bearer u"),
    ]


# -- rejections ----------------------------------------------------------------------------------------------


def test_a_401_is_answered_with_another_token_once(colour: Colour) -> None:
    """Within one attempt, which is no retry and costs no budget."""
    auth = BearerAuth(provider_of(colour, "t", "u"))

    def body(client: Any) -> Any:
        response = yield client.with_raw_response.post("/items", cast_to=object, body={"a": 1})
        return response.retries_taken, len(response.attempts)

    result, script = colour.play(reply(status=401), reply(), body=body, auth=auth)
    assert result == (0, 1)
    assert sent_tokens(script) == ["Bearer t", "Bearer u"]
    assert [sent.body for sent in script.sent] == [b'{"a":1}'] * 2


def test_a_second_401_is_the_last_word(colour: Colour) -> None:
    """An AuthenticationError."""
    auth = BearerAuth(provider_of(colour, "t", "u"))
    error, script = colour.fail(AuthenticationError, reply(status=401), reply(status=401), auth=auth)
    assert len(script.sent) == 2
    assert error.status_code == 401


def test_the_same_token_again_is_not_sent_again(colour: Colour) -> None:
    """A provider that knows no other leaves it at the 401."""
    auth = BearerAuth(provider_of(colour, "t", "t"))
    _, script = colour.fail(AuthenticationError, reply(status=401), auth=auth)
    assert len(script.sent) == 1


def test_a_server_that_accepts_no_token_does_not_cost_one_a_call(colour: Colour) -> None:
    """After the first the next is fetched no sooner than the backoff says; calls fail with the server's 401."""
    auth = BearerAuth(provider_of(colour, "t", "u", "v"), backoff=RetryPolicy(initial=60, jitter=0))

    def body(client: Any) -> Any:
        for _ in range(5):
            with pytest.raises(AuthenticationError):
                yield client.get("/items", cast_to=object)

    _, script = colour.play(*[reply(status=401)] * 6, body=body, auth=auth)
    assert sent_tokens(script) == ["Bearer t", *["Bearer u"] * 5]


def test_a_body_that_is_gone_is_not_sent_again(colour: Colour) -> None:
    """The 401 stands; the next call has another token."""
    auth = BearerAuth(provider_of(colour, "t", "u"))

    def body(client: Any) -> Any:
        with pytest.raises(AuthenticationError):
            yield client.post("/items", cast_to=object, content=iter([b"once"]))
        yield client.get("/items", cast_to=object)

    _, script = colour.play(reply(status=401), reply(), body=body, auth=auth)
    assert [(sent.body, sent.headers["authorization"]) for sent in script.sent] == [
        (b"once", "Bearer t"),
        (b"", "Bearer u"),
    ]


def test_a_file_is_sent_again(colour: Colour, tmp_path: Any) -> None:
    """From its beginning."""
    path = tmp_path / "file"
    path.write_bytes(b"whole")
    auth = BearerAuth(provider_of(colour, "t", "u"))
    _, script = colour.play(
        reply(status=401),
        reply(),
        body=lambda client: client.post("/items", cast_to=object, content=path),
        auth=auth,
    )
    assert [sent.body for sent in script.sent] == [b"whole"] * 2


def test_what_the_provider_raises_comes_out_as_it_is(colour: Colour) -> None:
    """Unretried, were it the HTTP stack's own; nothing is sent. It may be asked again once it was left off."""
    raised = httpx.ConnectError("mine")
    auth = BearerAuth(provider_of(colour, raised, "t"), backoff=RetryPolicy(initial=5, jitter=0))

    def body(client: Any) -> Any:
        for _ in range(2):  # the second falls in the time in which it is left off
            with pytest.raises(httpx.ConnectError) as caught:
                yield client.get("/items", cast_to=object)
            assert caught.value is raised
        yield colour_sleep(colour, 5)
        yield client.get("/items", cast_to=object)

    _, script = colour.play(reply(), body=body, auth=auth)
    assert sent_tokens(script) == ["Bearer t"]


def test_a_provider_may_not_need_its_own_token(colour: Colour) -> None:
    """A request that waits for itself is a clear error, in place of waiting for ever."""
    clients: list[Any] = []

    def ask() -> Any:
        return clients[0].get("/token", cast_to=str)

    async def ask_trio() -> Any:
        return await ask()

    auth = BearerAuth(ask_trio if colour.name == "trio" else ask)

    def body(client: Any) -> Any:
        clients.append(client)
        return client.get("/items", cast_to=object)

    error, script = colour.fail(Exception, body=body, auth=auth)
    assert type(error).__name__ == "ClientStateError"
    assert "without this auth" in str(error)
    assert script.sent == []


@pytest.mark.parametrize("given", [None, b"t", "c4nary\n", 7])
def test_a_provider_that_gives_no_token(colour: Colour, given: Any) -> None:
    """Is a TypeError or ValueError that says what it must give, and shows nothing of it."""
    error, script = colour.fail(Exception, auth=BearerAuth(provider_of(colour, given)))
    assert isinstance(error, (TypeError, ValueError))
    assert "c4nary" not in str(error)
    assert script.sent == []


def test_a_provider_of_the_other_colour_is_refused(colour: Colour) -> None:
    """Before anything is sent; where it is seen to be async, when the blocking client is made or copied."""

    async def asynchronous() -> str:
        raise AssertionError  # pragma: no cover

    def plain() -> str:
        return "t"

    if colour.name == "trio":
        error, script = colour.fail(TypeError, auth=BearerAuth(plain))
        assert script.sent == []
        assert "async" in str(error)
        return
    for provider in (asynchronous, Asynchronous(), functools.partial(asynchronous)):
        for make in (SyncAPIClient, SyncAPIClient(base_url=BASE_URL).copy):
            with pytest.raises(TypeError, match="AsyncAPIClient"):
                make(base_url=BASE_URL, auth=BearerAuth(provider))
        with httpx.Client(auth=BearerAuth(provider)) as client, pytest.raises(TypeError, match="AsyncAPIClient"):
            client.get("https://nowhere.example")
    error, script = colour.fail(TypeError, auth=BearerAuth(lambda: asynchronous()))
    assert script.sent == []


class Asynchronous:
    """An object that is called as an async function is."""

    async def __call__(self) -> str:
        raise AssertionError  # pragma: no cover


def colour_sleep(colour: Colour, seconds: float) -> Any:
    sleep: Any = trio.sleep if colour.name == "trio" else colour.time.sleep
    return sleep(seconds)


# -- fresh in time -------------------------------------------------------------------------------------------


def test_a_token_is_replaced_before_its_end(colour: Colour) -> None:
    """No call is sent with one that is over."""
    tokens = [Token(f"t{n}", expires_in=100) for n in range(3)]
    auth = BearerAuth(provider_of(colour, *tokens))

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        yield colour_sleep(colour, 79)
        yield client.get("/items", cast_to=object)
        yield colour_sleep(colour, 2)
        yield client.get("/items", cast_to=object)

    _, script = colour.play(*[reply()] * 3, body=body, auth=auth)
    assert sent_tokens(script) == ["Bearer t0", "Bearer t0", "Bearer t1"]


def test_the_old_token_serves_while_none_can_be_had(colour: Colour) -> None:
    """A token server that is down is noticed by nobody as long as the token is good."""
    provider = provider_of(colour, Token("t", expires_in=100), OSError("down"), Token("u", expires_in=100))
    auth = BearerAuth(provider, backoff=RetryPolicy(initial=4, jitter=0))

    def body(client: Any) -> Any:
        for _ in range(3):
            yield client.get("/items", cast_to=object)
            yield colour_sleep(colour, 40)
        yield client.get("/items", cast_to=object)

    _, script = colour.play(*[reply()] * 4, body=body, auth=auth)
    assert sent_tokens(script) == ["Bearer t", "Bearer t", "Bearer t", "Bearer u"]


def test_the_signature_is_that_of_the_class(colour: Colour) -> None:
    """`auth` is a keyword of the constructor and of `copy`."""
    for function in (colour.client_class, colour.client_class.copy):
        assert "auth" in inspect.signature(function).parameters


# -- the time of a call ---------------------------------------------------------------------------------------


def expired(client: Any) -> Any:
    return client.get("/items", cast_to=object, options={"total_timeout": 5})


def test_a_token_endpoint_that_is_slow_ends_the_call_in_its_time(colour: Colour) -> None:
    """On Trio the fetch goes on for the next call. In a thread it is cut short, which keeps nobody from another."""
    endpoint = Script(Slow(20, reply(TOKEN)), reply(TOKEN), time=colour.time)

    def body(client: Any) -> Any:
        with pytest.raises(APITimeoutError, match=r"longer than its total_timeout of 5 seconds") as caught:
            yield expired(client)
        yield client.get("/items", cast_to=object)
        return caught.value

    http_client = colour.http_client_class(transport=endpoint, timeout=None)
    auth = BearerAuth(ClientCredentials(**CREDENTIALS, http_client=http_client))
    error, script = colour.play(reply(), body=body, auth=auth)
    assert error.sent in (None, False)
    assert endpoint.waits == ([] if colour.name == "trio" else [5])
    assert sent_tokens(script) == ["Bearer t1"]


def test_a_function_that_gives_a_token_too_late_has_nothing_sent(colour: Colour) -> None:
    """In a thread it is not interrupted; but then the time of the call is up."""

    async def provide_trio() -> str:
        await trio.sleep(20)
        return "t1"

    def provide() -> str:
        colour.time.sleep(20)
        return "t1"

    error, script = colour.fail(
        APITimeoutError, body=expired, auth=BearerAuth(provide_trio if colour.name == "trio" else provide)
    )
    assert "total_timeout of 5 seconds" in str(error)
    assert script.sent == []


def test_a_second_try_has_what_the_first_left_of_the_time(colour: Colour) -> None:
    """A 401 that took its time, and then silence."""
    slow = [Slow(3, httpx.Response(401)), Slow(100, reply())]
    auth = BearerAuth(provider_of(colour, "t1", "t2"))
    _, script = colour.fail(APITimeoutError, *slow, body=expired, auth=auth)
    assert script.waits == [3]
    if colour.name == "blocking":
        assert colour.time.now == pytest.approx(1005)
        assert script.sent[1].timeout["read"] == pytest.approx(2)
