"""Inputs that once broke the claim of a target, by its name; the ordinary run checks them all.

A fuzzer that finds another prints the line to be added here.
"""

from __future__ import annotations

__all__ = ["KEPT"]

KEPT: dict[str, tuple[bytes, ...]] = {
    "link": (
        b'\0\0\0</a>; rel="next\\',  # the backslash that ends the field was taken for a part of the value
    ),
    "http1": (
        # Of a 101 without an upgrade, what came along with the head was lost.
        b"\0\0\0\x09\x02HTTP/1.1 101 \r\n\r\nh",
        # A line end in front of a response was passed over where it came alone, and refused with the status line.
        b"\0\0\0\x0a\0\nHTTP/1.1 200 \r\n\r\n",
    ),
}
