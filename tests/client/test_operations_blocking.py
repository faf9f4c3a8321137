"""Long-running operations of the blocking client, shared by threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from trio_api import OperationTimeoutError, PollPolicy, SyncAPIClient, SyncOperation

PATIENCE = 30  # seconds after which a test that hangs fails; nothing here waits for it


class Turn:
    """A lock that says when it is about to be waited for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.asked_for = threading.Semaphore(0)

    def acquire(self, timeout: float) -> bool:
        self.asked_for.release()
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        self._lock.release()


class SlowServer:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.polls = 0
        self.may_answer = threading.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.polls += 1
        assert self.may_answer.wait(PATIENCE)
        return httpx.Response(200, json="done")


@pytest.fixture
def server() -> SlowServer:
    return SlowServer()


@pytest.fixture
def client(server: SlowServer) -> Iterator[SyncAPIClient]:
    with (
        httpx.Client(transport=httpx.MockTransport(server)) as http_client,
        SyncAPIClient(base_url="https://api.example.com", http_client=http_client) as client,
    ):
        yield client


def with_turn(operation: SyncOperation[Any]) -> Turn:
    turn: Any = Turn()
    operation._turn = turn
    return turn


def start(function: Callable[[], Any], found: list[Any]) -> threading.Thread:
    thread = threading.Thread(target=lambda: found.append(function()), daemon=True)
    thread.start()
    return thread


def test_threads_that_wait_together_ask_together(client: SyncAPIClient, server: SlowServer) -> None:
    """Who comes while another asks has that answer."""
    operation = client.poll("/jobs/17", cast_to=object)
    turn, found = with_turn(operation), list[Any]()
    threads = [start(operation.result, found) for _ in range(3)]
    for _ in threads:
        assert turn.asked_for.acquire(timeout=PATIENCE)
    server.may_answer.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == ["done"] * 3
    assert server.polls == 1


def test_who_waits_beside_another_has_a_time_of_its_own(client: SyncAPIClient, server: SlowServer) -> None:
    """The turn of another is not waited for any longer than one's own poll would be."""
    policy = PollPolicy(interval=0.0)
    operation = client.poll("/jobs/17", cast_to=object, timeout=0.05, policy=policy)
    turn = with_turn(operation)
    assert turn.acquire(1.0)  # as another thread that asks
    with pytest.raises(OperationTimeoutError, match="the time was up while it was asked"):
        operation.result()
    assert server.polls == 0
