"""That the flows are all there is to put to the torture: each coroutine of the library is run by one of them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType

import pytest
from trio.abc import Instrument
from trio.testing import MockClock

from support.wire import wire_server
from torture.flow import Stage
from torture.flows import FLOWS
from torture.service import Service

ROOMS = ["client", "transport", "request"]
WITHOUT_A_FLOW = {
    "client.AsyncVerbs.request",  # the client's stands in its place
    "client.Feed.wait",  # a base class's
    "transport.TLSWire.flush",  # where a socket takes less than was sent: by the torture's fault "byte"
    "transport._NoPieces.__anext__",  # stands for a body that is not sent in pieces
}


def coroutines() -> Iterator[tuple[str, CodeType]]:
    """The async functions and methods with public names, in all modules of `ROOMS`; public classes are among theirs."""
    for room in ROOMS:
        package = importlib.import_module(f"trio_api.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            here = [each for each in vars(module).values() if getattr(each, "__module__", "") == found.name]
            classes = [each for each in here if inspect.isclass(each) and not getattr(each, "_is_protocol", False)]
            members = [member for each in classes for member in vars(each).values()]
            for function in filter(inspect.isfunction, map(inspect.unwrap, filter(callable, [*here, *members]))):
                is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
                is_public = not function.__name__.startswith("_") or function.__name__.startswith("__")
                if is_public and (is_async or function.__name__ == "__await__"):
                    yield f"{room}.{function.__qualname__}", function.__code__


@pytest.mark.usefixtures("trusted_by_all")
async def test_each_coroutine_is_run_by_one(
    good: ssl.SSLContext, trusting: ssl.SSLContext, tmp_path: Path, clock: MockClock, patience: Instrument
) -> None:
    """A verb that is added is put to the torture, or its name stands here with a reason."""
    ran: set[CodeType] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        ran.add(frame.f_code)

    for tls, names in [(False, list(FLOWS)), (True, ["idle_for_a_while"])]:
        async with wire_server(Service(), tls=good if tls else None) as server:
            for name in names:
                flow = FLOWS[name]
                stage = Stage(server.url, trusting, flow.settings(server.url, trusting))
                before = sys.getprofile()
                sys.setprofile(note)
                try:
                    await flow.run_cold(stage, tmp_path)
                finally:
                    sys.setprofile(before)
    assert {name for name, code in coroutines() if code not in ran} == WITHOUT_A_FLOW
