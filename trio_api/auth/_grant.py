"""The client-credentials grant of OAuth 2.0 (RFC 6749, section 4.4): what is sent, and what the answer says."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn
from urllib.parse import quote_plus, urlencode

import attrs
import httpx

from .._checks import check_choice, is_mapping
from .._redact import REDACTED, redact_url
from ._token import Token

__all__ = ["ClientCredentialsGrant", "read_token"]

_OWN_PARAMETERS: Final = frozenset({"grant_type", "client_id", "client_secret", "scope", "audience"})
_EXAMPLE_URL: Final = "a token endpoint is a whole URL, such as https://auth.example.com/oauth/token"
_LONGEST_LIFE: Final = 1e15  # seconds, thirty million years; servers say "never" by any large number
_LONGEST_WORDS: Final = 300  # characters of the server's own in an error


def _url(value: object) -> httpx.URL:
    if not isinstance(value, (str, httpx.URL)):
        raise TypeError(f"token_url must be a str or an httpx.URL, got {type(value).__name__}")
    url = _parsed(value)
    if url is None:
        raise ValueError(f"token_url is no URL: {_EXAMPLE_URL}")
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"token_url must be an https URL, got {redact_url(url)!r}: {_EXAMPLE_URL}")
    if url.userinfo or url.fragment:
        raise ValueError("token_url must have no userinfo and no fragment; the client has client_id and client_secret")
    if url.scheme == "http" and not _is_loopback(url.host):
        # RFC 6749, section 3.2: the endpoint is sent a secret and answers with one.
        raise ValueError(f"token_url must be https, but on this very machine, got {redact_url(url)!r}")
    return url


def _parsed(value: str | httpx.URL) -> httpx.URL | None:
    try:
        return httpx.URL(value)
    except httpx.InvalidURL:  # which quotes the part that it does not like
        return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, section 6.3


def _text(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{attribute.name} must be a str, got {type(value).__name__}")
    if not value:
        raise ValueError(f"{attribute.name} must not be empty")


def _auth_style(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_choice(attribute.name, value, ("basic", "body"))


def _parameters(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not is_mapping(value) or not all(isinstance(each, str) for pair in value.items() for each in pair):
        raise TypeError("extra_params must be a mapping of str to str")
    if taken := sorted(_OWN_PARAMETERS & set(value)):
        raise ValueError(f"extra_params must not have {', '.join(taken)}: the grant sets them itself")
    return dict(value)


@attrs.frozen(kw_only=True, repr=False)
class ClientCredentialsGrant:
    """What a client says to a token endpoint. Its repr shows no secret."""

    token_url: httpx.URL = attrs.field(converter=_url)
    client_id: str = attrs.field(validator=_text)
    client_secret: str = attrs.field(validator=_text)
    scope: str | None = attrs.field(default=None, validator=attrs.validators.optional(_text))
    audience: str | None = attrs.field(default=None, validator=attrs.validators.optional(_text))
    auth_style: str = attrs.field(default="basic", validator=_auth_style)
    """``"basic"`` or ``"body"``."""
    extra_params: Mapping[str, str] = attrs.field(default=None, converter=_parameters)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {redact_url(self.token_url)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} can't be pickled: it holds a secret")

    def headers(self) -> dict[str, str]:
        """The headers of the request, with the client's own credentials where they go there."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self.auth_style == "basic":
            # RFC 6749, section 2.3.1: encoded as a form's values before they are put together.
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return headers

    def body(self) -> bytes:
        """The form."""
        form = {"grant_type": "client_credentials"}
        if self.scope is not None:
            form["scope"] = self.scope
        if self.audience is not None:  # not in the RFC; several vendors ask for it
            form["audience"] = self.audience
        if self.auth_style == "body":
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        return urlencode({**form, **self.extra_params}).encode()

    def complaint(self, status: int, body: object) -> tuple[str, str | None]:
        """What a refusal says (RFC 6749, section 5.2).

        Args:
            status: The response's status.
            body: Its JSON, or None where it has none.

        Returns:
            One line without the client's secret, and the ``error`` code where there is one.
        """
        told: Mapping[str, object] = body if is_mapping(body) else {}
        code, description = (self._line(told.get(name)) for name in ("error", "error_description"))
        line = ": ".join(part for part in (code, description) if part)
        return f"status {status}" + (f", {line}" if line else ""), code or None

    def _line(self, value: object) -> str:
        """The server's own words in one line, without the secret that it was sent."""
        text = value if isinstance(value, str) else ""
        for secret in (self.client_secret, quote_plus(self.client_secret)):
            text = text.replace(secret, REDACTED)  # first: a secret may have white space in it
        return " ".join(text.split())[:_LONGEST_WORDS]


def read_token(body: object) -> Token:
    """The token of a successful answer (RFC 6749, section 5.1).

    Raises:
        ValueError: There is none that can be used; the message does not show it.
    """
    if not is_mapping(body):
        raise ValueError("its answer is no JSON object")
    kind, value = body.get("token_type"), body.get("access_token")
    if not isinstance(value, str):
        raise ValueError("its answer has no access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        # Section 7.1: a token of a type that one does not understand must not be used.
        shown = repr(kind[:30]) if isinstance(kind, str) and kind != value else "none"
        raise ValueError(f"its token_type is {shown}, not Bearer")
    return Token(value, expires_in=_expires_in(body.get("expires_in")))


def _expires_in(value: object) -> float | None:
    """Seconds, also where they came as text; None where nothing usable was said."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}(?:\.[0-9]{1,15})?", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 < value <= _LONGEST_LIFE else None
