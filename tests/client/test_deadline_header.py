"""What servers are told of a deadline, by clients of both colours: the seconds left, attempt by attempt."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio
import trio.testing

from support.colours import BASE_URL, Colour
from support.scripted import Script, Sent, Slow, reply
from trio_api import AsyncAPIClient, RetryPolicy, omit

NAME = "X-Seconds-Left"
LEFT = {"total_timeout": 30.0}


def get(client: Any, url: str = "/items", **options: Any) -> Any:
    return client.get(url, cast_to=object, options={**LEFT, **options})


def told(sent: list[Sent]) -> list[str | None]:
    return [request.headers.get(NAME) for request in sent]


def test_each_attempt_says_how_many_seconds_are_left(colour: Colour) -> None:
    """To the millisecond; what attempts and waits took is gone. Here 2 and 0.5, then 3 and 1 seconds."""
    answers = Slow(2, reply(status=503)), Slow(3, reply(status=503)), reply()
    _, script = colour.play(*answers, body=get, deadline_header=NAME)
    assert told(script.sent) == ["30.000", "27.500", "23.500"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_every_method_says_it(colour: Colour, method: str) -> None:
    """Beside an idempotency key too."""
    _, script = colour.play(
        reply(),
        body=lambda client: getattr(client, method)("/items", cast_to=object, options=LEFT),
        deadline_header=NAME,
    )
    [sent] = script.sent
    assert sent.headers[NAME] == "30.000"
    assert ("Idempotency-Key" in sent.headers) is (method == "post")


def test_the_time_of_the_client_counts_as_that_of_a_call(colour: Colour) -> None:
    """Its own ``total_timeout`` is a deadline too."""
    _, script = colour.play(reply(), total_timeout=7, deadline_header=NAME)
    assert told(script.sent) == ["7.000"]


def test_without_a_deadline_there_is_no_header(colour: Colour) -> None:
    """There is nothing to say."""
    _, script = colour.play(reply(), deadline_header=NAME)
    assert told(script.sent) == [None]


def test_by_default_there_is_no_header(colour: Colour) -> None:
    """Whatever deadline there is: no name for it is agreed upon."""
    _, script = colour.play(reply(), body=get)
    assert not any("30" in value for value in script.sent[0].headers.values())


def test_a_header_of_the_call_wins(colour: Colour) -> None:
    """In any spelling; `omit` removes it. One of the client's own wins too."""

    def body(client: Any) -> Any:
        yield get(client, headers={NAME.lower(): "mine"})
        yield get(client, headers={NAME.upper(): omit})
        yield get(client.copy(custom_headers={NAME: "ours"}))
        yield get(client.copy(custom_headers={NAME: omit}))
        yield get(client)

    _, script = colour.play(*[reply()] * 5, body=body, deadline_header=NAME)
    assert told(script.sent) == ["mine", None, "ours", None, "30.000"]


def test_a_hook_may_change_it(colour: Colour) -> None:
    """It is there before the request is signed."""
    seen: list[str] = []

    def sign(client: Any, request: httpx.Request) -> None:
        seen.append(request.headers[NAME])
        del request.headers[NAME]

    _, script = colour.play(
        reply(), body=get, client_class=colour.make_class(_prepare_request=sign), deadline_header=NAME
    )
    assert (seen, told(script.sent)) == (["30.000"], [None])


def test_a_foreign_origin_is_told_nothing(colour: Colour) -> None:
    """Neither where the call names it nor where a redirect leads to it; a trusted one is told."""

    def body(client: Any) -> Any:
        yield get(client, "https://other.example/items")
        yield get(client)
        yield get(client.copy(trusted_origins=["https://other.example"]), "https://other.example/items")

    away = reply(status=302, headers={"Location": "https://other.example/there"})
    _, script = colour.play(reply(), away, reply(), reply(), body=body, deadline_header=NAME)
    assert told(script.sent) == [None, "30.000", None, "30.000"]


def test_a_copy_may_have_another_header_or_none(colour: Colour) -> None:
    """Not given, it is the parent's."""

    def body(client: Any) -> Any:
        yield get(client.copy(timeout=1))
        yield get(client.copy(deadline_header="Another"))
        yield get(client.copy(deadline_header=None))

    _, script = colour.play(*[reply()] * 3, body=body, deadline_header=NAME)
    assert told(script.sent) == ["30.000", None, None]
    assert script.sent[1].headers["Another"] == "30.000"


@pytest.mark.parametrize(
    ("value", "error"), [(5, TypeError), (True, TypeError), ("", ValueError), ("a b", ValueError), ("ä", ValueError)]
)
def test_the_name_has_to_be_one_of_a_header(colour: Colour, value: Any, error: type[Exception]) -> None:
    """Of a client and of a copy."""
    for make in (colour.client, colour.client().copy):
        with pytest.raises(error, match=r"^deadline_header"):
            make(deadline_header=value)


async def test_the_nearest_deadline_of_trio_counts(autojump_clock: trio.testing.MockClock) -> None:
    """Of all scopes around the call and its own ``total_timeout``; one that has passed cancels, and sends nothing."""
    script = Script(*[reply()] * 3)
    async with (
        httpx.AsyncClient(transport=script) as http_client,
        AsyncAPIClient(base_url=BASE_URL, http_client=http_client, deadline_header=NAME) as client,
    ):
        with trio.move_on_after(10):
            with trio.move_on_after(20):
                await client.get("/items", cast_to=object)
            await trio.sleep(1.2345)
            await get(client)
            await get(client, total_timeout=2)
        with trio.move_on_at(trio.current_time() - 5):
            await client.get("/items", cast_to=object)
    assert told(script.sent) == ["10.000", "8.765", "2.000"]


async def test_a_hook_that_outstays_the_deadline_leaves_nothing(autojump_clock: trio.testing.MockClock) -> None:
    """The time that is left is never negative."""

    class Slowly(AsyncAPIClient):
        async def _prepare_options(self, options: Any) -> Any:
            with trio.CancelScope(shield=True):
                await trio.sleep(5)
            return options

        async def _prepare_request(self, request: httpx.Request) -> None:
            seen.append(request.headers[NAME])

    seen: list[str] = []
    async with (
        httpx.AsyncClient(transport=Script(reply())) as http_client,
        Slowly(base_url=BASE_URL, http_client=http_client, deadline_header=NAME, retry=RetryPolicy()) as client,
    ):
        with trio.move_on_after(3):
            await client.get("/items", cast_to=object)
    assert seen == ["0.000"]
