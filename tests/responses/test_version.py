"""Which version of a resource a part belongs to, and when more of the same may be asked for (RFC 9110, 13.1.5)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api.responses import Version

OLD, LATER = "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT"


def answered(status: int = 200, method: str = "GET", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = httpx.Request(method, "https://api.example.com/f")
    return httpx.Response(status, headers=named, request=request)


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ({"etag": '"v1"'}, Version('"v1"', None, 9)),
        ({"etag": '"v1"', "last_modified": OLD}, Version('"v1"', None, 9)),
        ({"last_modified": OLD, "date": LATER}, Version(None, OLD, 9)),
        ({"last_modified": OLD}, Version(None, OLD, 9)),
        ({"etag": '"v1"', "content_encoding": "identity", "accept_ranges": "bytes"}, Version('"v1"', None, 9)),
    ],
)
def test_a_strong_validator_names_a_version(headers: dict[str, str], version: Version) -> None:
    """A tag before a date; a date only if it is a second older than the response."""
    assert Version.of(answered(**headers), 9) == version


@pytest.mark.parametrize(
    "response",
    [
        answered(),
        answered(etag='W/"v1"'),
        answered(etag='W/"v1"', last_modified=OLD, date=LATER),  # 13.1.5: no date where there is a tag
        answered(last_modified=OLD, date=OLD),  # it may have changed again within that second
        answered(last_modified="Sun, 06 Nov 2094 08:49:37 GMT"),
        answered(last_modified="yesterday"),
        answered(last_modified=OLD, date="today"),
        answered(etag='"v1"', content_encoding="gzip"),
        answered(etag='"v1"', accept_ranges="none"),
        answered(206, etag='"v1"'),
        answered(204, etag='"v1"'),
        answered(method="POST", etag='"v1"'),
    ],
)
def test_otherwise_no_part_of_it_is_asked_for(response: httpx.Response) -> None:
    """Weak validators, encoded bodies, and what no range could be told of."""
    assert Version.of(response, 9) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Version('"a"', None, 9), Version('"a"', None, 9), True),
        (Version('"a"', None, None), Version('"a"', None, 9), True),
        (Version('"a"', None, 8), Version('"a"', None, 9), False),
        (Version('"a"', None, 9), Version('"b"', None, 9), False),
        (Version(None, OLD, 9), Version(None, LATER, 9), False),
        (Version(None, OLD, 9), Version('"a"', None, 9), False),
    ],
)
def test_two_are_one_where_all_that_is_known_agrees(one: Version, other: Version, same: bool) -> None:
    """The validator, and the size where both know it."""
    assert one.is_same(other) is other.is_same(one) is same


@given(st.text(min_size=1), st.one_of(st.none(), st.integers(0, 2**62)))
def test_it_is_found_again_as_it_was_left(etag: str, size: int | None) -> None:
    """Whatever the server's tag is made of."""
    version = Version(etag.encode("utf-8", "ignore").decode() or '"x"', None, size)
    assert Version.from_json(version.to_json()) == version


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"{}", b'{"etag": 3}', b'{"etag": null, "size": 3}', b"\xff", b'{"etag": "a", "size": "3"}'],
)
def test_what_is_damaged_is_no_version(data: bytes) -> None:
    """A torn or foreign file is as good as none."""
    assert Version.from_json(data) is None


@given(st.binary(max_size=50))
def test_no_bytes_are_an_error(data: bytes) -> None:
    """It is read from a disk that others write to."""
    found: Any = Version.from_json(data)
    assert found is None or found.validator
