"""A fault on the wire is a value: its steps, when they begin, and what can be none of them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from trio_api.testing import End, FaultServer, Reply, WireFault

BODY = Reply(content=b"hello")


@pytest.mark.parametrize(
    ("steps", "kind", "message"),
    [
        ([], TypeError, "a WireFault needs a step"),
        ([End.RESET, b"late"], ValueError, "a step stands behind End.RESET"),
        (["text"], TypeError, "a step that is neither bytes nor a Reply nor an End must be a number of seconds"),
        ([-1], ValueError, "must be a number of seconds that is not negative, got -1"),
        ([math.nan], ValueError, "must be a number of seconds"),
    ],
)
def test_what_is_no_step_is_refused(steps: list[Any], kind: type[Exception], message: str) -> None:
    """At whatever stage, and by name."""
    for make in (WireFault, WireFault.connecting, WireFault.sending, WireFault.answering):
        with pytest.raises(kind, match=message):
            make(steps) if make is WireFault else make(*steps)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: WireFault([b"x"], "sending"), TypeError, "stage must be one of those of Fault"),  # type: ignore[arg-type]
        (lambda: WireFault.sending(End.RESET, after_bytes=-1), ValueError, "after_bytes must not be negative, got -1"),
        (lambda: WireFault.sending(End.RESET, after_bytes=1.5), TypeError, "after_bytes must be a number of bytes"),  # type: ignore[arg-type]
        (lambda: WireFault.drip(BODY, every=-1), ValueError, "every must be a number of seconds that is not negative"),
        (lambda: WireFault.drip(BODY, every=1, size=0), ValueError, "size must be at least 1, got 0"),
        (lambda: WireFault.drip(b"x", every=1), TypeError, "reply must be a Reply, got b'x'"),  # type: ignore[arg-type]
        (lambda: WireFault.bad_chunk({}), TypeError, "reply must be a Reply, got {}"),  # type: ignore[arg-type]
        (lambda: FaultServer(), TypeError, r"a FaultServer needs an answer: FaultServer\({'id': 1}\)"),
        (lambda: FaultServer("text"), TypeError, "an answer must be a Reply, a WireFault, a status, .* got 'text'"),
        (lambda: FaultServer(OSError()), TypeError, r"a real server raises nothing: .* WireFault.answering\(End.RESET"),  # type: ignore[arg-type]
        (lambda: FaultServer(700_000), ValueError, "status must be that of a final response"),
        (lambda: FaultServer(200, tls=True), TypeError, "tls must be an ssl.SSLContext, or None for plain HTTP"),  # type: ignore[arg-type]
        (lambda: FaultServer(WireFault.connecting(0.1)), ValueError, "the last answer is for all further attempts"),
    ],
)
def test_bad_arguments_are_refused_by_name(make: Any, kind: type[Exception], message: str) -> None:
    """Before there is a server."""
    with pytest.raises(kind, match=message):
        make()


def test_a_drip_is_its_reply_drop_by_drop() -> None:
    """The head too, with the pauses of the reply in between; the last drop may be a smaller one."""
    steps = WireFault.drip(Reply(pieces=[b"abc", 5.0, b"d"], delay=7.0), every=0.5, size=2).steps
    data = b"".join(step for step in steps if isinstance(step, bytes))
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert data.endswith(b"\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n")
    assert steps[0] == 7.0
    assert steps.count(5.0) == 1
    assert steps.count(0.5) == sum(isinstance(step, bytes) for step in steps)
    assert max(len(step) for step in steps if isinstance(step, bytes)) == 2


def test_a_drip_of_a_cut_reply_is_cut() -> None:
    """It does not go on as if the rest had come, and it is reset where the cut is one."""
    assert WireFault.drip(BODY.cut(2), every=1).steps[-1] is End.DROP
    assert WireFault.drip(BODY.cut(2, OSError("reset")), every=1).steps[-1] is End.RESET


def test_faults_are_equal_by_value() -> None:
    """And go into sets and parameters of tests."""
    assert WireFault.answering(b"x", 1.0, End.RESET) == WireFault.answering(b"x", 1.0, End.RESET)
    assert len({WireFault.connecting(End.RESET), WireFault.connecting(End.RESET), WireFault.answering(End.RESET)}) == 2
