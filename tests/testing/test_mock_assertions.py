"""The assertions of the mock API: what they let pass, what they find, and what they say of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import trio

from trio_api import APIConnectionError, APIError, AsyncAPIClient, RateLimitError, RetryPolicy
from trio_api.testing import Fault, MockAPI, Reply

EXACT = RetryPolicy(max_retries=2, jitter=0)
URL = "https://api.example.com/items"


async def get(api: MockAPI, **settings: Any) -> None:
    """Make one call, whatever comes of it."""
    async with api.client(**{"retry": EXACT, **settings}) as client:
        try:
            await client.get("/items", cast_to=object)
        except APIError:
            pass


async def send(api: MockAPI, *waits_and_requests: Any) -> None:
    """Send requests by hand, as a client that is not resilient does: a number is a wait, a mapping a GET."""
    async with httpx.AsyncClient(transport=api) as client:
        for step in waits_and_requests:
            if isinstance(step, dict):
                try:
                    await client.request(**{"method": "GET", "url": URL, **step})
                except httpx.TransportError:
                    pass
            else:
                await trio.sleep(step)


def again(retry: int, **request: Any) -> dict[str, Any]:
    """A request that says which retry it is."""
    return {**request, "headers": {"X-Trio-API-Retry-Count": str(retry), **request.get("headers", {})}}


def complaint_of(assertion: Callable[[], None]) -> str:
    with pytest.raises(AssertionError) as caught:
        assertion()
    return str(caught.value)


# -- the journal ---------------------------------------------------------------------------------------------


async def test_the_journal_has_every_attempt(autojump_clock: object) -> None:
    """What came, when and as which retry, and what was answered."""
    api = MockAPI()
    api.post("/items", Reply(503, delay=0.25, headers={"Retry-After": "3"}), {"id": 7})
    async with api.client(retry=EXACT) as client:
        await client.post("/items", body={"name": "a"}, options={"params": {"page": 2}}, cast_to=object)
    first, second = api.journal
    assert (first.number, first.came, first.ended, first.retry, first.status) == (1, 0, 0.25, 0, 503)
    assert (first.method, first.path, first.json) == ("POST", "/items?page=2", {"name": "a"})
    assert (first.retry_after, first.has_failed, first.is_whole) == (3, True, True)
    assert (second.number, second.retry, second.status, second.has_failed) == (2, 1, 200, False)
    assert second.came == pytest.approx(3.25, rel=0.1)
    assert second.headers["Idempotency-Key"] == first.headers["Idempotency-Key"]


async def test_a_line_of_the_journal_tells_the_attempt(autojump_clock: object) -> None:
    """Headers and bodies stay out of it, and of the repr."""
    api = MockAPI()
    api.post("/items", Reply(429, delay=0.25, headers={"Retry-After": "3"}), Fault.connecting())
    await send(api, again(0, method="POST", content=b"secret"), 3, again(1, method="POST", headers={"X-Key": "secret"}))
    assert list(map(str, api.journal)) == [
        "  1. at 0.000 s: POST /items -> 429 after 0.25 s, Retry-After 3 s",
        "  2. at 3.250 s: POST /items (retry 1) -> ConnectError while connecting",
    ]
    assert "secret" not in repr(api.journal)


# -- attempts and waits --------------------------------------------------------------------------------------


async def test_attempts_are_counted(autojump_clock: object) -> None:
    """Those of the API, or of one route alone."""
    api = MockAPI()
    items, others = api.get("/items", 503), api.get("/others", 200)
    await get(api)
    await send(api, {"url": "https://api.example.com/others"})
    api.assert_attempts(4)
    items.assert_attempts(3)
    others.assert_attempts(1)
    assert complaint_of(lambda: others.assert_attempts(2)) == (
        "expected 2 attempts, got 1\nThe journal:\n  4. at 1.500 s: GET /others -> 200"
    )


def test_an_empty_journal_says_so() -> None:
    """Rather than nothing."""
    api = MockAPI()
    said = complaint_of(lambda: api.assert_attempts(1))
    assert said == "expected 1 attempt, got 0\nThe journal:\n  no attempt came"


async def test_waits_are_between_the_attempts(autojump_clock: object) -> None:
    """From the end of each to the coming of the next: what the answer took is none of it."""
    api = MockAPI()
    api.get("/items", Reply(503, delay=10), Fault.answering(delay=20), Reply(200, pieces=[30, b"{}"]))
    await get(api)
    api.assert_waited([0.5, 1.0])
    assert complaint_of(lambda: api.assert_waited([0.5, 2.0])) == (
        "expected waits of [0.5, 2] s, got [0.5, 1] s\n"
        "The journal:\n"
        "  1. at 0.000 s: GET /items -> 503 after 10 s\n"
        "  2. at 10.500 s: GET /items (retry 1) -> RemoteProtocolError before the answer after 20 s\n"
        "  3. at 31.500 s: GET /items (retry 2) -> 200 after 30 s"
    )
    assert "expected waits of [0.5] s, got [0.5, 1] s" in complaint_of(lambda: api.assert_waited([0.5]))


@pytest.mark.parametrize(
    ("waits", "tolerance", "is_fine"),
    [
        ([1.0, 2.0], {"jitter": 0.5}, True),
        ([0.5, 1.0], {"spread": 0.1}, True),
        ([0.46, 0.92], {"spread": 0.1}, True),
        ([1.01, 2.0], {"jitter": 0.5}, False),
        ([0.45, 1.0], {"spread": 0.1}, False),
        ([0.49, 1.0], {"jitter": 0.5}, False),
    ],
)
async def test_chance_is_tolerated(
    autojump_clock: object, waits: list[float], tolerance: dict[str, float], is_fine: bool
) -> None:
    """What jitter takes off, and what a spread adds; the message tells of both."""
    api = MockAPI()
    api.get("/items", 503, 503, {})
    await get(api)
    if is_fine:
        api.assert_waited(waits, **tolerance)
    else:
        said = complaint_of(lambda: api.assert_waited(waits, **tolerance))
        assert ("less up to 50%" in said, "more up to 10%" in said) == ("jitter" in tolerance, "spread" in tolerance)


@pytest.mark.parametrize(
    ("how", "complaint"),
    [({"waits": [-1]}, "waits"), ({"waits": [], "jitter": 2}, "jitter"), ({"waits": [], "spread": -1}, "spread")],
)
def test_what_waits_cannot_be(how: dict[str, Any], complaint: str) -> None:
    """The message names the argument."""
    with pytest.raises(ValueError, match=complaint):
        MockAPI().assert_waited(**how)


# -- resilience: what passes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "answers",
    [
        [{}],
        [503, 429, {}],
        [500],
        [404],
        [Reply(429, headers={"Retry-After": "7"}), {}],
        [Reply(503, headers={"Retry-After": "500"})],
        [Fault.connecting(), Fault.sending(), Fault.answering()],
        [Reply(json="abc").cut(1), {}],
        [Reply(delay=700), {}],
    ],
)
async def test_the_client_is_resilient(autojump_clock: object, method: str, answers: list[Any]) -> None:
    """By default, whatever it meets, and with chance in its waits."""
    api = MockAPI()
    api.route(method, "/items", *answers)
    async with api.client() as client:
        for _ in range(3):
            try:
                await client.request(object, {"method": method, "url": "/items"})
            except APIError:
                pass
    api.assert_resilient()


async def test_a_crowd_of_tasks_is_resilient(autojump_clock: object) -> None:
    """The same call by many at once: retries are told apart, and all wait for what one was told."""
    api = MockAPI()
    api.get("/items", 503, Reply(429, headers={"Retry-After": "5"}, delay=0.1), Reply(503, delay=0.3), 500, {})
    async with api.client() as client, trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(lambda: client.get("/items", cast_to=object))
    api.assert_resilient()


async def test_uploads_and_redirects_are_resilient(autojump_clock: object) -> None:
    """A form has the same boundary each time; a redirect goes with the call that it belongs to."""
    api = MockAPI()
    api.post("/forms", 503, {})
    api.post("/moved", Reply(307, headers={"Location": "/here"}))
    api.post("/here", 503, {})
    async with api.client() as client:
        await client.post("/forms", files={"file": b"bytes"}, cast_to=object)
        await client.post("/moved", body={"a": 1}, cast_to=object)
    api.assert_attempts(6)
    api.assert_resilient()


async def test_a_retry_is_known_by_its_key(autojump_clock: object) -> None:
    """Of two calls that failed alike, each has its own; whose retry comes first does not matter."""
    api = MockAPI()
    api.post("/items", 503)
    one, two = ({"method": "POST", "headers": {"Idempotency-Key": key}, "content": key.encode()} for key in "ab")
    await send(api, again(0, **one), again(0, **two), 1, again(1, **two), again(1, **one))
    api.assert_resilient()


async def test_a_redirect_goes_on_while_others_wait(autojump_clock: object) -> None:
    """It belongs to an attempt that was on its way before."""
    api = MockAPI()
    api.get("/moved", Reply(302, headers={"Location": "/there"}))
    api.get("/items", Reply(429, headers={"Retry-After": "9"}))
    api.get("/there", 200)
    await send(api, {"url": f"{URL[:-5]}moved"}, {}, 1, {"url": f"{URL[:-5]}there"})
    api.assert_resilient()


async def test_a_stream_that_is_gone_on_with_is_resilient(autojump_clock: object) -> None:
    """What follows a success is no retry of a failure."""
    api = MockAPI()
    api.get("/items", 200)
    await send(api, again(0), again(1))
    api.assert_resilient()


# -- resilience: what is found -------------------------------------------------------------------------------


async def test_a_retry_storm_is_found(autojump_clock: object) -> None:
    """More attempts than the policy has, and sooner than its backoff."""
    api = MockAPI()
    api.get("/items", 503)
    await get(api, retry=RetryPolicy(max_retries=3, initial=0.1, jitter=0))
    assert complaint_of(api.assert_resilient) == (
        "not resilient:\n"
        "- attempt 4 is retry 3 of a call that may be retried 2 times\n"
        "- attempt 2 came 0.1 s after attempt 1: the backoff is 0.25 s\n"
        "- attempt 3 came 0.2 s after attempt 2: the backoff is 0.5 s\n"
        "- attempt 4 came 0.4 s after attempt 3: the backoff is 1 s\n"
        "The journal:\n"
        "  1. at 0.000 s: GET /items -> 503\n"
        "  2. at 0.100 s: GET /items (retry 1) -> 503\n"
        "  3. at 0.300 s: GET /items (retry 2) -> 503\n"
        "  4. at 0.700 s: GET /items (retry 3) -> 503"
    )
    api.assert_resilient(RetryPolicy(max_retries=3, initial=0.1))


async def test_a_loop_without_a_count_is_found(autojump_clock: object) -> None:
    """Where requests tell no retry count, what failed and comes again is a retry."""
    api = MockAPI()
    api.get("/items", 500, 500, 404, 200)
    await send(api, {}, 0.5, {}, 1, {}, 3, {}, 1, {})
    assert complaint_of(api.assert_resilient).startswith(
        "not resilient:\n"
        "- attempt 4 is retry 3 of a call that may be retried 2 times\n"
        "- attempt 4 retries attempt 3, which is not to be retried: GET, 404\n"
        "The journal:"
    )


async def test_an_ignored_retry_after_is_found(autojump_clock: object) -> None:
    """By the call that was told so, whatever the status."""
    api = MockAPI()
    api.get("/items", Reply(500, headers={"Retry-After": "9"}), 200)
    await send(api, again(0), 5, again(1))
    assert "- attempt 2 came 5 s after an answer that asked to wait 9 s\n" in complaint_of(api.assert_resilient)
    told = MockAPI()
    told.get("/items", Reply(429, headers={"Retry-After": "9"}), 200)
    await send(told, again(0), 5, again(1))
    assert complaint_of(told.assert_resilient).count("asked to wait") == 1


@pytest.mark.parametrize(
    ("status", "asked", "url", "is_found"),
    [
        (429, "9", "https://api.example.com/others", True),
        (503, "9", "https://api.example.com/others", True),
        (500, "9", "https://api.example.com/others", False),
        (429, "500", "https://api.example.com/others", False),
        (429, "3", "https://api.example.com/others", False),
        (429, "9", "https://other.example.com/items", False),
    ],
)
async def test_a_retry_after_is_for_all_of_the_origin(
    autojump_clock: object, status: int, asked: str, url: str, is_found: bool
) -> None:
    """That of a 429 or 503, for as long as a client shares it."""
    api = MockAPI()
    api.get("*", Reply(status, headers={"Retry-After": asked}), 200)
    await send(api, again(0), 4, again(0, url=url))
    if is_found:
        found = "- attempt 2 came 4 s after the answer to attempt 1 had asked to wait 9 s\n"
        assert found in complaint_of(api.assert_resilient)
    else:
        api.assert_resilient()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_retry_of_what_is_not_to_be_retried_is_found(autojump_clock: object, status: int) -> None:
    """Whatever the method and the key."""
    api = MockAPI()
    api.put("/items", status)
    request = {"method": "PUT", "headers": {"Idempotency-Key": "k"}}
    await send(api, again(0, **request), 1, again(1, **request))
    found = f"- attempt 2 retries attempt 1, which is not to be retried: PUT, {status}\n"
    assert found in complaint_of(api.assert_resilient)


@pytest.mark.parametrize(
    ("answer", "is_found"),
    [
        (Reply(503), True),
        (Reply(409), True),
        (Reply(429), False),
        (Fault.answering(), True),
        (Fault.sending(), True),
        (Fault.connecting(), False),
        (Reply(json="abc").cut(1), True),
    ],
)
@pytest.mark.parametrize("key", [None, "k"])
async def test_a_post_that_may_have_had_its_effect_is_found(
    autojump_clock: object, answer: Any, is_found: bool, key: str | None
) -> None:
    """If it comes again without a key; one that was refused, or never sent, may."""
    api = MockAPI()
    api.post("/items", answer)
    request = {"method": "POST", "headers": {} if key is None else {"Idempotency-Key": key}}
    await send(api, again(0, **request), 1, again(1, **request))
    if is_found and key is None:
        found = r"- attempt 2 retries attempt 1, which is not to be retried: POST, .*\nThe journal"
        assert re.search(found, complaint_of(api.assert_resilient))
    else:
        api.assert_resilient()


async def test_another_key_of_a_retry_is_found(autojump_clock: object) -> None:
    """With it the server sees another request."""
    api = MockAPI()
    api.post("/items", 503)
    requests = [{"method": "POST", "headers": {"Idempotency-Key": key}} for key in ("a", "b")]
    await send(api, again(0, **requests[0]), 1, again(1, **requests[1]))
    assert "- attempt 2 retries attempt 1 without its Idempotency-Key\n" in complaint_of(api.assert_resilient)


async def test_a_key_of_two_requests_is_found(autojump_clock: object) -> None:
    """A key that a list sends with each of its pages is none; it may have another name."""
    api = MockAPI()
    api.post("/items", 200)
    requests = [{"method": "POST", "headers": {"X-Key": "k"}, "params": {"page": page}} for page in (1, 2)]
    await send(api, *requests)
    api.assert_resilient()
    said = complaint_of(lambda: api.assert_resilient(idempotency_header="X-Key"))
    assert "- attempt 2 has the X-Key of attempt 1, another request\n" in said


@pytest.mark.parametrize(
    ("first", "then", "is_found"),
    [(b"body", b"", True), (b"body", b"dy", True), (b"body", b"body", False), (b"", b"", False)],
)
async def test_a_spent_body_is_found(autojump_clock: object, first: bytes, then: bytes, is_found: bool) -> None:
    """A body that can be read once comes empty the second time, or from where it broke off."""
    api = MockAPI()
    api.put("/items", 503)
    await send(api, again(0, method="PUT", content=first), 1, again(1, method="PUT", content=then))
    if is_found:
        found = f"- attempt 2 sends {len(then)} bytes of body, not those of attempt 1: a body that can be read once"
        assert found in complaint_of(api.assert_resilient)
    else:
        api.assert_resilient()


async def test_the_rest_of_a_body_is_found(autojump_clock: object) -> None:
    """What broke off while it was sent begins anew, or it was spent."""
    api = MockAPI()
    api.put("/items", Fault.sending(after_bytes=2), Fault.sending(after_bytes=1), 200)
    whole, *retries = [again(retry, method="PUT", content=b"body") for retry in range(3)]
    await send(api, whole, 1, retries[0], 1, retries[1])
    api.assert_resilient()
    other = MockAPI()
    other.put("/items", Fault.sending(after_bytes=2), 200)
    await send(other, whole, 1, again(1, method="PUT", content=b"dy"))
    assert "- attempt 2 sends 2 bytes of body, not those of attempt 1" in complaint_of(other.assert_resilient)


async def test_a_one_shot_body_is_not_sent_twice_by_the_client(autojump_clock: object) -> None:
    """It ends the call: the proof that `assert_resilient` is for."""

    async def body() -> AsyncIterator[bytes]:
        yield b"once"

    api = MockAPI()
    api.put("/items", 503)
    async with api.client() as client:
        with pytest.raises(APIError):
            await client.put("/items", content=body(), cast_to=object)
    api.assert_attempts(1)
    api.assert_resilient()


async def test_a_wrong_length_is_found() -> None:
    """A server would wait for the rest, or take it for the next request."""
    api = MockAPI()
    api.put("/items", 200)
    await send(api, {"method": "PUT", "content": b"abc", "headers": {"Content-Length": "9"}})
    assert "- attempt 1 says that its body has 9 bytes, and sent 3\n" in complaint_of(api.assert_resilient)


async def test_a_client_that_shares_nothing_is_found(autojump_clock: object) -> None:
    """With the shared cool-down off, a second task sends while the server asks for patience."""
    api = MockAPI()
    api.get("/items", Reply(429, headers={"Retry-After": "30"}))

    async def later(client: AsyncAPIClient) -> None:
        await trio.sleep(10)
        with pytest.raises(RateLimitError):
            await client.get("/items", cast_to=object)

    async with api.client(max_retries=0, cool_down=None) as client, trio.open_nursery() as nursery:
        nursery.start_soon(later, client)
        with pytest.raises(RateLimitError):
            await client.get("/items", cast_to=object)
    found = "- attempt 2 came 10 s after the answer to attempt 1 had asked to wait 30 s\n"
    assert found in complaint_of(api.assert_resilient)


async def test_a_fault_has_its_place_in_the_story(autojump_clock: object) -> None:
    """The journal of the route and the error of the call tell the same."""
    api = MockAPI()
    route = api.get("/items", Fault.answering(httpx.ReadError("reset")))
    async with api.client(retry=EXACT) as client:
        with pytest.raises(APIConnectionError) as caught:
            await client.get("/items", cast_to=object)
    assert [record.waited for record in caught.value.attempts] == [0.5, 1.0, 0.0]
    route.assert_waited([0.5, 1.0])
