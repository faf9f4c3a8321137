"""What the type checker makes of the testing tools; never run."""

from __future__ import annotations

import ssl
from typing import assert_type

import httpx

from trio_api import AsyncAPIClient, RetryPolicy
from trio_api.testing import (
    Chaos,
    End,
    Fault,
    FaultServer,
    MockAPI,
    MockAttempt,
    Reply,
    Route,
    ServedConnection,
    ServedRequest,
    Simulation,
    SimulationReport,
    WireFault,
    simulate,
)


class MySDK(AsyncAPIClient):
    pass


def dynamic(request: httpx.Request) -> dict[str, int]:
    return {"length": len(request.content)}


async def waiting(request: httpx.Request) -> Reply:
    return Reply(201, json=[request.method], headers={"X-A": "b"}, delay=0.5)


def script(api: MockAPI) -> None:
    route = api.get("/items", 503, {"a": 1}, [1, 2], Reply(pieces=[b"a", 1.5, httpx.ReadError("reset")]))
    assert_type(route, Route)
    api.post("/items", dynamic, waiting, lambda request: 204, repeat=False)
    api.route("*", "*", Fault.sending(after_bytes=3), httpx.ReadError("reset"), httpx.Response(200), Reply().cut(1))
    assert_type(api.client(), AsyncAPIClient)
    assert_type(api.client(MySDK, max_retries=0), MySDK)
    assert_type(api.journal, tuple[MockAttempt, ...])
    api.assert_waited([0.5, 1], jitter=0.5)
    api.assert_resilient(RetryPolicy(max_retries=5))


def asked(request: ServedRequest) -> dict[str, str]:
    return {"target": request.target}


async def asked_later(request: ServedRequest) -> WireFault:
    return WireFault.answering(request.body, 0.5, Reply(json=request.json).cut(3), End.RESET)


async def misbehave(tls: ssl.SSLContext) -> None:
    slow = WireFault.drip(Reply(200), every=0.1, size=2)
    server = FaultServer(503, {"a": 1}, [1], Reply(), httpx.Response(200), slow, asked, asked_later, tls=tls)
    async with server as opened:
        assert_type(opened, FaultServer)
        assert_type(opened.url, str)
        assert_type(opened.journal, tuple[ServedRequest, ...])
        assert_type(opened.connections, tuple[ServedConnection, ...])
        await opened.wait_until_idle()


async def simulated(sim: Simulation) -> None:
    sim.get("/items", asked_whole, 503)
    sim.chaos = Chaos.none()
    assert_type(sim.client(MySDK), MySDK)
    assert_type(sim.random.random(), float)
    sim.note("done")


def asked_whole(request: httpx.Request) -> Reply:
    return Reply(content=request.content)


def repeat() -> None:
    report = simulate(simulated, seed=1, runs=2, chaos=Chaos(lost=0.1), within=60)
    assert_type(report, SimulationReport)
    assert_type(report.trace, tuple[str, ...])
