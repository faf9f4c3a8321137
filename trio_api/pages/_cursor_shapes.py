"""Shapes in which a page tells only the next one: by its last item, by a token, or by a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeVar, cast

import attrs

from .._logging import logger
from .._types import Missing
from ..models import Extras, field_names, loads, wire_from
from ._info import PageInfo
from ._shape import Key, ShapedPage, keys_of, path_of, shape

__all__ = ["CursorPage", "NextURLPage", "TokenPage"]

T = TypeVar("T")


@shape
class CursorPage(ShapedPage[T]):
    """The next page is what comes after the last item of this one.

    ``{"data": [{"id": "a"}, {"id": "b"}], "has_more": true}`` is followed by ``?after=b``.
    """

    cursor_param: ClassVar[str] = "after"
    """The query parameter that takes the id of the last item."""
    id_field: ClassVar[str] = "id"
    """The name of the id in an item, as the body has it."""
    has_more_field: ClassVar[Key] = "has_more"
    """Where the body says whether more follows. Without a word of it the list goes on until an empty page."""

    has_more: bool | None = wire_from("has_more_field", default=None)
    """Whether more follows, as the body says it."""

    def next_page_info(self) -> PageInfo | None:
        """After the last item.

        Raises:
            APIResponseValidationError: More is announced, and the last item has no id.
        """
        announced = not (self.has_more is None or isinstance(cast("object", self.has_more), Missing))
        if announced and not self.has_more:
            return None
        items = self._get_page_items()
        if not items:
            if announced:
                logger.warning(
                    "%s: the page is empty but says that more follows; without an item there is no cursor, "
                    "so the list ends here",
                    type(self).__name__,
                )
            return None
        cursor = id_of(items[-1], self.id_field)
        if cursor is None and items is self.data and attrs.has(type(items[-1])):
            cursor = id_of(self._last_in_body(), self.id_field)
        if cursor is not None:
            return PageInfo(params={self.cursor_param: cursor})
        if announced:
            path = f"{self._items_path()}[{len(items) - 1}].{self.id_field}"
            raise self._invalid(path, f"the id of an item, since {path_of(self.has_more_field)} is true", "nothing")
        return None

    def _last_in_body(self) -> object:
        """The last item as it came: its model may have no field for the id."""
        found: Any = loads(self.response.http_response.content)
        for key in keys_of(self.items_field):
            found = found[key]
        return found[-1]


def id_of(item: object, name: str) -> object | None:
    """What an item has under the wire name *name*; None where it has nothing there."""
    found: Any = None
    if isinstance(item, Mapping):
        found = cast("Mapping[object, object]", item).get(name)
    elif attrs.has(type(item)):
        for attribute, place in field_names(type(item)).items():
            value = getattr(item, attribute)
            if place == name:
                found = value
            elif isinstance(value, Extras) and found is None:
                found = value.get(name)
    return None if isinstance(found, Missing) else found


@shape
class TokenPage(ShapedPage[T]):
    """The page carries a token that asks for the next one; null, an empty one or none ends the list.

    ``{"data": [...], "next_page_token": "x"}`` is followed by ``?page_token=x``.
    """

    token_param: ClassVar[str] = "page_token"  # noqa: S105  # a name, no secret
    """The query parameter, or key of the JSON body, that takes the token."""
    token_field: ClassVar[Key] = "next_page_token"  # noqa: S105  # a name, no secret
    """Where the body has the token, which may be any JSON value: DynamoDB's is an object."""
    token_in: ClassVar[Literal["query", "body"]] = "query"  # noqa: S105  # a name, no secret
    """Where the token is sent."""

    next_page_token: object = wire_from("token_field", default=None)
    """The token, as the body has it."""

    def next_page_info(self) -> PageInfo | None:
        """By the token."""
        if not self.next_page_token:  # 0 and {} end a list as well: nobody's next page is called so
            return None
        token = {self.token_param: self.next_page_token}
        return PageInfo(json=token) if self.token_in == "body" else PageInfo(params=token)  # noqa: S105


@shape
class NextURLPage(ShapedPage[T]):
    """The page carries the URL of the next one, absolute or relative; null, an empty one or none ends the list.

    ``{"data": [...], "next": "https://api.example.com/items?page=2"}``.
    """

    next_field: ClassVar[Key] = "next"
    """Where the body has the URL."""

    next: str | None = wire_from("next_field", default=None)
    """The URL, as the body has it."""

    def next_page_info(self) -> PageInfo | None:
        """By the URL.

        Raises:
            APIResponseValidationError: What is there is no text.
        """
        link: Any = self.next
        if not link:
            return None
        if not isinstance(link, str):
            raise self._invalid(path_of(self.next_field), "a URL", type(link).__name__)
        return PageInfo(url=link)
