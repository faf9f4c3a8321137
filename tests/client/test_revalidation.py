"""Answers that are kept and asked about again, in both colours of client."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing

from support.colours import BASE_URL, Colour
from support.live import Live, LiveBlocking, LiveTrio, settle
from support.scripted import Script, Slow, reply
from trio_api import AsyncAPIClient, CoolDown, NotFoundError, ResponseTooLargeError, Revalidation, SyncAPIClient
from trio_api.responses._answer_store import AnswerKey, AnswerStore, StoredAnswer
from trio_api.testing import FaultServer, Reply, ServedRequest

user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")


@attrs.frozen
class Item:
    id: int


class Server:
    """Answers by a table of bodies, with a tag of each, and 304 to who has it."""

    def __init__(self) -> None:
        self.bodies: dict[str, Any] = {"/v1/items": {"id": 1}}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = self.bodies[request.url.path]
        etag = f'W/"{hash(str(body))}"'
        if request.headers.get("If-None-Match") == etag:
            return httpx.Response(304, headers={"ETag": etag, "X-Request-Id": "fresh"})
        return reply(body, headers={"ETag": etag, "X-Request-Id": "old"})


def play(colour: Colour, body: Callable[[Any], Any], count: int = 20, **how: Any) -> Script:
    """Run *body* with a client of `Server`, and give what was sent."""
    server = how.pop("server", None) or Server()
    _, script = colour.play(*[server] * count, body=body, **{"revalidation": Revalidation(), **how})
    return script


def tags(script: Script) -> list[bool]:
    """Of each request, whether it asked about a kept answer."""
    return ["if-none-match" in sent.headers for sent in script.sent]


def test_the_second_call_asks_about_the_first_ones_answer(colour: Colour) -> None:
    """And has the value, though the server sent no body."""

    def body(client: Any) -> Any:
        for request_id in ("old", "fresh", "fresh"):
            response = yield client.with_raw_response.get("/items", cast_to=Item)
            assert (yield response.parse()) == Item(1)
            assert (response.status_code, response.request_id) == (200, request_id)
            assert [record.status_code for record in response.attempts] == [200]
        [origin] = client.statistics().origins
        assert (origin.calls, origin.revalidated) == (3, 2)

    assert tags(play(colour, body)) == [False, True, True]


def test_a_kept_answer_says_nothing_of_the_quota_that_is_left_now(colour: Colour) -> None:
    """It did when it came; what the 304 says of that counts."""

    def body(client: Any) -> Any:
        for _ in range(4):
            yield client.get("/items", cast_to=Item)

    nothing_left = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "5"}
    _, script = colour.play(
        reply({"id": 1}, headers={"ETag": '"1"', **nothing_left}),
        httpx.Response(304),
        httpx.Response(304, headers=nothing_left),
        httpx.Response(304),
        body=body,
        revalidation=Revalidation(),
        cool_down=CoolDown(spread=0),
    )
    assert script.waits == [5.0, 0.0, 5.0]


def test_it_is_off_unless_asked_for(colour: Colour) -> None:
    """Nothing is kept, and nothing is asked."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=Item)
        yield client.get("/items", cast_to=Item)

    assert tags(play(colour, body, revalidation=None)) == [False, False]


def test_a_change_is_seen(colour: Colour) -> None:
    """The server is asked each time."""
    server = Server()

    def body(client: Any) -> Any:
        assert (yield client.get("/items", cast_to=Item)) == Item(1)
        server.bodies["/v1/items"] = {"id": 2}
        for _ in range(2):
            assert (yield client.get("/items", cast_to=Item)) == Item(2)
        [origin] = client.statistics().origins
        assert origin.revalidated == 1

    play(colour, body, server=server)


def test_an_effect_at_the_same_url_ends_the_keeping(colour: Colour) -> None:
    """A POST that succeeds."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=Item)
        yield client.post("/items", cast_to=object)
        yield client.get("/items", cast_to=Item)

    assert tags(play(colour, body)) == [False, False, False]


def test_a_retry_asks_too(colour: Colour) -> None:
    """Its number makes no difference, nor does another timeout."""
    server = Server()

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=Item)
        yield client.get("/items", cast_to=Item, options={"timeout": 7})

    _, script = colour.play(
        server, lambda _: reply(status=503), server, body=body, revalidation=Revalidation(), max_retries=1
    )
    assert tags(script) == [False, True, True]


def test_a_deadline_that_is_told_makes_no_difference(colour: Colour) -> None:
    """It is another on every attempt."""

    def body(client: Any) -> Any:
        for seconds in (10, 20):
            yield client.get("/items", cast_to=Item, options={"total_timeout": seconds})

    assert tags(play(colour, body, deadline_header="X-Deadline")) == [False, True]


def test_a_condition_of_the_callers_own_wins(colour: Colour) -> None:
    """It has the answer to its own question: a 304 with nothing in it."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=Item)
        response = yield client.with_raw_response.get("/items", cast_to=object, options={"headers": own})
        assert response.status_code == 304

    own = {"If-None-Match": f'W/"{hash(str({"id": 1}))}"'}
    play(colour, body)


def test_where_a_redirect_leads_is_asked_about_by_itself(colour: Colour) -> None:
    """A tag goes to the URL that gave it, and to no other, though that has the same tag."""
    places = ["/v1/a", "/v1/a", "/v1/b"]

    def server(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/items":
            return httpx.Response(302, headers={"Location": places.pop(0)})
        if request.headers.get("If-None-Match") == '"v1"':
            return httpx.Response(304)
        return reply(request.url.path, headers={"ETag": '"v1"'})

    def body(client: Any) -> Any:
        for path in ("/v1/a", "/v1/a", "/v1/b"):
            assert (yield client.get("/items", cast_to=object)) == path

    _, script = colour.play(*[server] * 6, body=body, revalidation=Revalidation())
    assert tags(script) == [False, False, False, True, False, False]


def test_what_is_kept_may_become_a_redirect(colour: Colour) -> None:
    """The tag does not go along."""

    def body(client: Any) -> Any:
        assert (yield client.get("/items", cast_to=int)) == 1
        assert (yield client.get("/items", cast_to=int)) == 2

    answers = (
        reply(1, headers={"ETag": '"v1"'}),
        httpx.Response(302, headers={"Location": "/v1/new"}),
        reply(2, headers={"ETag": '"v1"'}),
    )
    _, script = colour.play(*answers, body=body, revalidation=Revalidation())
    assert tags(script) == [False, True, False]


def test_an_error_passes_as_it_is(colour: Colour) -> None:
    """What is kept does not stand in for what is gone."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        with pytest.raises(NotFoundError):
            yield client.get("/items", cast_to=object)

    colour.play(reply(1, headers={"ETag": '"v1"'}), reply(status=404), body=body, revalidation=Revalidation())


@pytest.mark.parametrize("change", [{}, {"max_retries": 0}, {"custom_headers": {}}])
def test_a_copy_shares_what_is_kept(colour: Colour, change: dict[str, Any]) -> None:
    """Where it sends the same request: what it may not have it can't ask for."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=Item)
        yield client.copy(**change).get("/items", cast_to=Item)

    assert tags(play(colour, body)) == [False, True]


@pytest.mark.parametrize("change", ["revalidation", "http_client", "none", "headers"])
def test_a_copy_for_other_eyes_shares_nothing(colour: Colour, change: str) -> None:
    """With other credentials, another HTTP client, or a store of its own."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=Item)
        given: dict[str, Any] = {
            "revalidation": {"revalidation": Revalidation()},
            "http_client": {"http_client": client._client},
            "none": {"revalidation": None},
            "headers": {"custom_headers": {"Authorization": "Bearer other"}},
        }[change]
        yield client.copy(**given).get("/items", cast_to=Item)

    assert tags(play(colour, body)) == [False, False]


@pytest.mark.parametrize("hook", ["auth_headers", "custom_auth", "_prepare_request"])
def test_nobody_is_served_what_another_was_given(colour: Colour, hook: str) -> None:
    """Whatever hook gives the credentials, and though it be by a context variable."""

    def sign(_: Any, request: httpx.Request) -> None:
        request.headers["X-User"] = user.get()

    members: dict[str, Any] = {
        "auth_headers": {"auth_headers": property(lambda _: {"Authorization": user.get()})},
        "custom_auth": {"custom_auth": property(lambda _: httpx.BasicAuth(user.get(), "secret"))},
        "_prepare_request": {"_prepare_request": sign},
    }[hook]

    def body(client: Any) -> Any:
        for name in ("ann", "bob", "ann", "bob"):
            user.set(name)
            yield client.get("/items", cast_to=Item)

    assert tags(play(colour, body, client_class=colour.make_class(**members))) == [False, False, True, True]


def test_a_copy_that_takes_less_is_not_served_more(colour: Colour) -> None:
    """The bound on a response holds for a kept one too."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=Item)
        with pytest.raises(ResponseTooLargeError):
            yield client.copy(max_response_bytes=3).get("/items", cast_to=Item)

    assert tags(play(colour, body)) == [False, False]


@pytest.mark.parametrize("value", [True, 5, {}])
def test_what_is_no_revalidation_is_refused(colour: Colour, value: Any) -> None:
    """By name, before anything is sent; of a copy too."""
    with pytest.raises(TypeError, match="revalidation"):
        colour.client(revalidation=value)
    with pytest.raises(TypeError, match="revalidation"):
        colour.client().copy(revalidation=value)


async def test_calls_that_are_one_ask_once(autojump_clock: trio.testing.MockClock) -> None:
    """With single flight, who joins a call shares what it was served from what is kept."""
    script = Script(*[Slow(1, Server())] * 2)
    settings: dict[str, Any] = {"single_flight": True, "revalidation": Revalidation()}
    results: list[Item] = []

    async def call(client: AsyncAPIClient) -> None:
        results.append(await client.get("/items", cast_to=Item))

    async with (
        httpx.AsyncClient(transport=script) as http_client,
        AsyncAPIClient(base_url=BASE_URL, http_client=http_client, **settings) as client,
    ):
        for _ in range(2):
            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(call, client)
    assert results == [Item(1)] * 6
    assert tags(script) == [False, True]


def serve_tag(request: ServedRequest) -> Reply:
    """The whole, or that it is still the same, and the how-manieth answer this is."""
    headers = {"ETag": '"v1"', "X-Count": f"{request.number}"}
    return Reply(304, headers=headers) if "If-None-Match" in request.headers else Reply(json={"id": 7}, headers=headers)


@pytest.mark.parametrize("live", [LiveTrio(), LiveBlocking()], ids=lambda live: live.name)
async def test_over_the_wire_a_304_has_no_body_and_the_connection_stays(live: Live) -> None:
    """By the clients' own transports: three calls, one connection, one body."""

    async def body(client: Any) -> list[Any]:
        return [await settle(client.with_raw_response.get("/items", cast_to=Item)) for _ in range(3)]

    async with FaultServer(serve_tag) as server:
        responses = await live.meet(server.url, body, revalidation=Revalidation())
    assert [response.http_response.json() for response in responses] == [{"id": 7}] * 3
    assert [response.headers["x-count"] for response in responses] == ["1", "2", "3"]
    assert all(response.http_response.elapsed.total_seconds() > 0 for response in responses)
    assert [request.headers.get("If-None-Match") for request in server.journal] == [None, '"v1"', '"v1"']
    assert len(server.connections) == 1


def test_threads_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blocking client in several threads: what is kept is changed by one at a time, and its account stays right."""
    server = Server()
    server.bodies = {f"/v1/{number}": {"id": number} for number in range(9)}
    put, inside, crowd = AnswerStore.put, [0], [0]

    def watched(store: AnswerStore, key: AnswerKey, answer: StoredAnswer | None) -> None:
        inside[0] += 1
        crowd.append(inside[0])
        time.sleep(0.001)
        put(store, key, answer)
        inside[0] -= 1

    monkeypatch.setattr(AnswerStore, "put", watched)
    wrong: list[int] = []
    with (
        httpx.Client(transport=httpx.MockTransport(server)) as http_client,
        SyncAPIClient(base_url=BASE_URL, http_client=http_client, revalidation=Revalidation(max_entries=3)) as client,
    ):

        def work(seed: int) -> None:
            numbers = [(step * (seed + 2)) % 9 for step in range(30)]
            wrong.extend(number for number in numbers if client.get(f"/{number}", cast_to=Item) != Item(number))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        [origin] = client.statistics().origins
    assert max(crowd) == 1
    assert wrong == []
    assert 0 < origin.revalidated < 120
