"""What every page is, in either colour: items, and what comes after them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

import httpx

from .._errors import APIResponseValidationError
from .._records import ValidationProblem
from ..request import FinalRequestOptions
from ._info import PageInfo

__all__ = ["BasePage", "PageResponse"]

T = TypeVar("T")


class PageResponse(Protocol):
    """What a page asks of the response that it came from."""

    @property
    def headers(self) -> httpx.Headers: ...
    @property
    def url(self) -> httpx.URL: ...
    @property
    def http_response(self) -> httpx.Response: ...


class BasePage(Generic[T]):
    """A page of a list: an attrs class built from the body, which knows its items and the next page.

    Subclass a ready-made shape, or `BaseAsyncPage` or `BaseSyncPage` with fields of your own, `_get_page_items` and
    `next_page_info`.
    """

    # No attrs class, so that these are no fields; set by `_bind`, past any `frozen` of a subclass.
    _client: Any
    _options: FinalRequestOptions
    _response: Any
    _page_type: Any

    def _bind(self, client: object, options: FinalRequestOptions, response: object, page_type: object) -> None:
        """Tell the page where it came from.

        Args:
            client: The client that got it.
            options: The request that gave it.
            response: The response, read.
            page_type: What the response was built into: the page's class with its type arguments.
        """
        bound = {"_client": client, "_options": options, "_response": response, "_page_type": page_type}
        for name, value in bound.items():
            object.__setattr__(self, name, value)

    @property
    def response(self) -> PageResponse:
        """The response that the page came from.

        Raises:
            RuntimeError: The page was made by hand.
        """
        return self._bound("_response")  # type: ignore[no-any-return]  # the client's own wrapper

    def _bound(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise RuntimeError(
                f"this {type(self).__name__} was made by hand, so there is no response and no next page: "
                "get pages from a client, with get_api_list(...)"
            ) from None

    def _get_page_items(self) -> Sequence[T]:
        """The items, in order."""
        raise NotImplementedError(f"{type(self).__name__} must define _get_page_items()")

    def next_page_info(self) -> PageInfo | None:
        """How to ask for the next page, or None at the end of the list."""
        raise NotImplementedError(f"{type(self).__name__} must define next_page_info()")

    def remaining_page_infos(self) -> Sequence[PageInfo] | None:
        """The requests of every later page, in order, where this page tells them; else None."""
        return None

    def has_next_page(self) -> bool:
        """Whether the list goes on after this page, even if this page is empty."""
        return self.next_page_info() is not None

    def _invalid(self, path: str, expected: str, got: str) -> APIResponseValidationError:
        problem = ValidationProblem(path, expected, got)
        return APIResponseValidationError(response=self.response.http_response, problems=[problem])
