"""Entity tags, without a client: what is kept, what is asked, and what a 304 comes to."""

from __future__ import annotations

import contextlib
import gzip
from typing import Any

import attrs
import httpx
import pytest

from trio_api import Revalidation
from trio_api.responses import Revalidator

URL = "https://api.example.com/items"


class Talk:
    """Exchanges by a revalidator, one after the other.

    Args:
        rules: Arguments of `Revalidation`.
    """

    def __init__(self, **rules: Any) -> None:
        self.revalidator = Revalidator(Revalidation(**rules), contextlib.nullcontext())
        self.request = httpx.Request("GET", URL)

    def exchange(
        self,
        answer: httpx.Response,
        *,
        method: str = "GET",
        url: str = URL,
        headers: dict[str, str] | None = None,
        credentials: Any = None,
        is_buffered: bool = True,
        limit: int = 10**6,
        **of_request: Any,
    ) -> httpx.Response:
        """What an exchange gives that is answered by *answer*; what was sent is `request`."""
        self.request = httpx.Request(method, url, headers=headers, **of_request)
        inquiry = self.revalidator.ask(
            self.request, credentials, is_buffered=is_buffered, limit=limit, without={b"x-retry"}
        )
        answer.request = self.request
        return answer if inquiry is None else inquiry.settle(answer)

    @property
    def asked(self) -> str | None:
        """The tag that was sent last."""
        value: str | None = self.request.headers.get("If-None-Match")
        return value


def whole(body: bytes = b"[1]", etag: str = '"v1"', status: int = 200, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=body, headers={"ETag": etag, **named})


def unchanged(etag: str | None = '"v1"', **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(304, headers={**({} if etag is None else {"ETag": etag}), **named})


def kept(*answers: httpx.Response, **how: Any) -> bool:
    """Whether the next request has a tag, after *answers* to requests made in the same way."""
    talk = Talk()
    for answer in answers:
        talk.exchange(answer, **how)
    talk.exchange(httpx.Response(500), **how)
    return talk.asked is not None


# -- what is kept --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("etag", ['"v1"', 'W/"v1"', '""', '"a,b c"'.replace(" ", ""), 'W/"\'"'])
def test_an_answer_with_a_tag_is_asked_about(etag: str) -> None:
    """Strong or weak, word for word as the server wrote it."""
    talk = Talk()
    talk.exchange(whole(etag=etag))
    talk.exchange(unchanged())
    assert talk.asked == etag


@pytest.mark.parametrize("etag", ["v1", '"v1', 'w/"v1"', "W/v1", '"a" "b"', '"a", "b"', '"a\x80"', ""])
def test_what_is_no_tag_is_not_kept(etag: str) -> None:
    """RFC 9110, 8.8.3: sent back it would mean something else."""
    answer = whole()
    answer.headers = httpx.Headers([(b"ETag", etag.encode("latin-1"))])
    assert not kept(answer)


@pytest.mark.parametrize("status", [201, 203, 206, 301, 404, 500])
def test_only_a_200_is_kept(status: int) -> None:
    """A 304 stands for the 200 that there would be."""
    assert not kept(whole(status=status))


@pytest.mark.parametrize("value", ["no-store", "private, No-Store", "no-store , max-age=0"])
def test_what_is_not_to_be_stored_is_not(value: str) -> None:
    """Whether the answer says so or the request."""
    assert not kept(whole(Cache_Control=value))
    assert not kept(whole(), headers={"Cache-Control": value})


@pytest.mark.parametrize("value", ["no-cache", "private", "max-age=0", "x-no-store", "no-store-ish"])
def test_other_rules_of_caches_do_not_matter(value: str) -> None:
    """The server is asked each time, which is all that they may ask for."""
    assert kept(whole(Cache_Control=value))


def test_an_answer_without_a_tag_takes_the_place_of_the_old_one() -> None:
    """What the server says now is what there is."""
    assert not kept(whole(), httpx.Response(200, content=b"[2]"))


def test_a_failure_takes_nothing_away() -> None:
    """The kept answer is asked about again."""
    assert kept(whole(), httpx.Response(503), httpx.Response(404))


# -- who is asked about what ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        {"url": f"{URL}?page=2"},
        {"url": "https://other.example/items"},
        {"headers": {"Authorization": "Bearer b"}},
        {"headers": {"Accept-Language": "de"}},
        {"credentials": "others"},
        {"method": "HEAD"},
        {"is_buffered": False},
        {"content": b"{}"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_request_is_another(other: dict[str, Any]) -> None:
    """Whatever it differs in: so no answer goes to other credentials, and `Vary` is heeded whatever it names."""
    talk = Talk()
    talk.exchange(whole(Vary="Accept-Language"))
    talk.exchange(unchanged(), **other)
    assert talk.asked is None


def test_headers_of_the_attempt_make_no_difference() -> None:
    """The number of a retry is no part of what is asked for."""
    talk = Talk()
    talk.exchange(whole(), headers={"X-Retry": "0"})
    talk.exchange(unchanged(), headers={"x-retry": "1"})
    assert talk.asked == '"v1"'


@pytest.mark.parametrize(
    "name", ["If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"]
)
def test_conditions_of_the_callers_own_win(name: str) -> None:
    """They go as they are, and the answer to them is nobody's business here."""
    talk = Talk()
    talk.exchange(whole())
    assert talk.exchange(unchanged(), headers={name: '"mine"'}).status_code == 304
    assert talk.request.headers[name] == '"mine"'
    assert talk.revalidator.ask(talk.request, None, is_buffered=True, limit=9, without=()) is None


def test_what_is_larger_than_the_call_takes_is_not_asked_about() -> None:
    """A copy of a client may take less than the one that kept the answer."""
    talk = Talk()
    talk.exchange(whole(b"123"))
    talk.exchange(unchanged(), limit=2)
    assert talk.asked is None
    talk.exchange(unchanged(), limit=3)
    assert talk.asked is not None


def test_a_tag_does_not_go_where_a_redirect_leads() -> None:
    """It is of one URL only: another may have the same one for something else."""
    talk = Talk()
    talk.exchange(whole())
    talk.exchange(httpx.Response(302))
    followed = httpx.Request("GET", f"{URL}/new", headers=talk.request.headers, extensions=talk.request.extensions)
    assert "If-None-Match" in followed.headers
    talk.revalidator.ask(followed, None, is_buffered=True, limit=9, without=())
    assert "If-None-Match" not in followed.headers


def test_a_redirect_elsewhere_may_have_lost_the_tag() -> None:
    """Foreign origins get few headers."""
    talk = Talk()
    talk.exchange(whole())
    talk.exchange(httpx.Response(302))
    followed = httpx.Request("GET", "https://other.example", extensions=talk.request.extensions)
    talk.revalidator.ask(followed, None, is_buffered=True, limit=9, without=())
    assert "If-None-Match" not in followed.headers


# -- what a 304 comes to -------------------------------------------------------------------------------------


def test_a_304_comes_to_the_kept_answer() -> None:
    """Status, body and reason are those of the answer; the request is the one that was sent now."""
    talk = Talk()
    talk.exchange(whole(b"[1]"))
    answer = unchanged()
    answer.extensions = {"reason_phrase": b"Not Modified", "http_version": b"HTTP/1.1"}
    served = talk.exchange(answer)
    assert (served.status_code, served.content, served.reason_phrase) == (200, b"[1]", "OK")
    assert served.request is talk.request
    assert served.http_version == "HTTP/1.1"


def test_the_headers_are_those_of_the_304_where_it_has_any() -> None:
    """RFC 9111, 4.3.4; those of the content and of the connection stay what they were (3.1, 3.2)."""
    talk = Talk()
    talk.exchange(whole(X_A="1", X_B="1", Content_Type="application/json", X_Hop="1", Connection="X-Hop"))
    served = talk.exchange(
        unchanged(
            X_A="2", X_C="2", Content_Type="text/html", Content_Length="0", Connection="close, X-Gone", X_Gone="2"
        )
    )
    expected = {"x-a": "2", "x-b": "1", "x-c": "2", "content-type": "application/json", "etag": '"v1"'}
    assert {name: value for name, value in served.headers.items() if name != "content-length"} == expected
    assert served.headers["content-length"] == "3"
    again = talk.exchange(unchanged())
    assert again.headers["x-a"] == "2"


def test_several_headers_of_one_name_are_replaced_by_several() -> None:
    """All of the old ones by all of the new ones."""
    talk = Talk()
    first = whole()
    first.headers = httpx.Headers([("ETag", '"v1"'), ("Link", "a"), ("Link", "b")])
    talk.exchange(first)
    second = unchanged()
    second.headers = httpx.Headers([("ETag", '"v1"'), ("Link", "c"), ("Link", "d")])
    assert talk.exchange(second).headers.get_list("link") == ["c", "d"]


def test_a_cookie_is_not_set_again() -> None:
    """It was, when it came."""
    talk = Talk()
    talk.exchange(whole(Set_Cookie="a=1"))
    assert "set-cookie" not in talk.exchange(unchanged(Set_Cookie="a=2")).headers


@pytest.mark.parametrize(("etag", "value"), [('"v1"', "2"), ('W/"v1"', "2"), (None, "2"), ('"other"', "1")])
def test_a_304_with_another_tag_says_nothing_of_the_headers(etag: str | None, value: str) -> None:
    """Tags are compared weakly (RFC 9110, 13.1.2); one that came without says that the one that was sent holds."""
    talk = Talk()
    talk.exchange(whole(X_A="1"))
    served = talk.exchange(unchanged(etag, X_A="2"))
    assert (served.status_code, served.headers["x-a"], served.headers["etag"]) == (200, value, '"v1"')


def test_a_304_may_end_the_keeping() -> None:
    """What is not to be stored any more serves once more."""
    talk = Talk()
    talk.exchange(whole())
    assert talk.exchange(unchanged(Cache_Control="no-store")).content == b"[1]"
    talk.exchange(whole())
    assert talk.asked is None


def test_a_new_answer_takes_the_place_of_the_old_one() -> None:
    """With its tag."""
    talk = Talk()
    talk.exchange(whole())
    assert talk.exchange(whole(b"[2]", '"v2"')).content == b"[2]"
    assert talk.exchange(unchanged('"v2"')).content == b"[2]"
    assert talk.asked == '"v2"'


def test_a_304_that_nobody_asked_for_passes_as_it_is() -> None:
    """There is nothing that it could stand for."""
    assert Talk().exchange(unchanged()).status_code == 304


def test_what_is_served_is_nobody_elses() -> None:
    """A caller that changes the headers of its response changes those of no other."""
    talk = Talk()
    talk.exchange(whole(X_A="1"))
    talk.exchange(unchanged()).headers["X-A"] = "changed"
    assert talk.exchange(unchanged()).headers["X-A"] == "1"


def test_a_body_that_was_decoded_is_kept_decoded() -> None:
    """And is not decoded again."""
    talk = Talk()
    packed = httpx.Response(200, content=gzip.compress(b"[1]"), headers={"ETag": '"z"', "Content-Encoding": "gzip"})
    assert talk.exchange(packed).content == b"[1]"
    served = talk.exchange(unchanged('"z"'))
    assert (served.content, served.headers["content-encoding"]) == (b"[1]", "gzip")
    assert served.json() == [1]


# -- what changes it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
@pytest.mark.parametrize(("status", "is_kept"), [(200, False), (204, False), (303, False), (404, True), (500, True)])
def test_an_effect_at_the_same_url_ends_the_keeping(method: str, status: int, is_kept: bool) -> None:
    """If it had one (RFC 9111, 4.4); whoever asked before, and whether its answer is read whole or not."""
    talk = Talk()
    talk.exchange(whole(), headers={"Authorization": "Bearer a"})
    talk.exchange(httpx.Response(status), method=method, is_buffered=False)
    talk.exchange(unchanged(), headers={"Authorization": "Bearer a"})
    assert (talk.asked is not None) is is_kept


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE"])
def test_what_has_no_effect_ends_nothing(method: str) -> None:
    """The safe methods (RFC 9110, 9.2.1)."""
    talk = Talk()
    talk.exchange(whole())
    talk.exchange(httpx.Response(200), method=method)
    talk.exchange(unchanged())
    assert talk.asked is not None


def test_an_effect_elsewhere_ends_nothing_here() -> None:
    """Another URL is another thing."""
    talk = Talk()
    talk.exchange(whole())
    talk.exchange(httpx.Response(200), method="POST", url=f"{URL}/7")
    talk.exchange(unchanged())
    assert talk.asked is not None


# -- the value -----------------------------------------------------------------------------------------------


def test_the_bounds_are_those_of_the_value() -> None:
    """The oldest of three makes room where two are kept."""
    talk = Talk(max_entries=2)
    for page in (1, 2, 3):
        talk.exchange(whole(), url=f"{URL}?page={page}")
    talk.exchange(unchanged(), url=f"{URL}?page=1")
    assert talk.asked is None


@pytest.mark.parametrize("name", ["max_entries", "max_bytes"])
@pytest.mark.parametrize(("value", "kind"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)])
def test_a_bound_is_a_positive_number(name: str, value: Any, kind: type[Exception]) -> None:
    """Anything else is refused by name."""
    with pytest.raises(kind, match=name):
        Revalidation(**{name: value})


def test_it_is_an_immutable_value() -> None:
    """Equal where its fields are, hashable, and frozen."""
    assert Revalidation() == Revalidation(max_entries=1000, max_bytes=64 * 1024 * 1024)
    assert hash(Revalidation()) == hash(Revalidation())
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Revalidation().max_entries = 1  # type: ignore[misc]
