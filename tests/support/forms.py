"""What servers make of a multipart body: two parsers that nobody here wrote."""

from __future__ import annotations

import re
from typing import Any

import attrs
from python_multipart.multipart import MultipartParser, parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

__all__ = ["Received", "by_python_multipart", "by_werkzeug", "received_form"]


@attrs.frozen
class Received:
    """One part, as a server sees it."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str | None = None
    headers: dict[str, str] = attrs.field(factory=dict)


def received_form(body: bytes, content_type: str) -> list[Received]:
    """The parts of *body*, on which both parsers have to agree."""
    parts = by_python_multipart(body, content_type)
    # werkzeug takes WHATWG's %22 back, where there is a filename
    assert [attrs.evolve(part, name="", filename=None) for part in by_werkzeug(body, content_type)] == [
        attrs.evolve(part, name="", filename=None) for part in parts
    ]
    return parts


def by_python_multipart(body: bytes, content_type: str) -> list[Received]:
    """As Starlette and FastAPI parse it."""
    parts: list[Received] = []
    headers: dict[str, str] = {}
    name, value, content = bytearray(), bytearray(), bytearray()

    def header_ends() -> None:
        headers[name.decode().lower()] = value.decode()
        name.clear()
        value.clear()

    def part_ends() -> None:
        _, options = parse_options_header(headers["content-disposition"].encode())
        filename = options.get(b"filename")
        parts.append(
            Received(
                options[b"name"].decode(),
                bytes(content),
                None if filename is None else filename.decode(),
                headers.get("content-type"),
                _further(headers),
            )
        )
        headers.clear()
        content.clear()

    parser = MultipartParser(
        boundary_of(content_type),
        {
            "on_header_field": lambda data, start, end: name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: value.extend(data[start:end]),
            "on_header_end": header_ends,
            "on_part_data": lambda data, start, end: content.extend(data[start:end]),
            "on_part_end": part_ends,
        },
    )
    parser.write(body)
    parser.finalize()
    return parts


def by_werkzeug(body: bytes, content_type: str) -> list[Received]:
    """As Flask parses it."""
    decoder = MultipartDecoder(boundary_of(content_type))
    decoder.receive_data(body)
    decoder.receive_data(None)
    parts: list[Received] = []
    while not isinstance(event := decoder.next_event(), (Epilogue, NeedData)):
        if isinstance(event, (Field, File)):
            headers = {key.lower(): value for key, value in event.headers.items()}
            filename = event.filename if isinstance(event, File) else None
            parts.append(Received(event.name, b"", filename, headers.get("content-type"), _further(headers)))
        elif isinstance(event, Data):
            parts[-1] = attrs.evolve(parts[-1], content=parts[-1].content + event.data)
    assert isinstance(event, Epilogue)
    return parts


def boundary_of(content_type: str) -> bytes:
    match = re.fullmatch(r'multipart/[a-z-]+;.*boundary=(?:"([^"]+)"|([^";]+))', content_type)
    assert match, content_type
    return (match[1] or match[2]).encode()


def _further(headers: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key not in {"content-disposition", "content-type"}}
