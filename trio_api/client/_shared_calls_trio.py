"""Single flight: calls of a Trio client that are the same, made at the same time, are one.

Each caller gets a response or an exception of its own, within its own deadline, and leaves when it likes.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Hashable
from typing import Final

import attrs
import httpx
import trio

from .._records import Reply
from ..flow import FIRST_ATTEMPT
from ..request import FinalRequestOptions, fingerprint, may_have_credentials
from ..responses import duplicate_error, duplicate_response
from ._call import Call
from ._driver_trio import TrioDriver
from ._flights import Flights, Landed

__all__ = ["SharingDriver"]

_IN_REQUEST: Final = {"method", "url", "headers", "params", "timeout", "idempotency_key"}
_OF_BODY: Final = {"json_data", "extra_json", "content", "files", "progress"}  # there is none
_OF_CALLER: Final = {"total_timeout", "post_parser"}
_TELLING: Final = sorted(attrs.fields_dict(FinalRequestOptions).keys() - _IN_REQUEST - _OF_BODY - _OF_CALLER)
"""The options that change what comes back, or when, and do not show in the request."""


class SharingDriver(TrioDriver):
    """The half of the Trio client that finds out which calls are one."""

    _flights: Flights | None = None

    def _reply_to(self, call: Call) -> Awaitable[Reply]:
        """Drive *call* to its reply, or wait for another that is the same."""
        return self._shared(call) if self._config.single_flight and _may_be_shared(call) else self._send(call)

    async def _shared(self, call: Call) -> Reply:
        landed: Landed = None
        ends = trio.current_time() + call.total_timeout
        with self._lifetime.call(ends):
            key = await self._identity(call)
            if key is not None:
                landed = await self._fly(key, call, ends)
            if landed is None:  # not to be shared, or cut off since those who waited were to give up earlier
                return await self._send(call)
        if landed is None:
            self._lifetime.check()
            raise self._timeout_of(call)
        if isinstance(landed, Exception):
            raise duplicate_error(landed)
        return landed._replace(response=duplicate_response(landed.response))

    async def _fly(self, key: Hashable, call: Call, ends: float) -> Landed:
        """Wait for the call that is known by *key*, until its time *ends*; it is made if there is none."""
        if self._flights is None:
            self._flights = Flights()
        flight = self._flights.find(key)
        if flight is None:
            # It ends with the last of those who wait, each of whom brings a time of its own.
            unbound = self._new_call(attrs.evolve(call.options, total_timeout=None))
            within = self._lifetime.call(in_flight=True)
            flight = self._flights.open(key, within.scope)
            send = functools.partial(self._send, unbound, scope=within)
            self._lifetime.start(flight.run, send, name="trio_api: a call that is shared")
        else:
            self._book_of(call).tally.shared += 1
        return await flight.wait(ends)

    async def _identity(self, call: Call) -> Hashable | None:
        """What tells *call* from all that are not the same, whoever makes it; None if it is not to be shared.

        The hooks are asked for each caller: what they add are credentials, and may depend on who is asking.
        """
        if self._has_async_hooks():
            request, _ = await self._request_for(call, FIRST_ATTEMPT)
        else:
            request = self._request_of(call, call.options, call.body, FIRST_ATTEMPT)
        if not _is_plain(request):
            return None  # noqa: ASYNC910  # a hook made something else of it, and was waited for
        auth = self._auth_for(trusted=may_have_credentials(request, self._config.origins))
        return (  # noqa: ASYNC910  # only hooks have to be waited for
            fingerprint(request, without=self._headers_of_attempt()),
            None if auth is None else auth.credentials,
            tuple(sorted(request.extensions["timeout"].items())),
            *(getattr(call.options, name) for name in _TELLING),
        )


def _is_plain(request: httpx.Request) -> bool:
    """Whether nothing of *request* counts but its URL, its headers and its timeouts."""
    headers = request.headers
    has_body = "content-length" in headers or "transfer-encoding" in headers
    return request.method == "GET" and not has_body and request.extensions.keys() == {"timeout"}


def _may_be_shared(call: Call) -> bool:
    options = call.options
    return options.method.upper() == "GET" and not call.body.is_given and options.progress is None
