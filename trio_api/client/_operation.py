"""What the operations of both colours share: where they are asked after, and what can be seen of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from .._checks import is_mapping
from ..operations import OperationProgress, PollRules, Start, start_of_response, start_of_token
from ..responses import BaseAPIResponse
from ._call import OptionsTypes, final_options

if TYPE_CHECKING:
    from ._base import BaseClient

__all__ = ["BaseOperation", "Place", "begin"]

T = TypeVar("T")
ClientT = TypeVar("ClientT", bound="BaseClient[Any, Any]")

Place: TypeAlias = str | BaseAPIResponse[Any] | Mapping[str, Any]
"""Where an operation is asked after: a path, the response that began it, or a token."""


def begin(
    client: BaseClient[Any, Any], place: Place, options: OptionsTypes | None, rules: PollRules
) -> OperationProgress[Any]:
    """How far an operation is of which nothing was asked yet.

    Raises:
        TypeError, ValueError: *place* is nothing that can be asked, or *options* are none.
        APIResponseValidationError: The response does not say where to ask.
        CrossOriginError: What names the place leads to an origin that is neither trusted nor the caller's own.
    """
    origins = client._config.origins  # pyright: ignore[reportPrivateUsage]  # of this room
    if isinstance(place, BaseAPIResponse):
        own = place._options.url  # pyright: ignore[reportPrivateUsage]  # it was made here
        start = start_of_response(place.http_response, origins, own)
    elif is_mapping(place):
        start = start_of_token(place, origins, client.base_url)
    elif isinstance(place, str):
        start = Start(place)
    else:
        raise TypeError(
            "an operation is polled at a path, a response of the client or a token: client.poll('/jobs/17', ...), got "
            f"{type(place).__name__}"
        )
    return OperationProgress(final_options("GET", start.url, options), start, rules)


class BaseOperation(Generic[T, ClientT]):
    """An operation that goes on at the server. Made by ``client.poll(...)`` only."""

    def __init__(self, client: ClientT, progress: OperationProgress[T], cast_to: Any) -> None:
        self._client = client
        self._progress = progress
        self._cast_to = cast_to

    @property
    def is_over(self) -> bool:
        """Whether it came to its result, or failed: then nothing is asked any more."""
        return self._progress.is_over

    @property
    def last(self) -> T | None:
        """The value of the last answer that had one, or None."""
        return self._progress.last

    @property
    def polls(self) -> int:
        """How many polls were answered, with those before the token that it was resumed from."""
        return self._progress.polls

    def token(self) -> dict[str, Any]:
        """A JSON-able token for ``client.poll(token, ...)``, in this process or another.

        It holds the URL that is asked, with its query and without userinfo: keep it as you keep that.
        """
        return self._progress.token()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._progress.url} [{self._progress.polls} polls]>"
