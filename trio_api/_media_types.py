"""Media types, as Content-Type has them (RFC 9110, section 8.3.1), read without trust."""

from __future__ import annotations

__all__ = ["essence_of", "is_json"]


def essence_of(content_type: str) -> str:
    """The type itself, in lower case and without parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_json(content_type: str) -> bool:
    """Whether it is JSON: ``application/json``, ``text/json`` or ``+json`` (RFC 6839)."""
    essence = essence_of(content_type)
    return essence in {"application/json", "text/json"} or essence.endswith("+json")
