"""The base of an SDK's resources: a group of methods that hold their client as ``_client``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._blocking import SyncAPIClient
    from ._trio import AsyncAPIClient

__all__ = ["APIResource", "AsyncAPIResource", "SyncAPIResource", "rebind_resources"]

class APIResource:
    """A group of an SDK's methods, such as ``client.models``.

    A copy of the client (``client.with_options(...)``) gets its own, bound to the copy.
    """

    _client: Any


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
    for name, value in vars(copied).items():
        if isinstance(value, APIResource) and value._client is parent:
            resource = object.__new__(type(value))
            resource.__dict__.update(value.__dict__)
            resource._client = copied
            copied.__dict__[name] = resource
