"""Checkpoint tokens: where in a list the next item is, as plain JSON values, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import attrs

from .._redact import redact_url
from ..models import unstructure
from ._steps import PagedList, Position, Step

__all__ = ["decode_positions", "decode_tokens", "encode_positions", "encode_tokens"]

_VERSION: Final = 1


def encode_positions(request: PagedList, positions: Iterable[Position]) -> dict[str, Any]:
    """Make the token of one list.

    It holds the requests of the pages still to come, as far as they differ from the list's own: a link of the
    server's stands in it whole.

    Args:
        request: The list.
        positions: What is still to be given out.

    Raises:
        TypeError: A value in a request is no JSON.
    """
    return {"version": _VERSION, **_identity(request), "positions": [_encode(position) for position in positions]}


def encode_tokens(tokens: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Make the token of many lists from their own."""
    return {"version": _VERSION, "lists": list(tokens)}


def decode_positions(request: PagedList, token: object, path: str = "$") -> PagedList:
    """Read a token of one list.

    Args:
        request: The list that it is for.
        token: The token.
        path: Where it stands, for errors.

    Returns:
        The list, which begins where the token says.

    Raises:
        TypeError: The token is no mapping.
        ValueError: It is broken, or of another list; the message names the place.
        CrossOriginError: A URL in it leads to an origin that is neither trusted nor the list's own.
    """
    fields = _checked(token, {"version", "method", "url", "positions"}, path)
    own, theirs = _identity(request), {name: fields[name] for name in ("method", "url")}
    if own != theirs:
        raise ValueError(
            f"the checkpoint is of another list: {path} is of {theirs['method']} {theirs['url']}, "
            f"this list is {own['method']} {own['url']}"
        )
    positions = _list_in(fields, "positions", path)
    found = tuple(_decode(position, f"{path}.positions[{n}]") for n, position in enumerate(positions))
    for position in found:
        request.check(position.step)
    return attrs.evolve(request, positions=found)


def decode_tokens(requests: list[PagedList], token: object) -> list[PagedList]:
    """Read the token of many lists.

    Raises:
        TypeError, ValueError, CrossOriginError: As from `decode_positions`.
    """
    tokens = _list_in(_checked(token, {"version", "lists"}, "$"), "lists", "$")
    if len(tokens) != len(requests):
        raise ValueError(
            f"the checkpoint is of other lists: it has {len(tokens)} of them, and {len(requests)} are given"
        )
    pairs = enumerate(zip(requests, tokens, strict=True))
    return [decode_positions(request, single, f"$.lists[{n}]") for n, (request, single) in pairs]


def _identity(request: PagedList) -> dict[str, str]:
    return {"method": request.options.method.upper(), "url": redact_url(request.options.url)}


def _encode(position: Position) -> dict[str, Any]:
    step = position.step
    encoded: dict[str, Any] = {"url": step.url, "params": dict(step.params), "json": dict(step.json)}
    encoded = {name: unstructure(value) for name, value in encoded.items() if value}
    if position.skip:
        encoded["skip"] = position.skip
    return encoded if position.follow else {**encoded, "follow": False}


def _decode(encoded: object, path: str) -> Position:
    position = _mapping(encoded)
    if position is None:
        raise _broken(path, "an object", encoded)
    if strange := position.keys() - {"url", "params", "json", "skip", "follow"}:
        raise ValueError(f"broken checkpoint: {path} has the unknown key {min(map(str, strange))!r}")
    url, params, json = position.get("url"), _mapping(position.get("params", {})), _mapping(position.get("json", {}))
    if url is not None and not isinstance(url, str):
        raise _broken(f"{path}.url", "text", url)
    if params is None or json is None:
        name = "params" if params is None else "json"
        raise _broken(f"{path}.{name}", "an object", position[name])
    skip, follow = position.get("skip", 0), position.get("follow", True)
    if isinstance(skip, bool) or not isinstance(skip, int) or skip < 0:
        raise _broken(f"{path}.skip", "a whole number", skip)
    if not isinstance(follow, bool):
        raise _broken(f"{path}.follow", "true or false", follow)
    return Position(Step(url, params, json), skip, follow)


def _checked(encoded: object, names: set[str], path: str) -> dict[str, Any]:
    token = _mapping(encoded)
    if token is None:
        raise TypeError(f"a checkpoint token is a dict, as checkpoint() gives it; {path} is {type(encoded).__name__}")
    if missing := names - token.keys():
        raise ValueError(f"broken checkpoint, or one of another kind: {path} has no {min(missing)!r}")
    if token["version"] != _VERSION:
        raise _broken(f"{path}.version", str(_VERSION), token["version"])
    return token


def _mapping(value: object) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    return {str(key): inner for key, inner in cast("Mapping[object, object]", value).items()}


def _list_in(token: Mapping[str, Any], name: str, path: str) -> list[object]:
    found = token[name]
    if not isinstance(found, list):
        raise _broken(f"{path}.{name}", "a list", found)
    return cast("list[object]", found)


def _broken(path: str, expected: str, got: object) -> ValueError:
    return ValueError(f"broken checkpoint: {path} must be {expected}, got {got!r:.80}")
