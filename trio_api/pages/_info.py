"""What a page says of the next one: the value, checked when it is made."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast, final, overload

import attrs
import httpx

from .._checks import check_mapping
from .._redact import redact_url
from .._types import AnyMapping, NotGiven, Query, not_given

__all__ = ["NumberedInfos", "PageInfo"]


@final
@attrs.frozen(kw_only=True, repr=False)
class PageInfo:
    """How to ask for another page: exactly one of the three.

    Args:
        url: A link, absolute or relative to the URL of the page that names it. It stands for itself: the call's
            parameters are not added to it.
        params: Query parameters, merged shallowly over those of the request that gave the page.
        json: Keys of the JSON body, merged shallowly over the body of the request that gave the page.

    Raises:
        TypeError: The argument is not of its type.
        ValueError: Not exactly one of the three is given.
    """

    url: str | httpx.URL | NotGiven = not_given
    params: Query | NotGiven = not_given
    json: AnyMapping | NotGiven = not_given

    def __attrs_post_init__(self) -> None:
        given = [name for name in ("url", "params", "json") if not isinstance(getattr(self, name), NotGiven)]
        if len(given) != 1:
            got = " and ".join(given) or "none of them"
            raise ValueError(f"PageInfo takes exactly one of url=..., params=... and json=..., got {got}")
        value = getattr(self, given[0])
        if given == ["url"]:
            if not isinstance(value, (str, httpx.URL)):
                raise TypeError(f"PageInfo url must be a str or an httpx.URL, got {type(value).__name__}")
        else:
            check_mapping(f"PageInfo {given[0]}", value)

    def __repr__(self) -> str:
        if not isinstance(self.url, NotGiven):
            return f"PageInfo(url={redact_url(self.url)!r})"
        name, value = ("params", self.params) if isinstance(self.json, NotGiven) else ("json", self.json)
        return f"PageInfo({name}={sorted(value)!r})" if isinstance(value, Mapping) else "PageInfo()"


@final
class NumberedInfos(Sequence[PageInfo]):
    """The requests of pages that a number tells apart, made when they are asked for.

    A server that announces 10**12 pages costs no memory. They compare as a list of them would.
    """

    __slots__ = ("_make", "_numbers")

    def __init__(self, numbers: range, make: Callable[[int], PageInfo]) -> None:
        self._numbers = numbers
        self._make = make

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[PageInfo]:
        return map(self._make, self._numbers)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (list, NumberedInfos)):
            return NotImplemented
        others = cast("Sequence[object]", other)
        return len(self) == len(others) and all(map(operator.eq, self, others))

    @overload
    def __getitem__(self, index: int) -> PageInfo: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[PageInfo]: ...
    def __getitem__(self, index: int | slice) -> PageInfo | Sequence[PageInfo]:
        if isinstance(index, slice):
            return NumberedInfos(self._numbers[index], self._make)
        return self._make(self._numbers[index])
