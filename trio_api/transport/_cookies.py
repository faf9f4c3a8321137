"""A jar that a server can't fill without end: each of its cookies would go along with each later request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from http.cookiejar import Cookie, CookieJar
from typing import Any, Final, final

import httpx

__all__ = ["bounded_cookies"]

# RFC 6265, section 6.1, has the least of each that a client should have room for; of a host, 50.
_LONGEST: Final = 4096  # bytes of a name and its value
_MOST_OF_HOST: Final = 180  # as Chrome has it
_MOST: Final = 3000


@final
class _BoundedJar(CookieJar):
    """Takes no more from servers than the bounds say. What an application puts in itself is its own affair."""

    def make_cookies(self, response: Any, request: Any) -> Sequence[Cookie]:
        """The cookies that *response* sets and there is room for; one that takes another's place always has it."""
        known = {(cookie.domain, cookie.path, cookie.name) for cookie in self}
        of_host = Counter(domain for domain, _, _ in known)
        taken: list[Cookie] = []
        for cookie in super().make_cookies(response, request):
            key = cookie.domain, cookie.path, cookie.name
            if len(cookie.name) + len(cookie.value or "") > _LONGEST:
                continue
            if key not in known:
                if len(known) >= _MOST or of_host[cookie.domain] >= _MOST_OF_HOST:
                    continue
                known.add(key)
                of_host[cookie.domain] += 1
            taken.append(cookie)
        return taken


def bounded_cookies(given: Any) -> CookieJar:
    """What an HTTP client was *given* as ``cookies``, in a jar with bounds; a jar of the caller's own as it is."""
    if isinstance(given, CookieJar):
        return given
    jar = _BoundedJar()
    for cookie in httpx.Cookies(given).jar:
        jar.set_cookie(cookie)
    return jar
