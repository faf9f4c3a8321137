"""Who turns the bytes of a page into a hundred objects."""

from __future__ import annotations

import json
from collections.abc import Callable

import attrs
import msgspec

from .things import PAGE, PAGE_SIZE, Thing, pydantic_thing

__all__ = ["PAGE_DECODERS"]

Run = Callable[[], object]


@attrs.frozen
class ThingPage:
    """A page as msgspec builds it."""

    data: list[Thing]
    has_more: bool


def our_page() -> Run:
    """What a call does with a response that was read: checked, every mismatch told, the library's own page class."""
    import httpx

    from trio_api import AsyncCursorPage
    from trio_api.responses import decode

    response = httpx.Response(200, headers={"Content-Type": "application/json"}, content=PAGE)
    return lambda: decode(response, AsyncCursorPage[Thing], strict=False).value


def msgspec_page() -> Run:
    decode = msgspec.json.Decoder(ThingPage).decode
    return lambda: decode(PAGE)


def pydantic_page() -> Run:
    import pydantic

    thing_type = pydantic_thing(pydantic.BaseModel)
    page_type = pydantic.create_model("Page", data=list[thing_type], has_more=bool)  # type: ignore[valid-type]
    return lambda: page_type.model_validate_json(PAGE)


def openai_page() -> Run:
    """What the SDK does with a response that was read; its page class too."""
    import openai
    from openai._models import construct_type
    from openai.pagination import AsyncCursorPage

    page_type = AsyncCursorPage.__class_getitem__(pydantic_thing(openai.BaseModel))
    return lambda: construct_type(value=json.loads(PAGE), type_=page_type)


PAGE_DECODERS: dict[str, Callable[[], Run]] = {
    "trio_api": our_page,
    "msgspec": msgspec_page,
    "pydantic": pydantic_page,
    "openai": openai_page,
}


def checked(run: Run) -> Run:
    """*run*, after a look at what it builds.

    Raises:
        AssertionError: It is no page of things.
    """
    page = run()
    things = getattr(page, "data", [])
    if len(things) != PAGE_SIZE or things[-1].tags != ["red", "round"] or type(things[0]) is not type(things[-1]):
        raise AssertionError(f"no page of {PAGE_SIZE} things: {page!r}")
    return run
