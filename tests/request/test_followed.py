"""URLs that others name: made whole, and refused where they lead astray."""

from __future__ import annotations

import httpx
import pytest

from trio_api import CrossOriginError
from trio_api.request import Origins, followed_url

BASE = httpx.URL("https://api.example.com/v1/jobs?page=1")
ORIGINS = Origins(BASE, ["https://cdn.example.com"])


def follow(link: str, own: str = "/jobs", base: httpx.URL | None = BASE) -> str:
    return followed_url(link, ORIGINS, own=own, told="the test names a place", base=base)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("17", "https://api.example.com/v1/17"),
        ("/17?a=b", "https://api.example.com/17?a=b"),
        ("?page=2", "https://api.example.com/v1/jobs?page=2"),
        ("https://cdn.example.com/1", "https://cdn.example.com/1"),
        ("https://user:pass@api.example.com/1#there", "https://api.example.com/1"),
    ],
)
def test_a_link_is_made_whole(link: str, url: str) -> None:
    """Relative to its base, without userinfo and fragment."""
    assert follow(link) == url


@pytest.mark.parametrize(
    ("link", "origin"),
    [
        ("https://evil.example.com/", "https://evil.example.com:443"),
        ("//evil.example.com/", "https://evil.example.com:443"),
        ("http://api.example.com/", "http://api.example.com:80"),
    ],
)
@pytest.mark.parametrize("own", ["/jobs", "https://other.example.com/1"])
def test_another_origin_is_refused(link: str, origin: str, own: str) -> None:
    """The message says who named it, and what to do."""
    with pytest.raises(
        CrossOriginError,
        match=f"^the test names a place at another origin, ({origin}); .* trusted_origins=\\['\\1'\\]$",
    ):
        follow(link, own=own)


def test_the_callers_own_origin_is_as_good() -> None:
    """Who asks a foreign URL, without credentials, may go on there."""
    assert follow("https://other.example.com/2", own="https://other.example.com/1") == "https://other.example.com/2"


@pytest.mark.parametrize(
    ("link", "message"),
    [("https://x.example:port/", "'https://.*' is no valid URL"), ("jobs/1", "'jobs/1' is no absolute URL")],
)
def test_what_is_no_url_is_refused(link: str, message: str) -> None:
    """Without a base it has to be absolute."""
    with pytest.raises(ValueError, match=message):
        follow(link, base=None)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("\\\\evil.example\\x", r"^the link 'https://\S+' has a backslash"),
        ("/%2e%2e/x?key=secret", r"^the link 'https://\S+/%2e%2e/x' has the segment '%2e%2e'"),
    ],
)
def test_what_would_not_be_sent_is_refused_as_a_link(link: str, message: str) -> None:
    """Here, where the error says who named it, and not where the request is made."""
    with pytest.raises(ValueError, match=message):
        follow(link)
