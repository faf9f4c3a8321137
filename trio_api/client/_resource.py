"""The base of an SDK's resources: a group of methods that hold their client as ``_client``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from ._blocking import SyncAPIClient
    from ._trio import AsyncAPIClient

__all__ = ["APIResource", "AsyncAPIResource", "SyncAPIResource", "rebind_resources"]

ClientT_co = TypeVar("ClientT_co", covariant=True)


class APIResource(Generic[ClientT_co]):
    """A group of an SDK's methods, such as ``client.models``.

    A copy of the client (``client.with_options(...)``) gets its own, bound to the copy.

    Args:
        client: The client that the methods call.
    """

    def __init__(self, client: ClientT_co) -> None:
        self._client = client


class AsyncAPIResource(APIResource["AsyncAPIClient"]):
    """A group of methods of a Trio SDK: subclass it, and set it as an attribute in the client's ``__init__``."""


class SyncAPIResource(APIResource["SyncAPIClient"]):
    """A group of methods of a blocking SDK: subclass it, and set it as an attribute in the client's ``__init__``."""


def rebind_resources(copied: Any, *, parent: Any) -> None:
    """Give the copy of a client resources of its own, in place of those bound to its *parent*."""
    for name, value in vars(copied).items():
        if isinstance(value, APIResource) and value._client is parent:
            resource = object.__new__(type(value))
            resource.__dict__.update(value.__dict__)
            resource._client = copied
            copied.__dict__[name] = resource
