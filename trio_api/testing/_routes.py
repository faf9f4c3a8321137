"""The routes of an API that answers by a script: how they are added, and which one answers a request."""

from __future__ import annotations

import httpx

from ._attempts import Entry, Journal, Journaled
from ._fault import Fault
from ._reply import Reply
from ._route import Answer, Answerer, Pattern, Route

__all__ = ["Routed"]


class Routed(Journaled):
    """What has routes, a journal of the requests that came, and the assertions about it."""

    def __init__(self) -> None:
        super().__init__(Journal())
        self._routes: list[Route] = []

    def route(self, method: str, pattern: str, *answers: Answer, repeat: bool = True) -> Route:
        """Say what the requests of a method and a path are answered with.

        Of routes that fit a request the one that was added last answers it.

        Args:
            method: The method, in any case; ``*`` for all.
            pattern: The path, which is matched on any origin: ``/v1/items/{id}``. A placeholder stands for one segment,
                ``*`` for anything. What stands behind a ``?`` has to be among the query. Or a whole URL with such a
                path, which is matched on its origin alone.
            *answers: What the requests are answered with, in turn: a `Reply`, a status, the JSON of a success (a
                mapping or a list), an `httpx.Response`, a `Fault`, an exception, or a function of the request, plain
                or async, that gives one of these.
            repeat: Whether the last answer is given to all further requests too; else one more is an error of the
                test. Default: True.

        Returns:
            The route: its journal and its assertions are about its requests alone.

        Raises:
            TypeError, ValueError: An argument can't be what it is meant to be.
        """
        made = Route(self._journal, Pattern.parse(method, pattern), answers, repeat=repeat)
        self._routes.insert(0, made)
        return made

    def get(self, pattern: str, *answers: Answer, repeat: bool = True) -> Route:
        """`route` for GET."""
        return self.route("GET", pattern, *answers, repeat=repeat)

    def post(self, pattern: str, *answers: Answer, repeat: bool = True) -> Route:
        """`route` for POST."""
        return self.route("POST", pattern, *answers, repeat=repeat)

    def put(self, pattern: str, *answers: Answer, repeat: bool = True) -> Route:
        """`route` for PUT."""
        return self.route("PUT", pattern, *answers, repeat=repeat)

    def patch(self, pattern: str, *answers: Answer, repeat: bool = True) -> Route:
        """`route` for PATCH."""
        return self.route("PATCH", pattern, *answers, repeat=repeat)

    def delete(self, pattern: str, *answers: Answer, repeat: bool = True) -> Route:
        """`route` for DELETE."""
        return self.route("DELETE", pattern, *answers, repeat=repeat)

    def begin(self, request: httpx.Request, now: float) -> tuple[Entry, Reply | Fault | Answerer]:
        """Write down that *request* came *now*, and find what it is answered with.

        Raises:
            AssertionError: No route fits it, or the one that does has given all its answers.
        """
        entry = self._journal.begin(request, now)
        route = next((route for route in self._routes if route.pattern.fits(request)), None)
        answer = None if route is None else route.take(entry.index)
        if answer is None:
            path = entry.attempt.path
            if route is None:
                known = ", ".join(str(route.pattern) for route in reversed(self._routes)) or "there are none"
                complaint = f"no route fits {request.method} {path}; the routes: {known}"
            else:
                complaint = f"the route {route.pattern} has given all its answers, and none is left to {path}"
            entry.end(now, "nothing: " + ("no route" if route is None else "no answer is left"))
            self._journal.complaints.append(complaint)
            raise AssertionError(complaint)
        return entry, answer
