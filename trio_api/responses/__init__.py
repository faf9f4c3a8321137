"""From an HTTP response to what the call asked for: a value, a page, a wrapper, or an error."""

from __future__ import annotations

from ._api_response import BaseAPIResponse as BaseAPIResponse
from ._buffer import BodyBuffer as BodyBuffer
from ._checksum import Checksum as Checksum
from ._cutters import (
    ByteCutter as ByteCutter,
    Cutter as Cutter,
    TextCutter as TextCutter,
)
from ._decode import Decoded as Decoded, decode as decode
from ._decode_event import decode_event as decode_event
from ._decoding import ContentDecoder as ContentDecoder
from ._download import Download as Download, Partial as Partial, Phase as Phase
from ._duplicates import duplicate_error as duplicate_error, duplicate_response as duplicate_response
from ._lazy_response import (
    LazyResponse as LazyResponse,
    header_of as header_of,
    raw_header as raw_header,
    raw_headers_of as raw_headers_of,
)
from ._problem_log import ProblemLog as ProblemLog
from ._revalidation import Inquiry as Inquiry, Revalidation as Revalidation, Revalidator as Revalidator
from ._status import make_status_error as make_status_error
from ._version import Version as Version
