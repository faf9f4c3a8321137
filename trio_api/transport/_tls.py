"""The TLS context of a client: made once, and where possible not before the first connection that needs it."""

from __future__ import annotations

import os
import ssl
from typing import Any, final

import httpx

__all__ = ["TlsContext"]


@final
class TlsContext:
    """Makes httpx's context of what httpx is told.

    Reading the default bundle of certificates takes longer than a hundred requests do, and a client that speaks to
    ``http://`` alone never needs it. All else is made at once, so that what is wrong with it is said where it is given.

    Args:
        verify: True, False, a context, or the path of a bundle, as httpx has it.
        cert: A client certificate, as httpx has it.
        trust_env: Whether ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are looked at.

    Raises:
        OSError, ssl.SSLError: The certificates can't be read.
    """

    def __init__(self, verify: ssl.SSLContext | str | bool = True, cert: Any = None, trust_env: bool = True) -> None:
        self._verify = verify
        self._cert = cert
        self._trust_env = trust_env
        self._context: ssl.SSLContext | None = None
        of_environment = trust_env and any(os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
        if verify is not True or cert or of_environment:
            self.get()

    def get(self) -> ssl.SSLContext:
        """The context."""
        if self._context is None:
            self._context = httpx.create_ssl_context(self._verify, self._cert, self._trust_env)
        return self._context

    @property
    def settings(self) -> dict[str, Any]:
        """What another is told who makes a context late, too: the one that is made, or what it would be made of."""
        if self._context is not None:
            return {"verify": self._context}
        return {"verify": self._verify, "cert": self._cert, "trust_env": self._trust_env}
