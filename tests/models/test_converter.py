"""Hooks of the application, and what the one converter makes of them."""

from __future__ import annotations

import gc
import weakref
from typing import Annotated, Any, NewType

import attrs
import pytest

from support.told import fitting, told
from trio_api.models import converter, dumps, structure, unstructure


class Money:
    """A class that neither attrs nor JSON knows."""

    def __init__(self, cents: int) -> None:
        self.cents = cents


class Dollars(Money):
    pass


@attrs.define
class Inner:
    a: int


class Wrapper:
    def __init__(self, inner: Inner) -> None:
        self.inner = inner


@attrs.define
class Order:
    price: Money
    tip: Annotated[Money, "optional"] | None = None


Cents = NewType("Cents", int)


@converter.register_structure_hook
def _money(value: Any, cls: Any) -> Money:
    if value["currency"] != "USD":
        raise ValueError("only dollars\nare money")
    return cls(value["cents"])


@converter.register_unstructure_hook
def _money_out(value: Money) -> dict[str, Any]:
    return {"currency": "USD", "cents": value.cents}


@converter.register_structure_hook
def _wrapper(value: Any, cls: Any) -> Wrapper:
    return Wrapper(converter.structure(value["inner"], Inner))


def _deep(value: Any, cls: Any) -> Any:
    return _deep(value, cls)


class Deep:
    pass


converter.register_structure_hook(Deep, _deep)
converter.register_structure_hook(Cents, lambda value, _: Cents(int(value * 100)))

USD = {"currency": "USD", "cents": 5}


def test_a_hook_of_the_application_builds_its_type() -> None:
    """A registered hook serves the root, fields, unions, Annotated and subclasses."""
    assert fitting(USD, Money).cents == 5
    assert type(fitting(USD, Dollars)) is Dollars
    order = fitting({"price": USD, "tip": USD}, Order)
    assert (order.price.cents, order.tip.cents) == (5, 5)
    assert fitting(0.05, Cents) == 5


def test_a_hook_of_the_application_sends_its_type() -> None:
    """A registered hook says what goes out."""
    assert unstructure(Order(Dollars(5))) == {"price": USD, "tip": None}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"currency": "EUR"}, "$.price: expected Money, got dict (only dollars are money)"),
        ({}, "$.price: expected Money, got dict (currency)"),
        (3, "$.price: expected Money, got int ('int' object is not subscriptable)"),
    ],
)
def test_what_a_hook_raises_is_a_problem(value: object, line: str) -> None:
    """Whatever a hook of the application raises says that the value does not fit; it is kept as it came."""
    found = structure({"price": value}, Order)
    assert [str(problem) for problem in found.problems] == [line]
    assert found.value.price is value


def test_a_hook_that_fails_at_the_root_does_not_fit_there() -> None:
    """The root of a type that the application taught is of the wrong kind when its hook says so."""
    assert not structure({}, Money).fits_root


def test_a_part_that_a_hook_structures_tells_its_own_problems() -> None:
    """A hook that structures a part of its value lets the problems of the part through, and the whole is raw."""
    value = {"inner": {"a": "x"}}
    found = structure(value, Wrapper)
    assert [str(problem) for problem in found.problems] == ["$.a: expected int, got str"]
    assert found.value is value
    assert fitting({"inner": {"a": 1}}, Wrapper).inner == Inner(1)


def test_a_hook_that_never_ends_is_too_deep() -> None:
    """Infinite recursion in a hook is no problem of the value."""
    with pytest.raises(ValueError, match="nested too deeply"):
        structure(1, Deep)


@pytest.mark.parametrize("cast_to", [complex, list[complex], Inner | complex, "Inner", dict[str, type]])
def test_a_type_that_nobody_knows_is_the_callers_mistake(cast_to: Any) -> None:
    """What cannot be built from JSON is a TypeError that says how to teach it."""
    with pytest.raises(TypeError, match=r"cannot be built from JSON; teach it with .*register_structure_hook"):
        structure([1], cast_to)


def test_hooks_are_forgotten() -> None:
    """A program that makes classes as it goes does not fill the memory with their hooks."""
    first = attrs.make_class("Made", {"a": attrs.field(type=int)})
    structure({"a": 1}, first)
    unstructure(first(1))
    gone = weakref.ref(first)
    del first
    for _ in range(4200):
        cls = type("Passing", (Money,), {})
        converter.get_structure_hook(cls)
        converter.get_unstructure_hook(cls)
    gc.collect()
    assert gone() is None


def test_dumps_goes_through_the_hooks() -> None:
    """The codec sends what the hooks say."""
    assert dumps([Money(5)]) == b'[{"currency":"USD","cents":5}]'
    assert told([USD, {}], list[Money]) == ["$[1]: expected Money, got dict (currency)"]
