"""What a page says of the next one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from trio_api import PageInfo
from trio_api.pages._info import NumberedInfos


@pytest.mark.parametrize(
    "given", [{"url": "/next"}, {"url": httpx.URL("https://x.test/")}, {"params": {"page": 2}}, {"json": {}}]
)
def test_one_way_to_ask_is_enough(given: dict[str, Any]) -> None:
    """A URL, parameters or JSON keys ask for a page."""
    info = PageInfo(**given)
    name = next(iter(given))
    assert getattr(info, name) == given[name]


@pytest.mark.parametrize(
    ("given", "got"),
    [({}, "none of them"), ({"url": "/", "json": {}}, "url and json"), ({"params": {}, "json": {}}, "params and json")],
)
def test_two_ways_or_none_are_refused(given: dict[str, Any], got: str) -> None:
    """Exactly one of the three has to be given, and the error says which were."""
    with pytest.raises(ValueError, match=f"exactly one of .*, got {got}"):
        PageInfo(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"url": 1}, "url must be a str or an httpx.URL, got int"),
        ({"url": None}, "url must be a str or an httpx.URL, got NoneType"),
        ({"params": [("a", 1)]}, "params must be a mapping, got list"),
        ({"json": "x"}, "json must be a mapping, got str"),
        ({"params": {1: 2}}, "params must have str keys, got 1"),
    ],
)
def test_a_wrong_type_is_named(given: dict[str, Any], message: str) -> None:
    """The error names the argument."""
    with pytest.raises(TypeError, match=message):
        PageInfo(**given)


@pytest.mark.parametrize(
    ("info", "shown"),
    [
        (PageInfo(url="https://me:secret@x.test/a?token=secret"), "PageInfo(url='https://x.test/a')"),
        (PageInfo(params={"token": "secret"}), "PageInfo(params=['token'])"),
        (PageInfo(json={"token": "secret"}), "PageInfo(json=['token'])"),
    ],
)
def test_the_repr_shows_no_values(info: PageInfo, shown: str) -> None:
    """A cursor can be a credential: names are shown, values are not."""
    assert repr(info) == shown


def test_one_that_was_refused_can_be_shown() -> None:
    """Error trackers show what stands in the frames of a traceback."""
    with pytest.raises(ValueError, match="got none of them") as caught:
        PageInfo()
    assert repr(caught.traceback[-1].locals["self"]) == "PageInfo()"


def test_numbered_infos_are_a_sequence_made_on_demand() -> None:
    """A million million pages cost nothing until they are asked for."""
    infos = NumberedInfos(range(2, 10**12), lambda number: PageInfo(params={"page": number}))
    assert len(infos) == 10**12 - 2
    assert infos[0] == next(iter(infos)) == PageInfo(params={"page": 2})
    assert list(infos[:2]) == [PageInfo(params={"page": 2}), PageInfo(params={"page": 3})]


def test_numbered_pages_compare_as_a_list_of_them() -> None:
    """With a list, an empty one too, and with one another; long ones without being made."""

    def numbered(*numbers: int) -> NumberedInfos:
        return NumberedInfos(range(*numbers), lambda number: PageInfo(params={"page": number}))

    assert numbered(2, 4) == [PageInfo(params={"page": 2}), PageInfo(params={"page": 3})] == numbered(2, 4)
    assert numbered(2, 2) == []
    assert numbered(2, 4) != [PageInfo(params={"page": 2})]
    assert numbered(2, 4) != numbered(3, 5)
    assert numbered(2, 10**12) != numbered(2, 10**12 - 1)
    assert numbered(2, 4) != "ab"
