"""What a download does next, without a byte of IO: ranges, changed files, short bodies, retries."""

from __future__ import annotations

import logging
import math
import random
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api import APIConnectionError, APIResponseValidationError, AttemptRecord, RetryPolicy
from trio_api._records import Reply
from trio_api._types import Headers
from trio_api.responses import Checksum, Download, Partial, Phase, Version

V1 = {"etag": '"v1"'}
POLICY = RetryPolicy(max_retries=2, jitter=0)
BROKEN = APIConnectionError("broken", sent=True)


def reply(status: int = 200, method: str = "GET", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = httpx.Request(method, "https://api.example.com/f?key=canary")
    response = httpx.Response(status, headers=named, request=request, stream=httpx.ByteStream(b"unread"))
    return Reply(response, (AttemptRecord(0, status_code=status),), 0)


def part(first: int, last: int, total: object = 100, **headers: str) -> Reply:
    return reply(206, **{**V1, "content_range": f"bytes {first}-{last}/{total}", **headers})


def whole(length: int | None = 100, **headers: str) -> Reply:
    known = {} if length is None else {"content_length": str(length)}
    return reply(**{**V1, **known, **headers})


def download(first: Reply | None = None, found: int | None = None, **how: Any) -> Download:
    partial = None if found is None else Partial(found, Version('"v1"', None, how.pop("size", None)))
    return Download(first or whole(), **{"policy": POLICY, "resume": True, "found": partial, **how})


def ranged(plan: Download) -> tuple[str | None, str | None]:
    asked = {name: value for name, value in plan.headers.items() if isinstance(value, str)}
    return asked.get("Range"), asked.get("If-Range")


# -- what is in hand -----------------------------------------------------------------------------------------


def test_a_body_is_stored_from_its_beginning() -> None:
    """It is done at its end, with as many bytes as were told of."""
    plan = download(resume=False)
    assert (plan.phase, plan.offset, plan.total) == (Phase.STORE, 0, 100)
    plan.stored(60)
    plan.stored(40)
    assert plan.ended() is None
    assert plan.phase is Phase.DONE


@pytest.mark.parametrize(
    "first",
    [
        whole(None),
        whole(100, transfer_encoding="chunked"),
        whole(100, content_encoding="gzip"),
        reply(method="HEAD", content_length="100"),
        reply(content_length="5, 5"),
        reply(content_length="9" * 30),
    ],
)
def test_without_a_known_length_the_end_is_the_end(first: Reply) -> None:
    """Of a coded body, Content-Length counts other bytes."""
    plan = download(first)
    assert plan.total is None
    plan.stored(7)
    assert plan.ended() is None
    assert plan.phase is Phase.DONE


def test_a_short_body_is_an_error() -> None:
    """It names both numbers, and no secret of the URL."""
    plan = download(resume=False)
    plan.stored(60)
    error = plan.ended()
    assert isinstance(error, APIConnectionError)
    assert str(error) == "The body ended after 60 of 100 bytes: GET https://api.example.com/f"
    assert (error.sent, error.attempts) == (True, (AttemptRecord(0, status_code=200),))
    assert plan.broke(error, math.inf) is None
    assert not plan.is_worth_keeping


def test_a_body_that_is_too_long_is_of_no_use() -> None:
    """It is not gone on with, nor kept."""
    plan = download()
    plan.stored(101)
    error = plan.ended()
    assert error is not None
    assert plan.broke(error, math.inf) is None
    assert not plan.is_worth_keeping


# -- what an earlier download left ---------------------------------------------------------------------------


def test_a_part_of_the_same_version_is_gone_on_with() -> None:
    """The rest is asked for, on condition that nothing has changed, and unencoded."""
    plan = download(found=60)
    assert (plan.phase, plan.offset) == (Phase.ASK, 60)
    assert plan.headers == {"Accept-Encoding": "identity", "Range": "bytes=60-", "If-Range": '"v1"'}
    assert plan.is_worth_keeping


def test_a_date_is_a_condition_too() -> None:
    """Where there is no tag."""
    old = "Sun, 06 Nov 1994 08:49:37 GMT"
    plan = download(reply(last_modified=old), found=None)
    plan.stored(5)
    assert plan.broke(BROKEN, math.inf) is not None
    assert ranged(plan) == ("bytes=5-", old)


def test_a_part_that_is_the_whole_needs_nothing() -> None:
    """It was left between its last byte and its rename."""
    assert download(found=100).phase is Phase.DONE


@pytest.mark.parametrize(
    "how",
    [
        {"found": 60, "first": whole(etag='"v2"')},
        {"found": 60, "first": whole(etag='W/"v1"')},
        {"found": 60, "first": whole(content_encoding="gzip")},
        {"found": 60, "first": whole(100), "size": 99},
        {"found": 101},
        {"found": 0},
    ],
)
def test_a_part_of_something_else_is_overwritten(how: dict[str, Any]) -> None:
    """Changed, uncertain, too long or empty: the response in hand is stored from its beginning."""
    plan = download(**how)
    assert (plan.phase, plan.offset) == (Phase.STORE, 0)


# -- what the request for the rest is answered by ------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "total"),
    [
        (part(60, 99), 100),
        (part(60, 99, "*"), 100),
        (part(60, 79), 100),  # RFC 9110, 15.3.7: it may be less than was asked for
        (reply(206, content_range="Bytes 60-99/100"), 100),  # the tag need not be repeated
    ],
)
def test_the_rest_is_appended(answer: Reply, total: int) -> None:
    """A 206 that begins where the part ends."""
    plan = download(found=60)
    plan.answered(answer)
    assert (plan.phase, plan.offset, plan.total) == (Phase.STORE, 60, total)


def test_a_total_that_only_the_rest_tells_counts() -> None:
    """The first response may have come in chunks."""
    plan = download(whole(None), found=60)
    plan.answered(part(60, 79, 80))
    plan.stored(10)
    assert "70 of 80 bytes" in str(plan.ended())


@pytest.mark.parametrize(
    "answer",
    [
        part(59, 99),
        part(61, 99),
        part(60, 99, 101),
        part(60, 59),
        part(60, 100, 100),
        part(60, 99, etag='"v2"'),
        part(60, 99, content_encoding="gzip"),
        reply(206, content_type="multipart/byteranges; boundary=x"),
        reply(206, content_range="items 60-99/100"),
        reply(206, content_range=f"bytes {'9' * 5000}-99/100"),
    ],
)
def test_another_part_than_was_asked_for_starts_again(answer: Reply) -> None:
    """The whole is asked for, and then stored from the beginning."""
    plan = download(found=60)
    plan.answered(answer)
    assert (plan.phase, ranged(plan)) == (Phase.ASK, (None, None))
    plan.answered(whole(etag='"v2"'))
    assert (plan.phase, plan.offset, plan.version) == (Phase.STORE, 0, Version('"v2"', None, 100))


def test_a_part_in_answer_to_the_whole_is_an_error() -> None:
    """Nothing is made of it."""
    plan = download(found=60)
    plan.answered(part(0, 1))
    with pytest.raises(APIResponseValidationError, match="a part came") as caught:
        plan.answered(part(0, 1))
    assert caught.value.response.content == b""


def test_a_changed_file_starts_again() -> None:
    """A 200 is the whole, of whatever version there is now."""
    plan = download(found=60)
    plan.answered(whole(7, etag='"v2"'))
    assert (plan.phase, plan.offset, plan.total) == (Phase.STORE, 0, 7)


@pytest.mark.parametrize(
    ("headers", "phase"),
    [
        ({"content_range": "bytes */60"}, Phase.DONE),
        ({"content_range": "bytes */60", **V1}, Phase.DONE),
        ({"content_range": "bytes */60", "etag": '"v2"'}, Phase.ASK),
        ({"content_range": "bytes */50"}, Phase.ASK),
        ({"content_range": f"bytes */{'9' * 5000}"}, Phase.ASK),
        ({}, Phase.ASK),
    ],
)
def test_nothing_after_the_part_is_the_end_or_a_change(headers: dict[str, str], phase: Phase) -> None:
    """A 416 that names the part's own size says that it is the whole."""
    plan = download(whole(None), found=60)
    assert plan.refused(reply(416, **headers).response)
    assert (plan.phase, ranged(plan)[0]) == (phase, None if phase is Phase.ASK else "bytes=60-")


@pytest.mark.parametrize("status", [404, 412, 503])
def test_other_errors_are_the_callers(status: int) -> None:
    """And what is stored is kept for another time."""
    plan = download(found=60)
    assert not plan.refused(reply(status).response)
    assert plan.is_worth_keeping


def test_a_refused_whole_is_the_callers_too() -> None:
    """No range was asked for, so a 416 says nothing of one."""
    plan = download(found=60)
    plan.refused(reply(416).response)
    assert not plan.refused(reply(416).response)


# -- what breaks off -----------------------------------------------------------------------------------------


def test_a_broken_body_is_gone_on_with_after_the_backoff() -> None:
    """From where it broke; and from the beginning where nothing came."""
    plan = download()
    assert plan.broke(BROKEN, math.inf) == 0.5
    assert ranged(plan) == (None, None)
    plan.answered(whole())
    plan.stored(60)
    assert plan.broke(BROKEN, math.inf) == 0.5
    assert ranged(plan) == ("bytes=60-", '"v1"')


def test_retries_count_what_brings_nothing() -> None:
    """The waits grow, and after max_retries that is all; a byte more begins anew."""
    plan = download()
    plan.stored(60)
    assert [plan.broke(BROKEN, math.inf) for _ in range(3)] == [0.5, 1.0, None]
    plan.stored(1)
    assert plan.broke(BROKEN, math.inf) == 0.5


def test_a_server_whose_file_always_changes_is_given_up() -> None:
    """Only bytes that no attempt had stored before count as progress."""
    plan = download()
    waits = []
    for _ in range(4):
        plan.stored(60)
        waits.append(plan.broke(BROKEN, math.inf))
        plan.answered(whole(etag=f'"{len(waits)}"'))
    assert waits == [0.5, 1.0, None, None]


def test_a_wait_that_passes_the_deadline_is_not_begun() -> None:
    """The real error comes now."""
    assert download().broke(BROKEN, 0.4) is None
    assert download().broke(BROKEN, -1) is None


def test_what_is_not_to_be_resumed_breaks_once() -> None:
    """Without resume=True, or without a version, the first break is the last."""
    assert download(resume=False).broke(BROKEN, math.inf) is None
    assert download(reply()).broke(BROKEN, math.inf) is None


def test_a_retry_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """As any retry is: at INFO, without the query, and to on_retry."""
    caplog.set_level(logging.INFO, "trio_api")
    records: list[AttemptRecord] = []
    plan = download(policy=RetryPolicy(jitter=0, on_retry=records.append))
    assert plan.broke(BROKEN, math.inf) == 0.5
    assert [(record.error, record.waited) for record in records] == [(BROKEN, 0.5)]
    assert "GET https://api.example.com/f: retry 1 of 2 in 0.500 s" in caplog.text
    assert "canary" not in caplog.text


def test_a_wrong_checksum_is_an_error() -> None:
    """And what is stored is of no use."""
    plan = download(found=60)
    plan.verify(Checksum("md5", "0a"), "0a")
    assert plan.is_worth_keeping
    with pytest.raises(APIResponseValidationError, match="the body has the md5 0b, expected was 0a"):
        plan.verify(Checksum("md5", "0a"), "0b")
    assert not plan.is_worth_keeping


# -- any order of faults -------------------------------------------------------------------------------------


@given(st.data())
def test_any_order_of_faults_ends_with_the_whole_or_an_error(data: st.DataObject) -> None:
    """Against a server that cuts, changes its file, ignores ranges and sends wrong ones, the file is one version."""
    contents = [
        bytes([65 + number]) * size for number, size in enumerate(data.draw(st.lists(st.integers(1, 9), min_size=1)))
    ]
    stored, current = b"", 0

    def respond(headers: Headers) -> tuple[Reply, bytes]:
        nonlocal current
        current = min(current + data.draw(st.booleans()), len(contents) - 1)
        content, tag = contents[current], f'"{current}"'
        if headers.get("If-Range") == tag and data.draw(st.booleans()):
            start = int(str(headers["Range"])[6:-1]) + data.draw(st.sampled_from([0, 0, 0, 1]))
            if start < len(content):
                return part(start, len(content) - 1, len(content), etag=tag), content[start:]
        return whole(len(content), etag=tag), content

    random.seed(data.draw(st.integers()))
    answer, body = respond({})
    plan = Download(answer, policy=POLICY, resume=True)
    while plan.phase is not Phase.DONE:
        if plan.phase is Phase.ASK:
            answer, body = respond(plan.headers)
            plan.answered(answer)
            continue
        stored = stored[: plan.offset]
        came = body[: data.draw(st.integers(0, len(body)))]
        stored += came
        plan.stored(len(came))
        error = plan.ended()
        if error is not None and plan.broke(error, math.inf) is None:
            return
    assert stored in contents
