"""What a download does next: what its partial file is worth, what a range is answered by, when it tries again.

No IO: the drivers of both colours (`trio_api.client`) store, wait and send as it says.
"""

from __future__ import annotations

import enum
import re
from typing import Final, NamedTuple, final

import attrs
import httpx

from .._errors import APIConnectionError, APIResponseValidationError
from .._logging import log_retry
from .._records import Reply
from .._redact import redact_url
from .._types import Omit, omit
from ..retry import RetryPolicy
from ._buffer import BodyBuffer
from ._checksum import Checksum
from ._version import Version, is_encoded

__all__ = ["Download", "Partial", "Phase"]

_BYTES: Final = r"([0-9]{1,18})"  # an exbibyte; Python refuses to read thousands of digits
_CONTENT_RANGE: Final = rf"(?i)bytes {_BYTES}-{_BYTES}/({_BYTES[1:-1]}|\*)"  # RFC 9110, 14.4
_UNSATISFIED: Final = rf"(?i)bytes \*/{_BYTES}"


class Phase(enum.Enum):
    """What is to be done."""

    STORE = "store the body of the response in hand, from `Download.offset` of the file on"
    ASK = "make the call again, with `Download.headers`, for another response"
    DONE = "the file is whole"


class Partial(NamedTuple):
    """What an earlier download left."""

    size: int
    """Bytes."""
    version: Version
    """Of which they are the first."""


@final
class Download:
    """One download, from the response in hand to the whole file.

    Args:
        reply: What the call came to; its body has not been read.
        policy: How often, and when, a body that broke off is gone on with.
        resume: Whether it is at all.
        found: What an earlier download left; None for nothing.
    """

    def __init__(
        self, reply: Reply, *, policy: RetryPolicy, resume: bool = False, found: Partial | None = None
    ) -> None:
        self._policy = policy
        self._resume = resume
        self._retries = 0
        self._furthest = 0
        self.phase: Phase = Phase.STORE
        """What is to be done."""
        self.offset: int = 0
        """Bytes that are stored."""
        self.total: int | None = None
        """Bytes of the whole, where that is known."""
        self.version: Version | None = None
        """What more could be asked of, and what a partial file is worth keeping for; None for nothing."""
        self.headers: dict[str, str | Omit] = {}
        """What the next request has to carry, and what not."""
        self._is_ranged = False  # whether it asks for the rest, or for the whole
        self._begin(reply)
        if found is not None:
            self._take_up(found)

    def _begin(self, reply: Reply) -> None:
        """Store what *reply* brings from the beginning on."""
        self._reply = reply
        self.phase, self.offset = Phase.STORE, 0
        self.total = _length(reply.response)
        self.version = Version.of(reply.response, self.total) if self._resume else None

    def _take_up(self, found: Partial) -> None:
        """Go on with what was *found*, if it is the beginning of what the response in hand would bring."""
        if self.version is None or not self.version.is_same(found.version) or not found.size:
            return
        if self.total is not None and found.size > self.total:
            return
        self.offset = found.size
        if found.size == self.total:
            self.phase = Phase.DONE
        else:
            self._ask(ranged=True)

    def _ask(self, *, ranged: bool) -> None:
        self.phase, self._is_ranged = Phase.ASK, ranged
        # Of what is encoded on the way, no range could be put to what is stored.
        self.headers = {"Accept-Encoding": "identity", "Range": omit, "If-Range": omit}
        if ranged and self.version is not None:
            self.headers |= {"Range": f"bytes={self.offset}-", "If-Range": self.version.validator}

    def stored(self, count: int) -> None:
        """So many bytes more are in the file."""
        self.offset += count

    def ended(self) -> APIConnectionError | None:
        """The body came to its end: the download is done, or it is not the whole body."""
        if self.total is None or self.offset == self.total:
            self.phase = Phase.DONE
            return None
        if self.offset > self.total:
            self.version = None  # what is stored is of no use
        request = self._reply.response.request
        return APIConnectionError(
            f"The body ended after {self.offset} of {self.total} bytes: {request.method} {redact_url(request.url)}",
            sent=True,
            request=request,
            attempts=self._reply.attempts,
        )

    def broke(self, error: APIConnectionError, time_left: float) -> float | None:
        """The body broke off.

        Bytes that no attempt had stored before begin the count of retries anew.

        Args:
            error: Why.
            time_left: Seconds to the nearest deadline.

        Returns:
            Seconds to wait before what is to be done now; None: give up.
        """
        if self.version is None:
            return None
        if self.offset > self._furthest:
            self._furthest, self._retries = self.offset, 0
        if self._retries >= self._policy.max_retries:
            return None
        wait = self._policy.delay(self._retries, time_left=time_left)
        if wait is None:
            return None
        self._retries += 1
        self._ask(ranged=self.offset > 0)
        record = attrs.evolve(self._reply.attempts[-1], error=error, waited=wait)
        log_retry(self._reply.response.request, record, self._retries, self._policy.max_retries)
        if self._policy.on_retry is not None:
            self._policy.on_retry(record)
        return wait

    def answered(self, reply: Reply) -> None:
        """The further call succeeded.

        Raises:
            APIResponseValidationError: It was answered by a part where the whole was asked for.
        """
        response = reply.response
        if response.status_code != 206:  # the whole, since it has changed or since ranges are not known there
            self._begin(reply)
        elif not self._is_ranged:
            raise APIResponseValidationError(
                "a part came (status 206) where the whole was asked for", response=BodyBuffer(response, 0).finish()
            )
        elif (total := self._total_after(response)) is not None:
            self._reply, self.phase, self.total = reply, Phase.STORE, total
        else:
            self._ask(ranged=False)

    def _total_after(self, response: httpx.Response) -> int | None:
        """The bytes of the whole, if the part that *response* brings goes on with what is stored; else None."""
        match = re.fullmatch(_CONTENT_RANGE, response.headers.get("content-range", "").strip())
        if match is None or is_encoded(response) or self.version is None or not self.version.fits(response.headers):
            return None
        first, last = int(match[1]), int(match[2])
        total = last + 1 if match[3] == "*" else int(match[3])
        fits = first == self.offset and first <= last < total and self.total in (None, total)
        return total if fits else None

    def refused(self, response: httpx.Response) -> bool:
        """The further call was answered by an error.

        Returns:
            Whether there is something to be done after it.
        """
        if response.status_code != 416 or not self._is_ranged or self.version is None:
            return False
        match = re.fullmatch(_UNSATISFIED, response.headers.get("content-range", "").strip())
        # Nothing comes after what is stored: it is the whole, if it still is what is there.
        if match is not None and int(match[1]) == self.offset and self.version.fits(response.headers):
            self.phase, self.total = Phase.DONE, self.offset
        else:
            self._ask(ranged=False)
        return True

    def verify(self, checksum: Checksum, digest: str) -> None:
        """Compare the *digest* of the whole file with what is expected.

        Raises:
            APIResponseValidationError: They differ.
        """
        if digest != checksum.digest:
            self.version = None  # what is stored is of no use
            raise APIResponseValidationError(
                f"the body has the {checksum.algorithm} {digest}, expected was {checksum.digest}",
                response=BodyBuffer(self._reply.response, 0).finish(),
            )

    @property
    def is_worth_keeping(self) -> bool:
        """Whether a later download could go on with what is stored."""
        return self.version is not None and self.offset > 0


def _length(response: httpx.Response) -> int | None:
    """Bytes that the body will have when it is decoded, where that is known before."""
    length = response.headers.get("content-length", "")
    if response.request.method == "HEAD" or "transfer-encoding" in response.headers or is_encoded(response):
        return None
    return int(length) if re.fullmatch(_BYTES, length) else None
