"""The driver of the Trio client: it waits, sends and reads as the flow of a call says, and decides nothing."""

from __future__ import annotations

import functools
import math
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, TypeAlias, cast

import httpx
import trio

from .._errors import APIStreamTruncatedError, ClientStateError, ResponseTooLargeError
from .._records import Reply
from ..auth import Token
from ..flow import FIRST_ATTEMPT, Attempt, Outcome
from ..request import Body, FinalRequestOptions, filter_for_origin, may_have_credentials
from ..resilience import OriginBook, Refusal
from ..responses import LazyResponse, header_of
from ..retry import Failure, FailureKind
from ..transport import (
    FRESH,
    NO_AUTH,
    READ_WITHIN,
    BearerAuth,
    Trace,
    TrioIncoming,
    TrioTransport,
    WatchedAuth,
    authorize,
    failure_of,
    foreign_errors,
    measure_trio,
    read_trio,
    trio_stream,
)
from ._admission_trio import Admission
from ._base import BaseClient
from ._call import Call
from ._defaults import is_overridden
from ._hedging_trio import can_be_hedged, hedged
from ._lifetime import CallScope, Lifetime
from ._open_body_trio import OpenBody

__all__ = ["Begin", "Take", "TrioDriver"]

Take: TypeAlias = Callable[[httpx.Response], Awaitable[httpx.Response]]
"""Takes in the open response of a success. What it raises of the HTTP stack's is a failure of the attempt."""
Begin: TypeAlias = Callable[[httpx.Response, TrioIncoming], Awaitable[None]]
"""Reads the beginning of a body that is left open. What it raises is as with `Take`."""


class TrioDriver(BaseClient[httpx.AsyncClient, Any]):
    """The half of the Trio client that does IO."""

    _asynchronous = "trio"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._lifetime = Lifetime(type(self).__name__)

    def _held(self) -> dict[str, int]:
        """What calls hold, by what it is; all of it is 0 while none is in flight and no response is open."""
        origins = self.statistics().origins
        direct: Any = getattr(self._client, "direct", None)  # of a DefaultTrioHttpxClient
        return {
            **self._lifetime.held(),
            "permit": sum(origin.in_flight for origin in origins),
            "place in the permits' queue": sum(origin.waiting for origin in origins),
            **({} if direct is None else direct.native.held()),
        }

    # -- hooks for subclasses --------------------------------------------------------------------------------

    async def _prepare_options(self, options: FinalRequestOptions) -> FinalRequestOptions:
        """Change the options of an attempt before its request is built; called on every attempt."""
        return options  # noqa: ASYNC910  # a hook, async for those who override it

    async def _prepare_request(self, request: httpx.Request) -> None:
        """Change the request of an attempt in place, to sign it for example; called on every attempt."""

    # -- the driver ------------------------------------------------------------------------------------------

    async def _send(
        self,
        call: Call,
        take: Take | None = None,
        admission: Admission | None = None,
        scope: CallScope | None = None,
    ) -> Reply:
        """Drive *call* to its reply. *take* takes in the response of a success in place of reading the whole of it.

        What *admission* holds is given back here, but for that of an attempt whose response was taken. *scope* is what
        it runs in where others set its end.
        """
        flow, began = call.flow, trio.current_time()
        book = self._book_of(call)
        try:
            native = self._short_way(call) if take is None else None
            within: AbstractContextManager[object, bool]
            # What ends with the transport needs no scope, which would cost it a tenth of its time.
            within = self._lifetime.call(began + call.total_timeout) if native is None else self._lifetime.uncut
            with scope or within:
                if self._client.is_closed:
                    raise ClientStateError(f"the http_client of this {type(self).__name__} is closed")
                attempt = next(flow)
                while True:
                    await trio.lowlevel.checkpoint_if_cancelled()  # before the first byte is sent
                    if attempt.after and not (attempt.in_order and book.is_paused(trio.current_time())):
                        await self._wait(attempt.after)
                    if attempt is not FIRST_ATTEMPT:
                        began = trio.current_time()
                    refusal: Refusal | None = None
                    if attempt.redirect is None and book.is_guarded(began):
                        admission = admission or Admission(book, call.options)
                        began = math.inf  # so long as nothing is sent
                        refusal = await self._admitted(admission)
                        began = trio.current_time()
                    outcome = refusal or (
                        await self._exchange(call, take, attempt, native)
                        if book.hedging is None
                        else await self._exchange_hedged(book, call, take, attempt, native)
                    )
                    if admission is not None and isinstance(outcome, Outcome):
                        await admission.correct(outcome.result)
                    if isinstance(outcome, Outcome) and isinstance(outcome.result, Failure):
                        self._lifetime.check_not_closed()
                    try:
                        attempt = flow.send(outcome)
                    except StopIteration as stop:
                        reply: Reply = stop.value
                        admission = None if take is not None else admission  # its response is open
                        return reply
                    if admission is not None and attempt.redirect is None:
                        admission.leave()
            # Only our own scope ends here: the client was closed under the call, or its time is up.
            self._lifetime.check()
            flow.send(self._expired(call, began, trio.current_time()))
            raise AssertionError("a call that is out of time has to raise")  # pragma: no cover
        finally:
            flow.close()
            if admission is not None:
                admission.leave()

    async def _admitted(self, admission: Admission) -> Refusal | None:
        """Wait until an attempt may be made."""
        refusal = admission.refusal()
        if refusal is not None or admission.enter_nowait():
            return refusal  # noqa: ASYNC910  # nothing to wait for: then a scope would only cost
        with self._lifetime.call(in_flight=True):
            refusal = await admission.enter()
        self._lifetime.check_not_closed()
        return refusal

    def _short_way(self, call: Call) -> TrioTransport | None:
        """The transport, where nothing stands between it and *call*: no hook, no flow of an auth, no work of httpx's.

        All that such a call may wait for ends when the transport is closed, but for `_wait`.
        """
        if (
            call.total_timeout == math.inf
            and call.body.in_memory
            and call.options.progress is None
            and self._owns_http_client
            and (self._config.auth is None or isinstance(self._config.auth, BearerAuth))
            and type(self).custom_auth is BaseClient.custom_auth
            and not self._has_async_hooks()
        ):
            default: Any = self._client  # a DefaultTrioHttpxClient, which the checkers know as an httpx.AsyncClient
            native: TrioTransport | None = default.short_way()
            return native
        return None

    async def _wait(self, seconds: float) -> None:
        with self._lifetime.call(in_flight=True):
            await trio.sleep(seconds)
        self._lifetime.check_not_closed()

    async def _open(self, call: Call, begin: Begin | None = None) -> tuple[Reply, OpenBody]:
        """Drive *call* to its response, and leave the body open; whoever gets it closes it.

        *begin* reads the body's beginning within the attempt.
        """
        deadline = trio.current_time() + call.total_timeout
        admission = Admission(self._book_of(call), call.options)
        opened: list[TrioIncoming] = []

        async def take(response: httpx.Response) -> httpx.Response:
            opened[:] = [incoming := TrioIncoming(response)]
            if begin is None:
                await trio.lowlevel.cancel_shielded_checkpoint()
            else:
                try:
                    await begin(response, incoming)
                except BaseException:
                    await incoming.aclose()
                    raise
            return response

        try:
            reply = await self._send(call, take, admission)
        except BaseException:
            for incoming in opened:  # cancelled after it was taken, the connection would be nobody's to close
                await incoming.aclose()
            raise
        admission.opened()
        return reply, OpenBody(self._lifetime, reply, deadline, *opened, on_close=admission.leave)

    async def _exchange_hedged(
        self, book: OriginBook, call: Call, take: Take | None, attempt: Attempt, native: TrioTransport | None
    ) -> Outcome:
        send = functools.partial(self._exchange, call, take, attempt, native)
        is_hedged = take is None and can_be_hedged(call, attempt)
        return await (hedged(send, book, call.options) if is_hedged else send())

    def _exchange(
        self, call: Call, take: Take | None, attempt: Attempt, native: TrioTransport | None
    ) -> Awaitable[Outcome]:
        """Make an attempt."""
        bearer = self._config.auth
        if native is None or not isinstance(bearer, BearerAuth):
            return self._exchange_once(call, take, attempt, native)
        return self._exchange_with_token(call, attempt, native, bearer)

    async def _exchange_with_token(
        self, call: Call, attempt: Attempt, native: TrioTransport, bearer: BearerAuth
    ) -> Outcome:
        """Make an attempt the short way if its token is at hand; else, and where that is rejected, by its flow."""
        token = bearer.ready()
        if token is not None:
            outcome = await self._exchange_once(call, None, attempt, native, token)
            if isinstance(outcome.result, Failure) or not bearer.rejected(outcome.result, token):
                return outcome
        with self._lifetime.call(in_flight=True):
            return await self._exchange_once(call, None, attempt, None)
        self._lifetime.check()
        raise AssertionError("only the end of the client ends this scope")  # pragma: no cover

    async def _exchange_once(
        self,
        call: Call,
        take: Take | None,
        attempt: Attempt,
        native: TrioTransport | None,
        token: Token | None = None,
    ) -> Outcome:
        if attempt.redirect is not None:
            request, body = attempt.redirect, call.body
        elif native is not None:
            request, body = self._request_of(call, call.options, call.body, attempt), call.body
        else:
            request, body = await self._request_for(call, attempt)
        trusted = may_have_credentials(request, self._config.origins)
        if trusted and self._client.cookies:
            self._client.cookies.set_cookie_header(request)
        auth = self._auth_for(trusted=trusted) if native is None else None
        if token is not None and trusted:
            authorize(request, token)
        inquiry = told = None
        if self._revalidator is not None:
            inquiry = self._inquiry_of(request, auth, is_buffered=take is None)
        trace = Trace()
        request.extensions["trace"] = trace.async_hook
        if take is None:
            request.extensions[READ_WITHIN] = self._config.max_response_bytes
        if attempt.is_fresh:
            request.extensions[FRESH] = True
        started = trio.current_time()
        result: httpx.Response | Failure
        try:
            if native is not None:
                response = await native.handle_async_request(request)
                if header_of(response, "set-cookie") is not None:
                    self._client.cookies.extract_cookies(response)
            else:
                response = await (self._send_plain(request) if auth is None else self._send_with(auth, request))
                if not isinstance(response, LazyResponse):
                    await trio.lowlevel.cancel_shielded_checkpoint()  # a mock has waited for nothing
            if take is None or call.is_read_at_once(response):
                result = await read_trio(response, self._config.max_response_bytes)
            else:
                result = await take(response)
            if inquiry is not None:
                told, result = result, self._settle(inquiry, call, result)
        except ResponseTooLargeError as error:
            result = Failure(error, FailureKind.FINAL)
        except APIStreamTruncatedError as error:
            result = Failure(error)
        except foreign_errors() as error:
            if error is body.error or (auth is not None and error is auth.error):
                raise  # the application's own: its body iterator or its auth speaks HTTP too
            result = failure_of(error, trace, request)
        finally:
            if call.options.progress is not None or not body.in_memory:
                # What a body has open ends with the attempt: a file, or a generator that nobody goes on with.
                await cast("httpx.AsyncByteStream", request.stream).aclose()
        ended = trio.current_time()
        time_left = math.inf
        if isinstance(result, Failure) or result.status_code >= 400:
            await trio.lowlevel.checkpoint_if_cancelled()  # else a cancellation would look like a deadline
            time_left = trio.current_effective_deadline() - ended
        return Outcome(request, result, ended - started, time_left, body.replayable, ended, told)  # noqa: ASYNC910  # sending did checkpoint

    def _send_plain(self, request: httpx.Request, auth: httpx.Auth | None = None) -> Awaitable[httpx.Response]:
        """The open response to *request*; *auth* is in place of the HTTP client's."""
        return self._client.send(request, stream=True, auth=auth, follow_redirects=False)

    def _send_with(self, auth: WatchedAuth, request: httpx.Request) -> Awaitable[httpx.Response]:
        limit = self._config.max_response_bytes
        return auth.send_trio(
            request, functools.partial(self._send_plain, auth=NO_AUTH), functools.partial(read_trio, limit=limit)
        )

    def _has_async_hooks(self) -> bool:
        return is_overridden(self._prepare_options, TrioDriver._prepare_options) or is_overridden(
            self._prepare_request, TrioDriver._prepare_request
        )

    async def _request_for(self, call: Call, attempt: Attempt) -> tuple[httpx.Request, Body]:
        """The request of an attempt, where hooks or files have to be waited for."""
        options = await self._prepare_options(call.options)
        body = self._body_for(call, options)
        await measure_trio(body)
        request = self._request_of(call, options, body, attempt)
        await self._prepare_request(request)
        filter_for_origin(request, self._config.origins)
        return request, body

    def _request_of(self, call: Call, options: FinalRequestOptions, body: Body, attempt: Attempt) -> httpx.Request:
        is_known = body.in_memory and options.progress is None
        stream = None if is_known else trio_stream(body, options.progress)
        if self._config.deadline_header is None:
            return self._build(call, options, body, stream, attempt.retries_taken)
        time_left = trio.current_effective_deadline() - trio.current_time()
        return self._build(call, options, body, stream, attempt.retries_taken, time_left)
