"""What a function under simulation is given: the server's routes, clients, chance."""

from __future__ import annotations

import random
from typing import Any, Final, TypeVar, final, overload

from ...client import AsyncAPIClient
from .._routes import Routed
from ._chaos import Chaos
from ._trace import Trace
from ._weather import Weather

__all__ = ["Simulation"]

ClientT = TypeVar("ClientT", bound=AsyncAPIClient)


@final
class Simulation(Routed):
    """One run of `simulate`: a server, a network and chance that are the run's own.

    The server answers by routes as a `MockAPI` has them, and keeps the same journal. What a route's function does is
    the effect of a request; its answer may still be lost. A `Fault` or an exception breaks the connection.

    Args:
        seed: The run's.
        weather: What goes wrong.
        trace: The run's.
    """

    def __init__(self, seed: int, weather: Weather, trace: Trace) -> None:
        super().__init__()
        self._weather: Final = weather
        self._trace: Final = trace
        self._clients: Final[list[AsyncAPIClient]] = []
        self.seed: Final = seed
        """The run's."""
        self.random: Final = random.Random(f"{seed}: fn")
        """Chance for what the function does itself: what it draws elsewhere is not repeated by the seed, the module
        `random` excepted."""
        self.base_url: str = "https://api.example.com"
        """The base URL of the clients that it gives. Any origin leads to the server."""

    @property
    def chaos(self) -> Chaos:
        """What goes wrong from now on."""
        return self._weather.chaos

    @chaos.setter
    def chaos(self, chaos: Chaos) -> None:
        self._weather.chaos = chaos

    @property
    def clients(self) -> tuple[AsyncAPIClient, ...]:
        """The clients that it gave."""
        return tuple(self._clients)

    @overload
    def client(self, kind: None = None, /, **settings: Any) -> AsyncAPIClient: ...
    @overload
    def client(self, kind: type[ClientT], /, **settings: Any) -> ClientT: ...
    def client(self, kind: type[Any] | None = None, /, **settings: Any) -> Any:
        """A client that sends to the server, to be used as ``async with sim.client(...) as client:``.

        Other clients do too that send by a `TrioTransport` and by no proxy; what these hold is not looked at.

        Args:
            kind: A subclass of `AsyncAPIClient`, the client of an SDK. Default: `AsyncAPIClient` itself.
            **settings: What it is made with. Default of ``base_url``: that of this server.
        """
        made_with: dict[str, Any] = {"base_url": self.base_url, "trust_env": False, **settings}
        client = AsyncAPIClient(**made_with) if kind is None else kind(**made_with)
        self._clients.append(client)
        return client

    def note(self, what: str) -> None:
        """Write a line of your own to the trace."""
        self._trace.note(what)
