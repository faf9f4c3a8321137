"""The one cattrs converter of the library.

cattrs' own hooks coerce (null becomes ``"None"``, ``"3"`` becomes 3), so this converter starts without them: it knows
what the modules beside this one teach it, and what SDK authors register.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import cattrs
from cattrs.dispatch import MultiStrategyDispatch, StructureHook, UnstructureHook

from . import _annotations, _collections, _scalars
from ._fields import is_object
from ._mismatch import Mismatch, mismatch, refusal
from ._objects import object_hook
from ._shortcut import Shortcut, find_shortcut
from ._unions import union_hook
from ._unstructure import register_unstructure_hooks, unsendable

__all__ = ["JSONConverter", "converter"]

HOOKS_KEPT: Final = 4096  # types; a program that makes types as it goes must not fill the memory with their hooks

_Factory: TypeAlias = Callable[[Any, "JSONConverter"], StructureHook]


class _StructureDispatch(MultiStrategyDispatch[StructureHook]):
    """cattrs' dispatch, which puts a guard before every hook that is not this room's own, and forgets."""

    def __init__(self, converter: cattrs.Converter) -> None:
        super().__init__(_unsupported, converter)
        self.own: WeakKeyDictionary[StructureHook, Any] = WeakKeyDictionary()
        """This room's hooks, each with a type that it reads."""
        self.dispatch = lru_cache(maxsize=HOOKS_KEPT)(self.dispatch_without_caching)

    def dispatch_without_caching(self, typ: Any) -> StructureHook:
        hook = super().dispatch_without_caching(typ)
        return hook if hook in self.own else _guarded(hook, typ)


def _unsupported(annotation: Any) -> StructureHook:
    name = getattr(annotation, "__name__", None) or repr(annotation)
    raise TypeError(
        f"{name} cannot be built from JSON; teach it with "
        f"trio_api.models.converter.register_structure_hook({name}, lambda value, cls: ...)"
    )


def _guarded(hook: StructureHook, annotation: Any) -> StructureHook:
    """A hook of the application, of which each failure is a value that does not fit."""
    expected = _annotations.expected_name(annotation)

    def guard(value: Any, _: Any) -> Any:
        try:
            return hook(value, annotation)
        except RecursionError:
            raise
        except Mismatch as error:  # of a part that the hook had structured: without it there is no whole
            raise Mismatch(value, error.problems) from None
        except Exception as error:
            raise mismatch(value, expected, refusal(value, error)) from None

    return guard


class JSONConverter(cattrs.Converter):
    """A cattrs converter that takes JSON values for what they are.

    Register hooks as with any cattrs converter. What a structure hook raises becomes a `ValidationProblem`, and the
    value is kept as it came.
    """

    def __init__(self) -> None:
        super().__init__(detailed_validation=False)
        self._structure_func: _StructureDispatch = _StructureDispatch(self)
        self._unstructure_func: MultiStrategyDispatch[UnstructureHook] = MultiStrategyDispatch(unsendable, self)
        self._unstructure_func.dispatch = lru_cache(maxsize=HOOKS_KEPT)(self._unstructure_func.dispatch_without_caching)
        self._find_shortcut = lru_cache(maxsize=HOOKS_KEPT)(self._find_shortcut_without_caching)
        register_unstructure_hooks(self)
        self._register_structure_hooks()

    def _register_structure_hooks(self) -> None:
        # cattrs asks the last registered first: None, for one, is a scalar before it is anything else.
        self._teach(is_object, object_hook)
        self._teach(_collections.is_mapping, _collections.mapping_hook)
        self._teach(_collections.is_named_tuple, _collections.named_tuple_hook)
        self._teach(_collections.is_row, _collections.row_hook)
        self._teach(_collections.is_array, _collections.array_hook)
        self._teach(_annotations.is_union, union_hook)
        self._teach(_scalars.is_literal, _scalars.literal_hook)
        self._teach(_scalars.is_enum, _scalars.enum_hook)
        self._teach(_annotations.is_alias, _alias_hook)
        self._teach(_annotations.is_any, lambda _, __: _any_hook)
        self._teach(_scalars.SCALARS.__contains__, lambda annotation, _: _scalars.SCALARS[annotation])
        self.register_structure_hook_factory(lambda annotation: _peeled(annotation) is not annotation, _peeled_hook)

    def _teach(self, predicate: Callable[[Any], bool], factory: _Factory) -> None:
        def own(annotation: Any, converter: Any) -> StructureHook:
            hook = factory(annotation, converter)
            self._structure_func.own[hook] = annotation
            return hook

        self.register_structure_hook_factory(predicate, own)

    def is_own(self, hook: StructureHook) -> bool:
        """Whether *hook* is one of the library's, not of the application."""
        return hook in self._structure_func.own

    def get_structure_hook(self, type: Any, cache_result: bool = True) -> StructureHook:
        """The hook for a type, whatever the metadata of an ``Annotated`` in it: that may be unhashable."""
        try:
            return super().get_structure_hook(type, cache_result=cache_result)
        except TypeError:
            plain = _annotations.hashable(type)
            if plain is type:
                raise
        return super().get_structure_hook(plain, cache_result=cache_result)

    def get_shortcut(self, type: Any) -> Shortcut | None:
        """The short way from bytes to a type, or None where there is none."""
        return self._find_shortcut(self.get_structure_hook(type))

    def _find_shortcut_without_caching(self, hook: StructureHook) -> Shortcut | None:
        # Kept by the hook, which is another one once something was registered; and hashing a generic type takes time.
        return find_shortcut(self._structure_func.own[hook], self) if self.is_own(hook) else None


def _any_hook(value: Any, _: Any) -> Any:
    return value


def _peeled(annotation: Any) -> Any:
    return annotation if _annotations.is_alias(annotation) else _annotations.peel(annotation)


def _peeled_hook(annotation: Any, converter: cattrs.Converter) -> StructureHook:
    return converter.get_structure_hook(_peeled(annotation))


def _alias_hook(annotation: Any, converter: JSONConverter) -> StructureHook:
    def hook(value: Any, _: Any) -> Any:  # looked up at each value: ``type Tree = list[Tree]`` refers to itself
        return converter.get_structure_hook(_annotations.peel(annotation))(value, annotation)

    return hook


converter: Final = JSONConverter()
"""Where SDK authors register hooks for types of their own, as with any cattrs converter."""
