"""The block in which a stream of events is open, and the verb of the blocking client that describes it."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar, final

from .._errors import ClientStateError
from .._redact import sealed
from .._types import Content, not_given
from ..streaming import StreamDialect
from ._call import OptionsTypes, final_options
from ._driver_blocking import BlockingDriver
from ._stream_blocking import Stream
from ._stream_state import StreamPlan

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["StreamManager", "SyncStreams"]

E = TypeVar("E")


@final
class StreamManager(Generic[E]):
    """Makes a call when it is entered, gives its stream, and closes it when it is left.

    Made by ``client.stream(...)`` only.
    """

    def __init__(self, stream: Stream[E]) -> None:
        self._stream = stream
        self._was_entered = False

    @sealed
    def __enter__(self) -> Stream[E]:
        """Make the call, and read up to the first event.

        Raises:
            APIError: The call failed.
            ClientStateError: The block was entered before.
        """
        if self._was_entered:
            raise ClientStateError("this stream was opened before; make the call again")
        self._was_entered = True
        self._stream.open()
        return self._stream

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the stream; see `Stream.close`."""
        self._stream.close()


class SyncStreams(BlockingDriver):
    """The verb that opens a stream of events."""

    @sealed
    def stream(
        self,
        method: str,
        path: str,
        *,
        cast_to: TypeForm[E],
        dialect: StreamDialect | None = None,
        body: object = not_given,
        content: Content | None = None,
        options: OptionsTypes | None = None,
        idle_timeout: float | None = None,
        reconnect: bool = False,
    ) -> StreamManager[E]:
        """Describe a call that answers with a stream of events; it is made when the block is entered.

        Use it as ``with client.stream("POST", path, cast_to=Chunk, body=...) as stream:``. Everything up to
        the first event is retried as any call is; what breaks later is raised, or reconnected where asked for.

        Args:
            method: The HTTP method.
            path: Where the stream is.
            cast_to: What the JSON data of each event is built into; `ServerSentEvent` gives the events themselves,
                `str` and `bytes` their data.
            dialect: How the stream speaks. Default: by the response's content type, JSON Lines or plain
                `StreamDialect.sse`, which ends with its connection.
            body: The JSON body of the request.
            content: A raw body in place of a JSON one.
            options: What the call overrides. Its ``total_timeout`` bounds the reading too, and its ``post_parser``
                is applied to each event.
            idle_timeout: Seconds that each wait for an event may take; pings and comments are none. Default: no
                bound but the read timeout.
            reconnect: Whether a stream of server-sent events that breaks off, after an event and with an event id,
                is gone on with over a new connection, by ``Last-Event-ID`` and under the retry policy. A timeout
                is no break: it is raised.

        Returns:
            The block, which gives a `Stream`.

        Raises:
            TypeError, ValueError: The call can't be made as it is described.
        """
        plan = StreamPlan.checked(cast_to=cast_to, dialect=dialect, idle_timeout=idle_timeout, reconnect=reconnect)
        asked = final_options(method, path, options, json_data=body, content=content)
        call = self._new_call(plan.with_accept(asked, self._config.custom_headers))
        return StreamManager(Stream[E](self, call, plan))
