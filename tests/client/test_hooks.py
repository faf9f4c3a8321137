"""The hooks of subclasses, in both colours: when they are called, with what, and that their errors are theirs."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import pytest
import trio

from support.colours import Colour
from support.scripted import Script, reply
from trio_api import APIStatusError, NotFoundError, RequestOptions


def test_the_hooks_come_in_order_on_every_attempt(colour: Colour) -> None:
    """Options, headers, validation, request, auth; then the response's; the same for each attempt.

    The Trio client asks for its auth when it is opened too: it may have a token to keep fresh.
    """
    calls: list[str] = []

    def note(name: str, result: Any = None) -> Any:
        def hook(self: Any, *args: Any) -> Any:
            calls.append(name)
            return args[0] if result == "first" else result

        return hook

    cls = colour.make_class(
        _prepare_options=note("options", "first"),
        auth_headers=property(note("auth_headers", {})),
        _validate_headers=note("validate"),
        _prepare_request=note("request"),
        custom_auth=property(note("custom_auth")),
        _should_retry=note("should_retry"),
    )
    colour.play(reply(status=503), reply(), client_class=cls)
    attempt = ["options", "auth_headers", "validate", "request", "custom_auth"]
    opened = ["custom_auth"] if colour.name == "trio" else []
    assert calls == [*opened, *attempt, "should_retry", *attempt]


def test_prepare_options_changes_the_attempt(colour: Colour) -> None:
    """It gets the whole call and returns what is sent: headers, parameters, body, timeout."""

    def prepare(self: Any, options: Any) -> Any:
        assert (options.method, options.url, options.json_data) == ("POST", "/items", {"a": 1})
        return attrs.evolve(
            options, headers={**options.headers, "X-Trace": "t"}, params={"p": 1}, json_data={"b": 2}, timeout=3.0
        )

    _, script = colour.play(
        reply(),
        body=lambda client: client.post("/items", cast_to=object, body={"a": 1}, options={"headers": {"X-A": "1"}}),
        client_class=colour.make_class(_prepare_options=prepare),
    )
    [sent] = script.sent
    assert (sent.headers["x-trace"], sent.headers["x-a"], sent.path) == ("t", "1", "/v1/items?p=1")
    assert sent.json == {"b": 2}
    assert sent.timeout["read"] == 3.0


def test_prepare_options_that_returns_nothing_is_named(colour: Colour) -> None:
    """Who forgets the ``return`` learns of it before anything is sent."""
    error, script = colour.fail(TypeError, client_class=colour.make_class(_prepare_options=lambda self, options: None))
    assert str(error) == "_prepare_options must return FinalRequestOptions, got NoneType"
    assert script.sent == []


def test_prepare_options_begins_anew_each_time(colour: Colour) -> None:
    """What it did for one attempt is not there in the next."""
    seen: list[Any] = []

    def prepare(self: Any, options: Any) -> Any:
        seen.append(dict(options.headers))
        return attrs.evolve(options, headers={"X-Attempt": str(len(seen))})

    _, script = colour.play(reply(status=503), reply(), client_class=colour.make_class(_prepare_options=prepare))
    assert seen == [{}, {}]
    assert [sent.headers["x-attempt"] for sent in script.sent] == ["1", "2"]


def test_prepare_options_keeps_a_one_shot_body_one_shot(colour: Colour) -> None:
    """A hook that adds a header does not make a spent stream look fresh."""

    def prepare(self: Any, options: Any) -> Any:
        return attrs.evolve(options, headers={"X-Trace": "t"})

    _, script = colour.fail(
        APIStatusError,
        reply(status=503),
        body=lambda client: client.put("/x", cast_to=object, content=iter([b"ab", b"c"])),
        client_class=colour.make_class(_prepare_options=prepare),
    )
    assert [sent.body for sent in script.sent] == [b"abc"]


def test_prepare_request_signs_what_is_sent(colour: Colour) -> None:
    """It sees the finished request, its body too, and changes it in place."""

    def sign(self: Any, request: httpx.Request) -> None:
        request.headers["X-Signature"] = f"{request.method} {request.url.path} {len(request.content)}"

    _, script = colour.play(
        reply(),
        body=lambda client: client.post("/items", cast_to=object, body={"a": 1}),
        client_class=colour.make_class(_prepare_request=sign),
    )
    assert script.sent[0].headers["x-signature"] == "POST /v1/items 7"


@pytest.mark.parametrize(
    "error", [LookupError("mine"), trio.TooSlowError(), httpx.ConnectError("mine"), httpx.ReadTimeout("mine")], ids=repr
)
@pytest.mark.parametrize(
    "hook", ["_prepare_options", "_prepare_request", "_validate_headers", "_should_retry", "auth_headers"]
)
def test_what_a_hook_raises_passes_through(colour: Colour, hook: str, error: Exception) -> None:
    """The very exception, unretried, even where it is of the HTTP stack: the hook made a request of its own."""

    def raising(self: Any, *args: Any) -> Any:
        raise error

    cls = colour.make_class(**{hook: property(raising) if hook == "auth_headers" else raising})
    answers = [reply(status=503)] if hook == "_should_retry" else []
    caught, script = colour.fail(type(error), *answers, client_class=cls)
    assert caught is error
    assert len(script.sent) == len(answers)


def test_make_status_error_makes_the_error(colour: Colour) -> None:
    """It gets the message, the unwrapped body and the response; what it returns is raised, with the attempts on it."""

    class QuotaError(APIStatusError):
        pass

    got: dict[str, Any] = {}

    def make(self: Any, message: str, *, body: Any, response: httpx.Response) -> APIStatusError:
        got.update(message=message, body=body, status=response.status_code)
        return QuotaError(message, body=body, response=response)

    error, _ = colour.fail(
        QuotaError,
        reply({"error": {"message": "no quota", "code": "q"}}, status=402),
        client_class=colour.make_class(_make_status_error=make),
    )
    assert got == {
        "message": "Error code: 402 - no quota",
        "body": {"message": "no quota", "code": "q"},
        "status": 402,
    }
    assert (error.code, len(error.attempts)) == ("q", 1)


def test_a_hook_may_call_the_client(colour: Colour) -> None:
    """A client that fetches its token by itself: the inner call is a call like any other."""

    class Tokens:
        token = ""

    if colour.name == "trio":

        class Client(colour.client_class):  # type: ignore[name-defined,misc]
            async def _prepare_options(self, options: Any) -> Any:
                if options.url != "/token" and not Tokens.token:
                    Tokens.token = (await self.post("/token", cast_to=object))["token"]
                return options

            @property
            def auth_headers(self) -> Any:
                return {"Authorization": Tokens.token} if Tokens.token else {}
    else:

        class Client(colour.client_class):  # type: ignore[name-defined,misc,no-redef]
            def _prepare_options(self, options: Any) -> Any:
                if options.url != "/token" and not Tokens.token:
                    Tokens.token = self.post("/token", cast_to=object)["token"]
                return options

            @property
            def auth_headers(self) -> Any:
                return {"Authorization": Tokens.token} if Tokens.token else {}

    _, script = colour.play(reply({"token": "t"}), reply(), client_class=Client)
    assert [(sent.path, sent.headers.get("authorization")) for sent in script.sent] == [
        ("/v1/token", None),
        ("/v1/items", "t"),
    ]


def test_a_post_parser_does_not_apply_to_another_type(colour: Colour) -> None:
    """It is of the value that the call asked for: what the response is parsed to besides, comes as it is."""

    def body(client: Any) -> Any:
        response = yield client.with_raw_response.get(
            "/items", cast_to=object, options=RequestOptions(post_parser=lambda value: "mine")
        )
        return (yield response.parse()), (yield response.parse(dict[str, int]))

    assert colour.play(reply({"a": 1}), body=body)[0] == ("mine", {"a": 1})


def test_hooks_of_the_http_client_see_the_response(colour: Colour) -> None:
    """A caller's event hooks, with which some trace their requests, still run."""
    seen: list[str] = []

    if colour.name == "trio":

        async def request_hook(request: httpx.Request) -> None:
            seen.append(request.method)

        async def response_hook(response: httpx.Response) -> None:
            seen.append(f"{response.status_code}")
    else:

        def request_hook(request: httpx.Request) -> None:  # type: ignore[misc]
            seen.append(request.method)

        def response_hook(response: httpx.Response) -> None:  # type: ignore[misc]
            seen.append(f"{response.status_code}")

    script = Script(time=colour.time)
    hooks = {"event_hooks": {"request": [request_hook], "response": [response_hook]}}
    colour.fail(NotFoundError, reply(status=404), script=script, http=hooks)
    assert seen == ["GET", "404"]
