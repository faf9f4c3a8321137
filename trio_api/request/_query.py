"""Query strings: nested parameters to text, and the layers of a query over one another.

The text is percent-encoded throughout (a space is ``%20``), so that any server's parser gives back what was put
in. Text that stands in a URL already is never decoded and encoded again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeGuard, cast, get_args
from urllib.parse import quote, unquote_plus

import attrs

from .._checks import check_choice
from .._types import NotGiven, Omit, Query
from ._scalars import scalar_text

__all__ = ["ArrayFormat", "NestedFormat", "QueryLayer", "Querystring", "array_name", "nested_name"]

ArrayFormat: TypeAlias = Literal["repeat", "brackets", "comma", "indices"]
"""How an array is written: ``a=1&a=2``, ``a[]=1&a[]=2``, ``a=1,2`` or ``a[0]=1&a[1]=2``."""

NestedFormat: TypeAlias = Literal["brackets", "dots"]
"""How a mapping is written: ``a[b]=1`` or ``a.b=1``."""

_INNER: Final = {"brackets": re.compile(r"\["), "dots": re.compile(r"[\[.]")}  # where a name within another begins
_ARRAY_MARK: Final = re.compile(r"\[\d*\]")


class QueryLayer(NamedTuple):
    """One source of query parameters, ready to be laid over others."""

    claims: frozenset[str] = frozenset()
    """The parameters that it settles: lower layers lose all values of them."""
    fields: tuple[tuple[str, str], ...] = ()
    """The decoded name and the encoded ``name=value`` of each value, in order."""


def _array_format(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_choice(attribute.name, value, get_args(ArrayFormat))


def _nested_format(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_choice(attribute.name, value, get_args(NestedFormat))


@attrs.frozen(kw_only=True)
class Querystring:
    """How nested parameters and arrays are written in a query.

    Args:
        array_format: ``"repeat"`` (``a=1&a=2``, the default), ``"brackets"`` (``a[]=1&a[]=2``), ``"comma"``
            (``a=1,2``; an array that holds mappings or arrays is repeated instead) or ``"indices"``
            (``a[0]=1&a[1]=2``).
        nested_format: ``"brackets"`` (``a[b]=1``, the default) or ``"dots"`` (``a.b=1``).

    Raises:
        ValueError: A format is none of these.
    """

    array_format: ArrayFormat = attrs.field(default="repeat", validator=_array_format)
    nested_format: NestedFormat = attrs.field(default="brackets", validator=_nested_format)

    def stringify(self, params: Query) -> str:
        """Write *params* as a query string, without the ``?``.

        Args:
            params: Names to values: text, bool (``true``), numbers, enum members (by their value), dates and times
                (ISO 8601), UUID, Decimal; sequences and mappings of these, nested at will. None, `omit` and
                `not_given` are dropped, ``""`` is kept.

        Raises:
            TypeError: A value is nothing of the sort; the message names the parameter.
            ValueError: Text with a lone surrogate, or values nested too deeply.
        """
        return "&".join(field for _, field in self.layer(params).fields)

    def layer(self, params: Query) -> QueryLayer:
        """*params* as a layer. `not_given` leaves a parameter to the layers below; None and `omit` remove it.

        Raises:
            TypeError, ValueError: As `stringify`.
        """
        given = {name: value for name, value in params.items() if not isinstance(value, NotGiven)}
        try:
            fields = tuple(field for name, value in given.items() for field in self._fields(name, value))
        except RecursionError:
            raise ValueError("the query parameters are nested too deeply") from None
        return QueryLayer(frozenset(map(_claim, given)), fields)

    def text_layer(self, query: str) -> QueryLayer:
        """The query of a URL as a layer; every byte of it stays as it is."""
        texts = query.split("&") if query else []
        fields = tuple((unquote_plus(text.partition("=")[0]), text) for text in texts)
        return QueryLayer(frozenset(_claim(name) for name, _ in fields), fields)

    def merge(self, layers: Iterable[QueryLayer]) -> str:
        """Lay *layers* over one another, lowest first, and write what is left, without the ``?``.

        A parameter of a higher layer replaces all values of it in the lower ones, in whatever style they are
        written: ``tag`` replaces ``tag``, ``tag[]``, ``tag[0]`` and ``tag[x]``; ``page[size]`` replaces
        ``page[size]`` alone. The others keep their order and their bytes.
        """
        inner = _INNER[self.nested_format]
        merged: list[tuple[str, str]] = []
        for layer in layers:
            if merged and layer.claims:
                merged = [
                    (name, text)
                    for name, text in merged
                    if name not in layer.claims
                    and not any(name[: mark.start()] in layer.claims for mark in inner.finditer(name))
                ]
            merged += layer.fields
        return "&".join(text for _, text in merged)

    def _fields(self, name: str, value: object) -> Iterator[tuple[str, str]]:
        if _is_dropped(value):
            return
        if isinstance(value, Mapping):
            for key, inner in cast("Mapping[object, object]", value).items():
                if not isinstance(key, str):
                    raise TypeError(f"query parameter {name!r} must have str keys, got {key!r}")
                yield from self._fields(nested_name(name, key, self.nested_format), inner)
        elif _is_array(value):
            yield from self._array_fields(name, [item for item in value if not _is_dropped(item)])
        else:
            yield name, f"{_encoded(name, name)}={_encoded(name, _text(name, value))}"

    def _array_fields(self, name: str, values: list[object]) -> Iterator[tuple[str, str]]:
        if self.array_format == "comma" and not any(isinstance(item, Mapping) or _is_array(item) for item in values):
            if values:  # the joining comma stays a comma: one that belongs to a value is %2C (RFC 6570, 3.2.8)
                joined = ",".join(_encoded(name, _text(name, item)) for item in values)
                yield name, f"{_encoded(name, name)}={joined}"
            return
        for index, item in enumerate(values):
            yield from self._fields(array_name(name, index, self.array_format), item)


def nested_name(name: str, key: str, nested_format: NestedFormat) -> str:
    """What *key* of the mapping *name* is called."""
    return f"{name}.{key}" if nested_format == "dots" else f"{name}[{key}]"


def array_name(name: str, index: int, array_format: ArrayFormat) -> str:
    """What the element *index* of the array *name* is called."""
    return name + {"brackets": "[]", "indices": f"[{index}]"}.get(array_format, "")


def _is_dropped(value: object) -> bool:
    return value is None or isinstance(value, (Omit, NotGiven))


def _is_array(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))


def _claim(name: str) -> str:
    """The parameter that *name* is a value of: for an element of an array that is the array."""
    mark = _ARRAY_MARK.search(name)
    return name[: mark.start()] if mark else name


def _text(name: str, value: object) -> str:
    text = scalar_text(value)
    if text is None:
        raise TypeError(
            f"query parameter {name!r} must be text, a number or another scalar, a sequence or a mapping, "
            f"got {type(value).__name__}"
        )
    return text


def _encoded(name: str, text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise ValueError(f"query parameter {name!r} has a lone surrogate, which no URL can hold") from None
