"""The base of an SDK's resources: a group of methods that hold their client as ``_client``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._blocking import SyncAPIClient
    from ._trio import AsyncAPIClient

__all__ = ["APIResource", "AsyncAPIResource", "SyncAPIResource", "bound_to", "rebind_resources"]


class APIResource:
    """A group of an SDK's methods, such as ``client.models``.

    A copy of the client (``client.with_options(...)``) gets its own, bound to the copy.
    """

    _client: Any

    @property
    def with_raw_response(self) -> Any:
        """The same methods, each giving the response in its wrapper; those of lists give that of the first page.

        It holds for methods that give what their call of the client gives. `to_raw_response` does the same for one
        method, and keeps its types.
        """
        return bound_to(self, self._client.with_raw_response)

    @property
    def with_streaming_response(self) -> Any:
        """The same methods, each giving a block in which the response is open, its body not read until asked for.

        `to_streaming_response` does the same for one method, and keeps its types.
        """
        return self._client._streaming_view(self)


class AsyncAPIResource(APIResource):
    """A group of methods of a Trio SDK: subclass it, and set it as an attribute in the client's ``__init__``.

    Args:
        client: The client that the methods call, as ``self._client``.
    """

    _client: AsyncAPIClient

    def __init__(self, client: AsyncAPIClient) -> None:
        self._client = client


class SyncAPIResource(APIResource):
    """A group of methods of a blocking SDK: subclass it, and set it as an attribute in the client's ``__init__``.

    Args:
        client: The client that the methods call, as ``self._client``.
    """

    _client: SyncAPIClient

    def __init__(self, client: SyncAPIClient) -> None:
        self._client = client


def rebind_resources(copied: Any, *, parent: Any) -> None:
    """Give the copy of a client resources of its own, in place of those bound to its *parent*."""
    _rebind(copied, parent, copied)


def _rebind(holder: Any, parent: Any, client: Any) -> None:
    """In place of the resources of *holder* that call *parent*, give it such as call *client*."""
    members: dict[str, object] = holder.__dict__
    for name, value in members.items():
        if isinstance(value, APIResource) and value.__dict__["_client"] is parent:
            members[name] = bound_to(value, client)


def bound_to(resource: APIResource, client: Any) -> Any:
    """The same resource, with those inside it, calling *client*."""
    bound: Any = object.__new__(type(resource))
    bound.__dict__.update(resource.__dict__)
    bound.__dict__["_client"] = client
    _rebind(bound, resource.__dict__["_client"], client)
    return bound
