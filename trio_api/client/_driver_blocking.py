"""The driver of the blocking client: it waits, sends and reads as the flow of a call says, and decides nothing."""

from __future__ import annotations

import functools
import math
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, TypeAlias, cast

import httpx

from .._errors import APIStreamTruncatedError, ClientStateError, ResponseTooLargeError
from .._records import Reply
from ..flow import Attempt, Outcome
from ..request import Body, FinalRequestOptions, filter_for_origin, may_have_credentials
from ..resilience import Refusal
from ..retry import Failure, FailureKind
from ..transport import (
    DEADLINE,
    NO_AUTH,
    BlockingIncoming,
    OutOfTime,
    Trace,
    WatchedAuth,
    blocking_stream,
    failure_of,
    foreign_errors,
    read_blocking,
)
from ._admission_blocking import Admission
from ._base import BaseClient
from ._call import Call
from ._defaults import is_overridden
from ._open_body_blocking import OpenBody

__all__ = ["Begin", "BlockingDriver", "Take"]

Take: TypeAlias = Callable[[httpx.Response], httpx.Response]
"""Takes in the open response of a success. What it raises of the HTTP stack's is a failure of the attempt."""
Begin: TypeAlias = Callable[[httpx.Response, BlockingIncoming, float], None]
"""Reads the beginning of a body that is left open, until a deadline. What it raises is as with `Take`."""

_LONGEST_WAIT: Final = threading.TIMEOUT_MAX  # seconds: what the system's clocks can hold; sockets take no more


class BlockingDriver(BaseClient[httpx.Client, Any]):
    """The half of the blocking client that does IO."""

    _closed: threading.Event
    """Whether the client was closed: one for it and its copies, since a caller's HTTP client stays open."""

    @staticmethod
    def _new_guard() -> AbstractContextManager[Any]:
        return threading.Lock()

    def _is_closed(self) -> bool:
        return self._closed.is_set() or self._client.is_closed

    def _check_open(self) -> None:
        name = type(self).__name__
        if self._closed.is_set():
            raise ClientStateError(
                f"this {name} is closed. Make another:\n    with {name}(...) as client:\n        client.get(...)"
            )
        if self._client.is_closed:
            raise ClientStateError(f"the http_client of this {name} is closed")

    # -- hooks for subclasses --------------------------------------------------------------------------------

    def _prepare_options(self, options: FinalRequestOptions) -> FinalRequestOptions:
        """Change the options of an attempt before its request is built; called on every attempt."""
        return options

    def _prepare_request(self, request: httpx.Request) -> None:
        """Change the request of an attempt in place, to sign it for example; called on every attempt."""

    # -- the driver ------------------------------------------------------------------------------------------

    def _send(self, call: Call, take: Take | None = None, admission: Admission | None = None) -> Reply:
        """Drive *call* to its reply. *take* takes in the response of a success in place of reading the whole of it.

        What *admission* holds is given back here, but for that of an attempt whose response was taken.
        """
        self._check_open()
        deadline = time.monotonic() + call.total_timeout
        flow, book = call.flow, self._book_of(call)
        try:
            attempt = next(flow)
            while True:
                if attempt.after > 0 and not (attempt.in_order and book.is_paused(time.monotonic())):
                    time.sleep(attempt.after)
                    self._check_open()  # another thread may have closed it
                refusal: Refusal | None = None
                if attempt.redirect is None and book.is_guarded(time.monotonic()):
                    admission = admission or Admission(book, call.options, deadline, self._is_closed)
                    refusal = admission.enter()
                    self._check_open()
                outcome = refusal or self._exchange(call, take, deadline, attempt)
                if admission is not None and isinstance(outcome, Outcome):
                    admission.correct(outcome.result)
                try:
                    attempt = flow.send(outcome)
                except StopIteration as stop:
                    reply: Reply = stop.value
                    admission = None if take is not None else admission  # its response is open
                    return reply
                if admission is not None and attempt.redirect is None:
                    admission.leave()
        finally:
            flow.close()
            if admission is not None:
                admission.leave()

    def _open(self, call: Call, begin: Begin | None = None) -> tuple[Reply, OpenBody]:
        """Drive *call* to its response, and leave the body open; whoever gets it closes it.

        *begin* reads the body's beginning within the attempt.
        """
        deadline = time.monotonic() + call.total_timeout
        admission = Admission(self._book_of(call), call.options, deadline, self._is_closed)
        opened: list[BlockingIncoming] = []

        def take(response: httpx.Response) -> httpx.Response:
            opened[:] = [incoming := BlockingIncoming(response)]
            if begin is not None:
                try:
                    begin(response, incoming, deadline)
                except BaseException:
                    incoming.close()
                    raise
            return response

        try:
            reply = self._send(call, take, admission)
        except BaseException:
            for incoming in opened:
                incoming.close()
            raise
        admission.opened()
        return reply, OpenBody(reply, deadline, *opened, on_close=admission.leave)

    def _exchange(self, call: Call, take: Take | None, deadline: float, attempt: Attempt) -> Outcome:
        request, body = (
            (attempt.redirect, call.body) if attempt.redirect else self._request_for(call, attempt, deadline)
        )
        trusted = may_have_credentials(request, self._config.origins)
        if trusted and self._client.cookies:
            self._client.cookies.set_cookie_header(request)
        auth = self._auth_for(trusted=trusted)
        inquiry = told = None
        if self._revalidator is not None:
            inquiry = self._inquiry_of(request, auth, is_buffered=take is None)
        trace = Trace()
        started = time.monotonic()
        request.extensions["trace"] = trace.hook
        result: httpx.Response | Failure
        try:
            response = self._send_plain(request, deadline) if auth is None else self._send_with(auth, request, deadline)
            if take is None or call.is_read_at_once(response):
                result = read_blocking(response, self._config.max_response_bytes, deadline)
            else:
                result = take(response)
            if inquiry is not None:
                told, result = result, self._settle(inquiry, call, result)
        except OutOfTime:
            ended = time.monotonic()
            return self._expired(call, started if trace.sent else ended, ended)
        except ResponseTooLargeError as error:
            result = Failure(error, FailureKind.FINAL)
        except APIStreamTruncatedError as error:
            result = Failure(error)
        except foreign_errors() as error:
            if error is body.error or (auth is not None and error is auth.error):
                raise  # the application's own: its body iterator or its auth speaks HTTP too
            if isinstance(error, httpx.TimeoutException) and (ended := time.monotonic()) >= deadline:
                return self._expired(call, ended if isinstance(error, httpx.PoolTimeout) else started, ended)
            result = failure_of(error, trace, request)
        finally:
            cast("httpx.SyncByteStream", request.stream).close()  # what a body has open ends with the attempt
        ended = time.monotonic()
        return Outcome(request, result, ended - started, deadline - ended, body.replayable, ended, told)

    def _send_plain(self, request: httpx.Request, deadline: float, auth: httpx.Auth | None = None) -> httpx.Response:
        """The open response to *request*; *auth* is in place of the HTTP client's."""
        now = time.monotonic()
        if now >= deadline:
            raise OutOfTime
        # what an auth sends by itself has none
        timeout = request.extensions.get("timeout") or self._client.timeout.as_dict()
        request.extensions["timeout"] = _clamped(timeout, deadline - now)
        return self._client.send(request, stream=True, auth=auth, follow_redirects=False)

    def _send_with(self, auth: WatchedAuth, request: httpx.Request, deadline: float) -> httpx.Response:
        request.extensions[DEADLINE] = deadline
        limit = self._config.max_response_bytes
        return auth.send_blocking(
            request,
            functools.partial(self._send_plain, deadline=deadline, auth=NO_AUTH),
            functools.partial(read_blocking, limit=limit, deadline=deadline),
        )

    def _request_for(self, call: Call, attempt: Attempt, deadline: float) -> tuple[httpx.Request, Body]:
        options = self._prepare_options(call.options)
        body = self._body_for(call, options)
        body.measure()
        is_plain = body.in_memory and options.progress is None
        stream = None if is_plain else blocking_stream(body, options.progress, deadline)
        time_left = math.inf if self._config.deadline_header is None else deadline - time.monotonic()
        request = self._build(call, options, body, stream, attempt.retries_taken, time_left)
        if is_overridden(self._prepare_request, BlockingDriver._prepare_request):
            self._prepare_request(request)
            filter_for_origin(request, self._config.origins)
        return request, body


def _clamped(timeout: dict[str, float | None], time_left: float) -> dict[str, float | None]:
    """The timeouts of a request, none longer than the time that the call has left."""
    if time_left > _LONGEST_WAIT:
        return timeout
    return {name: time_left if value is None else min(value, time_left) for name, value in timeout.items()}
