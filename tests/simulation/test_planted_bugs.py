"""The simulation can fail: for each invariant a bug is planted, and is seen within a few runs."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from simulation import lists
from simulation.scenario import only
from trio_api import AsyncAPIClient, AsyncAPIResponse
from trio_api.client._call import Call
from trio_api.testing import Chaos, Simulation, simulate

CALM = attrs.evolve(Chaos.none(), latency=0.01)
LOSING = attrs.evolve(CALM, lost=0.3)
RUNS = 12


def seen(fn: Any, runs: int = RUNS) -> str:
    """What the simulation says of a bug."""
    with pytest.raises(AssertionError) as caught:
        simulate(fn, runs=runs)
    assert "To have it alone" in caught.value.__notes__[0]
    return str(caught.value)


def without_bug(name: str, chaos: Chaos) -> None:
    """The same runs go well where nothing is planted."""
    simulate(only(name, chaos), runs=2)


def skipping(count: int) -> Callable[[int, int], list[int]]:
    """A server that forgets an item."""
    return lambda start, stop: [item for item in range(start, min(stop, count)) if item != count // 2]


def overlapping(count: int) -> Callable[[int, int], list[int]]:
    """A server that begins its pages too early."""
    return lambda start, stop: list(range(max(start - 1, 0), min(stop, count)))


@pytest.mark.parametrize("items", [skipping, overlapping])
def test_an_item_lost_or_doubled(items: Any) -> None:
    """By the server, which is as good as by the client."""
    assert "no item is lost, doubled or out of order: crawl" in seen(only("crawl", CALM, items=items))


def test_items_out_of_order() -> None:
    """As the pages came, where the order of the list was promised."""

    class Hasty(AsyncAPIClient):
        def get_api_list(self, *args: Any, **settings: Any) -> Any:
            listed = super().get_api_list(*args, **settings)
            fan_out = type(listed).fan_out
            hasty: Any = lambda limit, ordered: fan_out(listed, limit, ordered=False)  # noqa: E731
            object.__setattr__(listed, "fan_out", hasty)
            return listed

    assert lists.IN_ORDER in seen(only("crawl", Chaos(latency=0.5), kind=Hasty, mode="fan out"), runs=40)


def test_an_event_lost() -> None:
    """Each time the stream is gone on with, one is left out."""
    assert lists.IN_ORDER in seen(only("events", CALM, events=lambda first, count: range(first + bool(first), count)))


def test_a_post_sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may have had its effect is taken for what can be done again."""
    monkeypatch.setattr("trio_api.retry._classify._may_arrive_twice", lambda method, keyed: True)
    assert "at most one effect of an unkeyed POST: unkeyed: order" in seen(only("unkeyed", LOSING))


def test_a_key_for_each_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of one for the call."""
    monkeypatch.setattr(Call, "idempotency_key", property(lambda call: str(uuid.uuid4())))
    assert "at most one effect of a key, and one key for a call: keyed" in seen(only("keyed", LOSING))


@pytest.mark.parametrize(
    ("name", "settings", "invariant"),
    [
        ("budget", {"retry_budget": None}, "the retry budget is kept"),
        ("rate", {"rate_limit": None}, "the rate limit is kept"),
        ("concurrency", {"max_concurrency": None}, "max_concurrency is kept"),
        ("single_flight", {"single_flight": False}, "a flight is shared"),
        ("cool_down", {"cool_down": None}, "a cool-down is shared"),
    ],
)
def test_a_bound_that_is_not_kept(name: str, settings: dict[str, Any], invariant: str) -> None:
    """Since the client was not told of it."""
    without_bug(name, CALM)
    assert f"{invariant}: {name}: " in seen(only(name, CALM, settings=settings))


@pytest.mark.parametrize("error", [KeyError("k"), ExceptionGroup("two", [ValueError("v")])], ids=repr)
def test_an_error_that_is_not_of_the_tree(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or one that is a group."""

    async def fail(self: Any, *args: Any) -> Any:
        await trio.lowlevel.checkpoint()
        raise error

    monkeypatch.setattr(AsyncAPIClient, "_value_of", fail)
    assert f"every error is of the tree, and single: reads: {error!r}" in seen(only("reads"))


def test_an_answer_of_another_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given to whoever comes next."""
    value_of: Any = AsyncAPIClient._value_of
    before: list[Any] = [{"id": "another"}]

    async def late(self: Any, *args: Any) -> Any:
        before.append(await value_of(self, *args))
        return before.pop(0)

    monkeypatch.setattr(AsyncAPIClient, "_value_of", late)
    assert "each call has its own answer: reads: " in seen(only("reads", CALM))


class Careless(AsyncAPIClient):
    """Sends less than it is given, does not wait for operations, and takes its time to close."""

    async def put(self, *args: Any, content: Any = b"", **settings: Any) -> Any:
        return await super().put(*args, content=content[:-1] if isinstance(content, bytes) else content, **settings)

    def poll(self, *args: Any, **settings: Any) -> Any:
        return self.get(*args, cast_to=object)

    async def __aexit__(self, *exc_info: Any) -> bool | None:  # noqa: PYI036  # three, as they come
        await trio.sleep(10)  # noqa: ASYNC102
        return await super().__aexit__(*exc_info)  # noqa: ASYNC102


@pytest.mark.parametrize(
    ("name", "invariant"),
    [
        ("uploads", "what is stored is what was sent"),
        ("operations", "an operation gives its result"),
        ("closing", "a client is closed soon"),
    ],
)
def test_a_careless_client(name: str, invariant: str) -> None:
    """By what it does not do."""
    assert f"{invariant}: {name}: " in seen(only(name, CALM, kind=Careless))


def test_a_file_that_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its name before it has its end."""

    async def store(response: Any, path: Path, **settings: Any) -> None:
        path.write_bytes((await response.read())[:-1])  # noqa: ASYNC240  # in memory

    monkeypatch.setattr(AsyncAPIResponse, "stream_to_file", store)
    assert "a file is whole under its name: downloads: " in seen(only("downloads", CALM))


def test_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that waits for what nobody does."""

    async def wait(self: Any, *args: Any) -> Any:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()

    monkeypatch.setattr(AsyncAPIClient, "_value_of", wait)
    monkeypatch.setattr("trio_api.testing.simulation._watch._MOST_TURNS", 1000)
    assert "it did not end within 3600 seconds of its clock" in seen(only("reads"))


def test_something_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that nobody closes."""
    monkeypatch.setattr(
        "trio_api.transport._native.TrioTransport.abort", lambda transport: transport._housekeeper.stop()
    )
    assert "left: " in seen(only("reads"))


def test_chance_of_its_own() -> None:
    """What is drawn elsewhere is not repeated, and the digest shows it."""

    async def fn(sim: Simulation) -> None:
        await trio.sleep(random.SystemRandom().random())

    assert simulate(fn, seed=5, runs=1).digests != simulate(fn, seed=5, runs=1).digests
