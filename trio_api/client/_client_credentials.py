"""Tokens by the client-credentials grant of OAuth 2.0: each is fetched by a call of a client that lives that long."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, Literal, NoReturn, final

import httpx

from .._checks import check_seconds
from .._errors import APIConnectionError, APIError, APIStatusError, TokenError
from .._redact import redact_url, redacted_request, sealed
from ..auth import ClientCredentialsGrant, Token, read_token
from ..models import NotJSON, loads
from ..request import FinalRequestOptions
from ..retry import RetryPolicy
from ._blocking import SyncAPIClient
from ._trio import AsyncAPIClient

__all__ = ["ClientCredentials"]

_LONGEST_ANSWER: Final = 1024 * 1024  # bytes


@final
class ClientCredentials:
    """Gives `BearerAuth` its tokens by OAuth 2.0's client-credentials grant (RFC 6749, section 4.4).

    It is an async function of no arguments that gives a `Token`; in a blocking client `BearerAuth` calls
    `fetch_blocking` in its place. A fetch is a call like others, with retries of what may pass, by an HTTP client that
    is opened for it and closed after it. Redirects are not followed. Its repr shows no secret, and it can't be pickled.

    Args:
        token_url: The token endpoint: https, or http to this very machine.
        client_id: Who asks.
        client_secret: What proves it.
        scope: What the token shall be good for, names with spaces between; None leaves it to the server.
        audience: Whom it shall be good for, with servers that ask for that; None leaves it out.
        auth_style: Where the client's credentials go: ``"basic"`` in the Authorization header, which every server
            must take, or ``"body"`` in the form (RFC 6749, section 2.3.1). Default: ``"basic"``.
        extra_params: What else the server wants in the form.
        timeout: Seconds for a fetch with all its retries. Default: 30.
        retry: The retry policy of a fetch.
        http_client: An open `httpx.AsyncClient`, or `httpx.Client` for blocking clients, to send by; its owner closes
            it. Default: one for each fetch.

    Raises:
        TypeError, ValueError: An argument can't be what it is meant to be; the message names it, and shows no secret.
    """

    @sealed
    def __init__(
        self,
        *,
        token_url: str | httpx.URL,
        client_id: str,
        client_secret: str,
        scope: str | None = None,
        audience: str | None = None,
        auth_style: Literal["basic", "body"] = "basic",
        extra_params: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        retry: RetryPolicy | None = None,
        http_client: httpx.AsyncClient | httpx.Client | None = None,
    ) -> None:
        self._grant: Final = ClientCredentialsGrant(
            token_url=token_url,
            client_id=client_id,
            client_secret=client_secret,
            scope=scope,
            audience=audience,
            auth_style=auth_style,
            extra_params=extra_params,
        )
        _check_kind("http_client", http_client, httpx.AsyncClient, httpx.Client)
        _check_kind("retry", retry, RetryPolicy)
        self._http_client: Final[Any] = http_client
        self._timeout: Final = check_seconds("timeout", timeout)
        self._settings: Final[dict[str, Any]] = {
            "base_url": self._grant.token_url.copy_with(query=None),
            "total_timeout": self._timeout,
            "retry": retry,
            "follow_redirects": False,  # a redirect would carry the secret away
            "max_response_bytes": _LONGEST_ANSWER,
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {redact_url(self._grant.token_url)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} can't be pickled: it holds a secret")

    @sealed
    async def __call__(self) -> Token:
        """Fetch a token, on Trio.

        Raises:
            TokenError: The token endpoint gave none.
            TypeError: The ``http_client`` is of the other colour.
        """
        try:
            async with AsyncAPIClient(http_client=self._http_client, **self._settings) as client:
                return self._token_of(await client.request(httpx.Response, self._options()))
        except APIError as error:
            failed = self._failure_of(error)
        raise failed

    @sealed
    def fetch_blocking(self, within: float = math.inf) -> Token:
        """Fetch a token, without an event loop.

        Args:
            within: Seconds that it may take, where those are fewer than `timeout`. Default: no fewer.

        Raises:
            TokenError: The token endpoint gave none.
            TypeError: The ``http_client`` is of the other colour.
        """
        try:
            with SyncAPIClient(http_client=self._http_client, **self._settings_within(within)) as client:
                return self._token_of(client.request(httpx.Response, self._options()))
        except APIError as error:
            failed = self._failure_of(error)
        raise failed

    def _settings_within(self, seconds: float) -> dict[str, Any]:
        if seconds == math.inf:
            return self._settings
        return {**self._settings, "total_timeout": min(self._timeout, check_seconds("within", seconds))}

    def _options(self) -> FinalRequestOptions:
        grant = self._grant
        return FinalRequestOptions(
            method="POST", url=str(grant.token_url), headers=grant.headers(), content=grant.body()
        )

    def _token_of(self, response: httpx.Response) -> Token:
        if response.status_code != 200:
            raise self._failure(f"status {response.status_code}", response.request)
        try:
            return read_token(_json_of(response))
        except ValueError as error:
            complaint = str(error)
        raise self._failure(complaint, response.request)

    def _failure_of(self, error: APIError) -> TokenError:
        """The error of a fetch that failed with *error*, of which nothing is kept that may hold a token or a secret."""
        if isinstance(error, TokenError):
            return error
        code: str | None = None
        complaint = error.message
        if isinstance(error, APIStatusError):
            complaint, code = self._grant.complaint(error.status_code, _json_of(error.response))
        failure = self._failure(complaint, error.request)
        failure.code, failure.retry_after = code, error.retry_after
        failure.attempts = tuple(
            each for each in error.attempts if each.error is None or isinstance(each.error, APIConnectionError)
        )
        return failure

    def _failure(self, complaint: str, request: httpx.Request | None) -> TokenError:
        shown = redact_url(self._grant.token_url)
        return TokenError(
            f"No token from {shown}: {complaint}", request=None if request is None else redacted_request(request)
        )


def _check_kind(name: str, value: object, *kinds: type[object]) -> None:
    if value is not None and not isinstance(value, kinds):
        wanted = " or ".join(f"{kind.__name__}" for kind in kinds)
        raise TypeError(f"{name} must be {wanted}, got {type(value).__name__}")


def _json_of(response: httpx.Response) -> object:
    try:
        return loads(response.content)
    except NotJSON:
        return None
