"""``Content-Disposition``: this library writes it, for the parts of a form, and reads none.

The first byte of an input says how many bytes of the rest are the field's name; what follows is the file's. Bytes that
are no UTF-8 stand for lone surrogates.
"""

from __future__ import annotations

import re

from support.forms import Received, by_python_multipart, by_werkzeug
from trio_api.request._multipart import Multipart, make_part
from trio_api.request._sources import DataSource

from .target import Target, split_off

__all__ = ["CONTENT_DISPOSITION"]

_UNSENDABLE = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]|\\\Z"
)  # what a quoted-string can't hold, or servers misread
_STRING = rb'"((?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t !-~\x80-\xff])*)"'  # RFC 9110, 5.6.4
_HEAD = re.compile(rb"Content-Disposition: form-data; name=%b(?:; filename=%b)?\r\n\r\n" % (_STRING, _STRING))
_CONTENT = b"content"


def check_content_disposition(data: bytes) -> None:
    (length,), texts = split_off(data, 1)
    name, filename = (text.decode("utf-8", "surrogateescape") for text in (texts[:length], texts[length:]))
    try:
        part = make_part("files", name, DataSource(_CONTENT), filename=filename)
    except ValueError:
        assert _UNSENDABLE.search(name) or _UNSENDABLE.search(filename)
        return
    assert not _UNSENDABLE.search(name)
    assert not _UNSENDABLE.search(filename)

    head = _HEAD.fullmatch(part.head)
    assert head is not None
    assert _unquoted(head[1]) == _shown(name)
    assert (head[2] is None) == (not filename)
    assert _unquoted(head[2] or b"") == _shown(filename)

    form = Multipart([part])
    body, kind = b"".join(form.pieces()), f"multipart/form-data; boundary={form.boundary}"
    for (received,) in (by_python_multipart(body, kind), by_werkzeug(body, kind)):
        _check_received(received, name, filename)


def _check_received(received: Received, name: str, filename: str) -> None:
    """One part came, of this name and content; and of this file, unless a parser cut what looks like a path."""
    assert received.content == _CONTENT
    assert not received.headers
    assert _shown(received.name) == _shown(name)
    assert (received.filename is None) == (not filename)
    if received.filename is not None:
        found, meant = _shown(received.filename), _shown(filename)
        assert found == meant or ("\\" in filename and meant.endswith(found))


def _unquoted(written: bytes) -> str:
    return re.sub(rb"\\(.)", rb"\1", written, flags=re.DOTALL).decode()


def _shown(text: str) -> str:
    """*text* with quotation marks as WHATWG has them, which some parsers take back."""
    return text.replace('"', "%22")


CONTENT_DISPOSITION = Target(
    "content_disposition",
    "Any name of a field and of a file is read by servers as it was meant, or refused; none makes another header.",
    check_content_disposition,
    seeds=(
        b"\x05filesreport.pdf",
        b'\x04name; filename="evil"',
        b"\x04a\r\nbC:\\dir\\x.txt",
        b"\x03\xc3\xa9x\xe2\x82\xac.txt",
        b"\x01a../../etc/passwd",
        b"\x01a\xed\xa0\x80",
    ),
    words=(
        *(
            b'"',
            b"\\",
            b";",
            b"=",
            b"; ",
            b": ",
            b"filename",
            b"filename*=utf-8''a",
            b"name",
            b"%22",
            b"%0d%0a",
            b"%00",
        ),
        *(
            b"\r\n",
            b"\r",
            b"\n",
            b"\0",
            b"\t",
            b"\x7f",
            b"\x85",
            b" ",
            b"/",
            b"..",
            b"C:\\",
            b"\\\\",
            b"--",
            b"'",
            b"=?",
        ),
        *(b"\xc3\xa9", b"\xc2\x85", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"\xff", b"\xed\xa0\x80"),
    ),
    largest=512,
)
