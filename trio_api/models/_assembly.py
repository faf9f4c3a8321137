"""Building an object whose own ``__init__`` would not have it, or may not see what is in it.

The steps are those of an attrs ``__init__``: defaults, converters, validators, ``__attrs_post_init__``. The difference
is that each may fail by itself: a converter then leaves the value as it was, a validator is passed over. A value that
did not fit is shown to neither. So the object stands, and what was refused is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Set as AbstractSet
from typing import Any, cast

import attrs

from .._types import MISSING
from ._annotations import expected_name
from ._fields import Field
from ._mismatch import Problem, refusal, step

__all__ = ["assemble"]


def assemble(
    cls: Any, fields: list[Field], arguments: Mapping[str, Any], unfit: AbstractSet[str]
) -> tuple[Any, list[Problem]]:
    """Build an instance of an attrs class or a dataclass step by step.

    Args:
        cls: The class.
        fields: Its fields.
        arguments: The values that ``__init__`` would be given, by alias.
        unfit: The aliases whose values are not what the field asks for.

    Returns:
        The instance, and what its own code refused.
    """
    instance = cls.__new__(cls)
    refusals: list[Problem] = []
    checked: list[tuple[Field, attrs.Attribute[Any], Any]] = []
    for field in fields:
        value = _value(field, instance, arguments)
        if field.attribute is not None and value is not MISSING and field.alias not in unfit:
            try:
                value = _converted(field.attribute, value, instance)
            except Exception as error:
                refusals.append(_refusal(field, value, error))
            else:
                checked.append((field, field.attribute, value))
        object.__setattr__(instance, field.name, value)  # the class may be frozen
    for field, attribute, value in checked:
        if attribute.validator is not None and not attrs.validators.get_disabled():
            try:
                attribute.validator(instance, attribute, value)
            except Exception as error:
                refusals.append(_refusal(field, value, error))
    finish = getattr(instance, "__attrs_post_init__", None) or getattr(instance, "__post_init__", None)
    if finish is not None:
        try:
            finish()
        except Exception as error:
            refusals.append(("", cls.__name__, refusal({}, error)))
    return instance, refusals


def _value(field: Field, instance: Any, arguments: Mapping[str, Any]) -> Any:
    if field.init and field.alias in arguments:
        return arguments[field.alias]
    default = field.default
    if not isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # its stub says it is a function
        return MISSING if default is attrs.NOTHING else default
    try:
        return default.factory(instance) if default.takes_self else default.factory()
    except Exception:  # it looked at a field that is missing or was kept as it came
        return MISSING


def _converted(attribute: attrs.Attribute[Any], value: Any, instance: Any) -> Any:
    convert = cast("Any", attribute).converter  # the stubs do not know that an attrs.Converter can be called
    if convert is None:
        return value
    takes_more = isinstance(cast("object", convert), attrs.Converter)
    return convert(value, instance, attribute) if takes_more else convert(value)


def _refusal(field: Field, value: Any, error: Exception) -> Problem:
    return ("".join(map(step, field.path)), expected_name(field.type), refusal(value, error))
