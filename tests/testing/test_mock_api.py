"""The mock API answers as its script says, to the millisecond of the virtual clock, and breaks where it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import trio

from trio_api import (
    APIConnectionError,
    APITimeoutError,
    AsyncAPIClient,
    InternalServerError,
    RetryPolicy,
)
from trio_api.testing import Fault, MockAPI, Reply

URL = "https://api.example.com/items"
ONCE: dict[str, Any] = {"max_retries": 0}


async def ask(api: MockAPI, method: str = "GET", url: str = URL, **how: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=api) as client:
        return await client.request(method, url, **how)


# -- answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (204, 204, b""),
        ({"id": 7}, 200, b'{"id": 7}'),
        ([1, 2], 200, b"[1, 2]"),
        (Reply(201, json=None), 201, b"null"),
        (Reply(content=b"raw"), 200, b"raw"),
        (Reply(pieces=[b"in ", b"pieces"]), 200, b"in pieces"),
        (httpx.Response(202, text="as httpx has it"), 202, b"as httpx has it"),
        (lambda request: {"asked": request.url.path}, 200, b'{"asked": "/items"}'),
    ],
)
async def test_an_answer_has_many_forms(answer: Any, status: int, body: bytes) -> None:
    """A status, JSON, a reply, a response of httpx, a function; each can be given again and again."""
    api = MockAPI()
    api.get("/items", answer)
    for _ in range(2):
        response = await ask(api)
        assert (response.status_code, response.content) == (status, body)


async def test_what_is_known_of_a_body_is_said() -> None:
    """Its length, where it stands as a whole, and that it is JSON; a header that is given wins."""
    api = MockAPI()
    api.get("/items", {"id": 7}, Reply(json=1, headers={"Content-Type": "text/x"}), Reply(pieces=[b"{}"]), 204)
    headers = [(await ask(api)).headers for _ in range(4)]
    assert [(h.get("content-type"), h.get("content-length")) for h in headers] == [
        ("application/json", "9"),
        ("text/x", "1"),
        (None, None),
        (None, None),
    ]


async def test_a_head_has_no_body() -> None:
    """Its headers are those that a GET would have."""
    api = MockAPI()
    api.route("HEAD", "/items", {"id": 7})
    response = await ask(api, "HEAD")
    assert (response.headers["Content-Length"], response.content) == ("9", b"")


async def test_a_content_coding_stays() -> None:
    """The bytes of an `httpx.Response` are those of the wire, not those that it decodes to."""
    import gzip

    api = MockAPI()
    api.get("/items", httpx.Response(200, content=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}))
    assert (await ask(api)).content == b"{}"


async def test_answers_come_in_turn_and_the_last_stays() -> None:
    """So a route with one answer always gives it."""
    api = MockAPI()
    api.get("/items", 500, 502, 200)
    assert [(await ask(api)).status_code for _ in range(5)] == [500, 502, 200, 200, 200]


async def test_answers_may_come_to_an_end() -> None:
    """One request more is an error of the test that says so; also if the program caught it."""
    api = MockAPI()
    api.get("/items", 200, repeat=False)
    await ask(api)
    complaint = r"the route GET /items has given all its answers, and none is left to /items"
    with pytest.raises(AssertionError, match=complaint):
        await ask(api)
    with pytest.raises(AssertionError, match=complaint):
        api.assert_attempts(2)


async def test_a_request_that_no_route_fits_is_an_error() -> None:
    """It comes through the client as it is, names the routes that there are, and every assertion repeats it."""
    api = MockAPI()
    api.get("/items", 200)
    api.post("/items/{id}", 200)
    async with api.client() as client:
        with pytest.raises(AssertionError) as caught:
            await client.get("/other", cast_to=object)
    assert str(caught.value) == "no route fits GET /other; the routes: GET /items, POST /items/{id}"
    for assertion in (api.assert_expected, api.assert_resilient, lambda: api.assert_waited([])):
        with pytest.raises(
            AssertionError, match=r"no route fits GET /other(.|\n)*1[.] at 0.000 s: GET /other -> nothing"
        ):
            assertion()


async def test_a_function_is_given_the_whole_request() -> None:
    """The body is read; an async function may wait for what the test does."""
    api, go = MockAPI(), trio.Event()
    got: list[tuple[str, bytes]] = []

    async def answer(request: httpx.Request) -> dict[str, int]:
        got.append((request.headers["x-a"], request.content))
        await go.wait()
        return {"id": 7}

    api.post("/items", answer)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.testing.wait_all_tasks_blocked)
        nursery.start_soon(lambda: ask(api, "POST", content=b"hello", headers={"X-A": "b"}))
        await trio.testing.wait_all_tasks_blocked()
        assert (got, api.journal[0].answer) == ([("b", b"hello")], "in flight")
        go.set()
    assert api.journal[0].status == 200


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (None, "an answer must be"),
        (lambda request: 200, "gave another function"),
        (httpx.ConnectError("refused"), "it is too late"),
    ],
)
async def test_a_function_has_to_give_an_answer(given: Any, complaint: str) -> None:
    """What it can't give is named: no answer, another function, a fault from before the request came."""
    api = MockAPI()
    api.get("/items", lambda request: given)
    with pytest.raises(TypeError, match=complaint):
        await ask(api)


# -- routes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "url", "fits"),
    [
        ("/items", "https://api.example.com/items", True),
        ("/items", "https://other.example.com/items?page=2", True),
        ("/items", "https://api.example.com/items/", False),
        ("/items/{id}", "https://api.example.com/items/7", True),
        ("/items/{id}", "https://api.example.com/items/a%2Fb", True),
        ("/items/{id}", "https://api.example.com/items/7/parts", False),
        ("/items/{id}/parts/{}", "https://api.example.com/items/7/parts/8", True),
        ("/items/*", "https://api.example.com/items/7/parts", True),
        ("*", "https://api.example.com/", True),
        ("/items.json", "https://api.example.com/itemsXjson", False),
        ("/ä b", "https://api.example.com/%C3%A4%20b", True),
        ("/items?page=2", "https://api.example.com/items?size=1&page=2", True),
        ("/items?page=2", "https://api.example.com/items?page=22", False),
        ("https://api.example.com/items", "https://api.example.com:443/items", True),
        ("https://api.example.com/items", "http://api.example.com/items", False),
        ("https://api.example.com/items", "https://api.example.com:8443/items", False),
        ("https://cdn.example.com/*", "https://cdn.example.com/a/b?c=d", True),
    ],
)
async def test_a_pattern_is_a_path_or_a_whole_url(pattern: str, url: str, fits: bool) -> None:
    """Placeholders are one segment, a star is anything, the query has to be among that of the request."""
    api = MockAPI()
    api.get("*", 404)
    api.get(pattern, 200)
    assert (await ask(api, url=url)).status_code == (200 if fits else 404)


async def test_the_method_counts() -> None:
    """Each verb has a method of the API; the star is for all."""
    api = MockAPI()
    api.route("*", "/items", 299)
    for status, verb in enumerate((api.get, api.post, api.put, api.patch, api.delete), 200):
        verb("/items", status)
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    assert [(await ask(api, method)).status_code for method in methods] == [200, 201, 202, 203, 204, 299]


async def test_the_route_that_was_added_last_answers() -> None:
    """So a test changes what a fixture said."""
    api = MockAPI()
    general = api.get("/items", 200)
    special = api.get("/items?page=2", 500)
    await ask(api, params={"page": 1})
    await ask(api, params={"page": 2})
    assert [len(general.journal), len(special.journal)] == [1, 1]
    assert repr(special) == "<Route GET /items?page=2, 1 attempts>"


# -- time ----------------------------------------------------------------------------------------------------


async def test_delays_are_of_trios_clock(autojump_clock: object) -> None:
    """Those before the head and those in the body."""
    api = MockAPI()
    api.get("/items", Reply(delay=2, pieces=[0.5, b"a", 1, b"b"]))
    began, came = trio.current_time(), []
    async with httpx.AsyncClient(transport=api) as client, client.stream("GET", URL) as response:
        came.append(trio.current_time() - began)
        async for _ in response.aiter_bytes():
            came.append(trio.current_time() - began)  # noqa: PERF401  # the time counts
    assert came == [2, 2.5, 3.5]
    assert api.journal[0].ended == 3.5


async def test_it_checkpoints() -> None:
    """Other than `httpx.MockTransport`: a task that only calls lets others run, and can be cancelled."""
    api = MockAPI()
    api.get("/items", 200)
    async with httpx.AsyncClient(transport=api) as client:
        with trio.move_on_after(0.01) as scope:
            while True:
                await client.get(URL)
    assert scope.cancelled_caught


@pytest.mark.parametrize(
    ("answer", "kind", "seconds"),
    [
        (Fault.connecting(delay=60), httpx.ConnectTimeout, 1),
        (Fault.sending(delay=60), httpx.WriteTimeout, 2),
        (Fault.answering(delay=60), httpx.ReadTimeout, 3),
        (Reply(delay=60), httpx.ReadTimeout, 3),
        (Reply(pieces=[b"a", 60]), httpx.ReadTimeout, 3),
    ],
)
async def test_the_clients_timeouts_come_first(
    autojump_clock: object, answer: Any, kind: type[Exception], seconds: float
) -> None:
    """Whoever is slower than the client waits is not waited for."""
    api = MockAPI()
    api.get("/items", answer)
    began = trio.current_time()
    with pytest.raises(kind):
        await ask(api, timeout=httpx.Timeout(None, connect=1, write=2, read=3))
    assert trio.current_time() - began == seconds
    assert api.journal[0].is_broken


# -- faults --------------------------------------------------------------------------------------------------


async def chunks() -> AsyncIterator[bytes]:
    for chunk in (b"one", b"two", b"three"):
        yield chunk


@pytest.mark.parametrize(
    ("answer", "kind", "is_sent", "body", "told"),
    [
        (Fault.connecting(), httpx.ConnectError, False, b"", "ConnectError while connecting"),
        (httpx.ConnectTimeout("late"), httpx.ConnectTimeout, False, b"", "ConnectTimeout while connecting"),
        (Fault.sending(), httpx.WriteError, True, b"", "WriteError while sending"),
        (Fault.sending(after_bytes=4), httpx.WriteError, True, b"onet", "WriteError while sending"),
        (httpx.WriteTimeout("late"), httpx.WriteTimeout, True, b"", "WriteTimeout while sending"),
        (Fault.answering(), httpx.RemoteProtocolError, True, b"onetwothree", "RemoteProtocolError before the answer"),
        (httpx.ReadError("reset"), httpx.ReadError, True, b"onetwothree", "ReadError before the answer"),
        (Reply(json=[1]).cut(2), httpx.RemoteProtocolError, True, b"onetwothree", "200 with 2 bytes, then Remote"),
        (Reply(json=[1]).cut(), httpx.RemoteProtocolError, True, b"onetwothree", "200 with 3 bytes, then Remote"),
        (Reply(pieces=[b"a", httpx.ReadError("reset")]), httpx.ReadError, True, b"onetwothree", "200 with 1 bytes"),
    ],
)
async def test_an_attempt_breaks_at_any_stage(
    answer: Any, kind: type[Exception], is_sent: bool, body: bytes, told: str
) -> None:
    """Before connecting nothing is sent; while sending a part of the body; else the whole of it."""
    api = MockAPI()
    api.post("/items", answer)
    async with api.client(max_retries=0) as client:
        with pytest.raises(APIConnectionError) as caught:
            await client.post("/items", content=chunks(), cast_to=object)
    cause = caught.value.__cause__
    assert isinstance(cause, httpx.RequestError)
    assert (type(cause), cause.request.method) == (kind, "POST")
    (attempt,) = api.journal
    assert (attempt.is_sent, attempt.body, attempt.is_broken) == (is_sent, body, True)
    assert attempt.answer.startswith(told)


async def test_a_cut_body_says_its_whole_length() -> None:
    """As a connection that breaks leaves it; the pauses before stay, what comes behind goes."""
    cut = Reply(json="abc", delay=3).cut(2)
    assert cut.all_headers()["Content-Length"] == "5"
    assert cut.delay == 3
    *kept, error = Reply(pieces=[b"ab", 0.5, b"cd", 9, b"e"]).cut(3).script()
    assert kept == [b"ab", 0.5, b"c"]
    assert str(error) == "peer closed connection after 3 bytes of the body"
    assert Reply(pieces=[b"ab", httpx.ReadError("first")]).cut(error=httpx.ReadError("other")).script()[0] == b"ab"


async def test_any_exception_can_be_met() -> None:
    """One that is not of httpx comes as it is."""
    api = MockAPI()
    api.get("/items", trio.BrokenResourceError("broken"))
    with pytest.raises(trio.BrokenResourceError, match="broken"):
        await ask(api)


async def test_each_attempt_meets_an_error_of_its_own() -> None:
    """What is raised gathers a traceback and a context; the one of the script stays clean."""
    api, error = MockAPI(), httpx.ReadError("reset")
    api.get("/items", error)
    caught = []
    for _ in range(2):
        with pytest.raises(httpx.ReadError, match="reset") as info:
            await ask(api)
        caught.append(info.value)
    assert caught[0] is not caught[1]
    assert error.__traceback__ is None


# -- with the client -----------------------------------------------------------------------------------------


class MyAPI(AsyncAPIClient):
    """The client of an SDK."""


async def test_it_gives_clients(autojump_clock: object) -> None:
    """Of the class and with the settings that are asked for; time-outs are those of the default client."""
    api = MockAPI(base_url="https://sdk.example.com/v1")
    api.get("https://sdk.example.com/v1/items", Reply(json=7, delay=500), 503)
    async with api.client(MyAPI, retry=RetryPolicy(max_retries=1, jitter=0)) as client:
        assert type(client) is MyAPI
        assert await client.get("/items", cast_to=int) == 7
        with pytest.raises(InternalServerError):
            await client.get("/items", cast_to=int)
    api.assert_attempts(3)
    async with api.client(base_url="https://other.example.com") as other:
        assert other.base_url.host == "other.example.com"


async def test_the_client_knows_whether_a_request_was_sent(autojump_clock: object) -> None:
    """A POST without a key is tried again only where it was not."""

    class Unkeyed(AsyncAPIClient):
        idempotency_header = None

    api = MockAPI()
    lost = api.post("/lost", Fault.answering())
    refused = api.post("/refused", Fault.connecting(), {})
    async with api.client(Unkeyed) as client:
        with pytest.raises(APIConnectionError) as caught:
            await client.post("/lost", cast_to=object)
        await client.post("/refused", cast_to=object)
        api.post("/lost", Fault.sending())
        with pytest.raises(APIConnectionError) as begun:
            await client.post("/lost", cast_to=object)
        api.post("/lost", Fault.connecting(httpx.ReadError("in the handshake")))
        with pytest.raises(APIConnectionError) as unsent:
            await client.post("/lost", cast_to=object, options={"max_retries": 0})
    assert [error.value.sent for error in (caught, begun, unsent)] == [True, True, False]
    lost.assert_attempts(1)
    refused.assert_attempts(2)
    api.assert_resilient()


async def test_a_stream_of_events_comes_in_its_time(autojump_clock: object) -> None:
    """Piece by piece, and it may stall for good: then the client's timeout counts."""
    api = MockAPI()
    api.get(
        "/events", Reply(pieces=[b"data: 1\n\n", 2, b"data: 2\n\n", 1e6], headers={"Content-Type": "text/event-stream"})
    )
    came = []
    async with api.client(timeout=10.0) as client:
        with pytest.raises(APITimeoutError):
            async with client.stream("GET", "/events", cast_to=int) as stream:
                began = trio.current_time()
                async for number in stream:
                    came.append((number, trio.current_time() - began))  # noqa: PERF401
    assert came == [(1, 0), (2, 2)]


async def test_who_leaves_early_stands_in_the_journal(autojump_clock: object) -> None:
    """Closed within the body, or cancelled before the head: no fault of the API's."""
    api = MockAPI()
    api.get("/items", Reply(pieces=[b"a", b"b"]), Reply(delay=9))
    async with api.client(timeout=None) as client:
        async with client.with_streaming_response.get("/items", cast_to=bytes) as response:
            async for piece in response.iter_bytes():
                assert piece == b"a"
                break
        with trio.move_on_after(1):
            await client.get("/items", cast_to=object)
    assert [(a.answer, a.is_broken, a.ended) for a in api.journal] == [
        ("200 with 1 bytes, then closed by the client", False, 0),
        ("cancelled by the client", False, 1),
    ]


# -- arguments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "kind", "complaint"),
    [
        (lambda: MockAPI().get("/items"), TypeError, r"a route needs an answer: api.route\('GET', '/items', 200\)"),
        (lambda: MockAPI().get("/items", None), TypeError, "an answer must be a Reply, a status"),  # type: ignore[arg-type]
        (lambda: MockAPI().get("/items", "text"), TypeError, "for text or bytes use Reply"),
        (lambda: MockAPI().get("/items", True), TypeError, "an answer must be"),
        (lambda: MockAPI().get("/items", httpx.ConnectError), TypeError, "an answer must be"),  # type: ignore[arg-type]
        (lambda: MockAPI().get("items", 200), ValueError, "pattern must be a path"),
        (lambda: MockAPI().get(7, 200), TypeError, "pattern must be a str"),  # type: ignore[arg-type]
        (lambda: MockAPI().route(7, "/", 200), TypeError, "method must be a str"),  # type: ignore[arg-type]
        (lambda: Reply(99), ValueError, "status must be that of a final response, 200 to 999, got 99"),
        (lambda: Reply("200"), TypeError, "status must be an int"),  # type: ignore[arg-type]
        (lambda: Reply(json=1, content=b"1"), TypeError, "a Reply has one body"),
        (lambda: Reply(content="1"), TypeError, "content must be bytes"),  # type: ignore[arg-type]
        (lambda: Reply(pieces=b"1"), TypeError, "for a body as a whole use content"),  # type: ignore[arg-type]
        (lambda: Reply(pieces=["1"]), TypeError, "a piece that is neither bytes nor an exception"),  # type: ignore[list-item]
        (lambda: Reply(pieces=[ValueError(), b"1"]), ValueError, "which breaks the body off"),
        (lambda: Reply(headers=7), TypeError, "headers must be a mapping of text to text, or pairs, got 7"),  # type: ignore[arg-type]
        (lambda: Reply(headers={"a": 7}), TypeError, "headers must be a mapping"),  # type: ignore[dict-item]
        (lambda: Reply(delay=-1), ValueError, "delay must be"),
        (lambda: Reply().cut(-1), ValueError, "at must not be negative"),
        (lambda: Reply().cut("1"), TypeError, "at must be"),  # type: ignore[arg-type]
        (lambda: Reply.of(httpx.Response(200, content=chunks())), TypeError, r"for a stream use Reply\(pieces"),
        (lambda: Fault.sending(after_bytes=-1), ValueError, "after_bytes must not be negative"),
        (lambda: Fault.sending(after_bytes=1.5), TypeError, "after_bytes must be"),  # type: ignore[arg-type]
        (lambda: Fault.answering("reset"), TypeError, "error must be an exception"),  # type: ignore[arg-type]
        (lambda: Fault.answering(delay=-1), ValueError, "delay must be"),
    ],
)
def test_what_cannot_be_is_said_at_once(make: Any, kind: type[Exception], complaint: str) -> None:
    """The message names the argument, and shows the right form."""
    with pytest.raises(kind, match=complaint):
        make()
