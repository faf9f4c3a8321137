"""Single calls to a real server: httpbin behind gunicorn."""

from __future__ import annotations

import time
import uuid
from typing import Any
from urllib.parse import quote

import attrs
import httpx
import pytest

from support.live import Live, settle
from trio_api import (
    APIConnectionError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AsyncAPIClient,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeoutError,
    ResponseTooLargeError,
    RetryPolicy,
    SyncAPIClient,
    UnprocessableEntityError,
)

QUICK = RetryPolicy(initial=0.001)


@attrs.frozen
class Echo:
    """What httpbin says of a request."""

    url: str
    args: dict[str, str | list[str]]
    headers: dict[str, str]
    method: str | None = None
    data: str | None = None
    json: object = None


# -- what is sent --------------------------------------------------------------------------------------------


def test_a_get(live: Live, httpbin: str) -> None:
    """Path, query and headers arrive as they were meant."""
    params = {"tag": ["a", "b & c"], "filter": {"name": "é"}, "on": True, "none": None, "empty": ""}
    echo = live.call(
        f"{httpbin}/anything",
        lambda client: client.get("a/b?x=1", cast_to=Echo, options={"params": params, "headers": {"X-Trace": "t1"}}),
    )
    assert echo.args == {"x": "1", "tag": ["a", "b & c"], "filter[name]": "é", "on": "true", "empty": ""}
    assert (echo.method, echo.url.partition("?")[0]) == ("GET", f"{httpbin}/anything/a/b")
    assert echo.headers["X-Trace"] == "t1"
    assert echo.headers["Accept"] == "application/json"
    assert "Content-Type" not in echo.headers
    assert "Idempotency-Key" not in echo.headers


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_a_json_body(live: Live, httpbin: str, verb: str) -> None:
    """A body arrives as JSON, whatever the verb; POST and PATCH carry a key."""
    body = {"name": "Zoë", "tags": [1, 2.5, None, True], "big": 2**60}
    echo = live.call(httpbin, lambda client: getattr(client, verb)("/anything", cast_to=Echo, body=body))
    assert (echo.method, echo.json) == (verb.upper(), body)
    assert echo.headers["Content-Type"] == "application/json"
    assert ("Idempotency-Key" in echo.headers) == (verb in ("post", "patch"))


def test_a_delete_without_a_body(live: Live, httpbin: str) -> None:
    """A DELETE without a body says nothing of a body's type."""
    echo = live.call(httpbin, lambda client: client.delete("/anything", cast_to=Echo))
    assert "Content-Type" not in echo.headers


# -- what comes back -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip", "deflate", "brotli"])
def test_content_encodings(live: Live, httpbin: str, coding: str) -> None:
    """Compressed bodies are decoded."""
    found = live.call(httpbin, lambda client: client.get(f"/{coding}", cast_to=dict[str, object]))
    assert found["deflated" if coding == "deflate" else "gzipped" if coding == "gzip" else "brotli"] is True


def test_text(live: Live, httpbin: str) -> None:
    """Text comes decoded, of whatever type."""
    assert "∮ E⋅da = Q" in live.call(httpbin, lambda client: client.get("/encoding/utf8", cast_to=str))


def test_bytes(live: Live, httpbin: str) -> None:
    """Bytes come as they are."""
    data = [live.call(httpbin, lambda client: client.get("/bytes/1000?seed=7", cast_to=bytes)) for _ in range(2)]
    assert len(data[0]) == 1000
    assert data[0] == data[1]


def test_chunks_without_a_length(live: Live, httpbin: str) -> None:
    """A body of unknown length is read to its end."""
    found = live.call(httpbin, lambda client: client.get("/stream-bytes/5000?seed=7&chunk_size=700", cast_to=bytes))
    assert len(found) == 5000


def test_a_typed_value(live: Live, httpbin: str) -> None:
    """JSON is built into the type that was asked for."""
    found = live.call(httpbin, lambda client: client.get("/uuid", cast_to=dict[str, uuid.UUID]))
    assert found["uuid"].version == 4


@pytest.mark.parametrize("path", ["/html", "/xml", "/status/200", "/deny"])
def test_no_json_where_a_model_was_asked_for(live: Live, httpbin: str, path: str) -> None:
    """HTML, XML, nothing and plain text are no model, however good the status."""
    with pytest.raises(APIResponseValidationError):
        live.call(httpbin, lambda client: client.get(path, cast_to=Echo))


def test_a_body_that_is_too_large(live: Live, httpbin: str) -> None:
    """No more is read than was allowed."""
    with pytest.raises(ResponseTooLargeError):
        live.call(httpbin, lambda client: client.get("/bytes/50000", cast_to=bytes), max_response_bytes=10_000)


def test_the_raw_response(live: Live, httpbin: str) -> None:
    """The wrapper has status, headers and attempts beside the value."""
    response = live.call(
        httpbin,
        lambda client: client.with_raw_response.get(
            "/response-headers?X-Request-Id=r1&X-Other=2", cast_to=dict[str, object]
        ),
    )
    assert (response.status_code, response.request_id, response.retries_taken) == (200, "r1", 0)
    assert response.headers["x-other"] == "2"


# -- status codes and retries --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (408, RequestTimeoutError),
        (409, ConflictError),
        (418, APIStatusError),
        (422, UnprocessableEntityError),
        (429, RateLimitError),
        (500, InternalServerError),
        (503, InternalServerError),
    ],
)
def test_error_statuses(live: Live, httpbin: str, status: int, error: type[APIStatusError]) -> None:
    """Each status of 400 and more is its own error, with the response."""
    with pytest.raises(error, match=f"^Error code: {status}") as caught:
        live.call(httpbin, lambda client: client.get(f"/status/{status}", cast_to=object), max_retries=0)
    assert type(caught.value) is error
    assert (caught.value.status_code, caught.value.response.status_code) == (status, status)


@pytest.mark.parametrize(("method", "status", "attempts"), [("get", 503, 3), ("get", 404, 1), ("put", 429, 3)])
def test_retries(live: Live, httpbin: str, method: str, status: int, attempts: int) -> None:
    """What may help is tried again, and the error lists what was tried."""
    with pytest.raises(APIStatusError) as caught:
        live.call(httpbin, lambda client: getattr(client, method)(f"/status/{status}", cast_to=object), retry=QUICK)
    assert [record.status_code for record in caught.value.attempts] == [status] * attempts


def test_a_retry_that_helps(live: Live, httpbin: str) -> None:
    """A server that answers one time in two is answered in the end."""
    response = live.call(
        httpbin,
        lambda client: client.with_raw_response.get("/status/200:0.5,503:0.5", cast_to=bytes),
        retry=QUICK,
        max_retries=60,
    )
    assert response.status_code == 200


# -- time ----------------------------------------------------------------------------------------------------


def test_a_slow_answer_within_the_timeout(live: Live, httpbin: str) -> None:
    """An answer that takes its time arrives."""
    assert live.call(httpbin, lambda client: client.get("/delay/0.2", cast_to=Echo), timeout=10).url.endswith("/0.2")


def test_a_timeout(live: Live, httpbin: str) -> None:
    """An answer that takes too long is a timeout, after the request was sent."""
    with pytest.raises(APITimeoutError, match=r"timed out after 0\.1 s") as caught:
        live.call(httpbin, lambda client: client.get("/delay/1", cast_to=Echo), timeout=0.1, max_retries=1, retry=QUICK)
    assert caught.value.sent is True
    assert len(caught.value.attempts) == 2


def test_a_body_that_drips(live: Live, httpbin: str) -> None:
    """Each byte comes in time and all of them too late: the total timeout ends the call."""
    started = time.monotonic()
    with pytest.raises(APITimeoutError):
        live.call(
            httpbin,
            lambda client: client.get("/drip?duration=3&numbytes=12&delay=0", cast_to=bytes),
            timeout=10,
            total_timeout=0.5,
        )
    assert time.monotonic() - started < 2.5


# -- redirects -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["redirect", "absolute-redirect", "relative-redirect"])
def test_redirects_are_followed(live: Live, httpbin: str, kind: str) -> None:
    """Absolute and relative locations lead to the end."""
    echo = live.call(httpbin, lambda client: client.get(f"/{kind}/3", cast_to=Echo))
    assert echo.url == f"{httpbin}/get"


@pytest.mark.parametrize(("status", "method", "body"), [(302, "GET", ""), (303, "GET", ""), (307, "POST", '{"a":1}')])
def test_a_post_that_is_redirected(live: Live, httpbin: str, status: int, method: str, body: str) -> None:
    """302 and 303 turn a POST into a GET without a body; 307 keeps both."""
    path = f"/redirect-to?url=/anything&status_code={status}"
    echo = live.call(httpbin, lambda client: client.post(path, cast_to=Echo, body={"a": 1}))
    assert (echo.method, echo.data) == (method, body)
    assert ("Content-Type" in echo.headers) == bool(body)


def test_redirects_that_are_not_followed(live: Live, httpbin: str) -> None:
    """With ``follow_redirects=False`` the redirect is the response."""
    response = live.call(
        httpbin,
        lambda client: client.with_raw_response.get("/redirect/1", cast_to=str, options={"follow_redirects": False}),
    )
    assert response.status_code == 302


def test_too_many_redirects(live: Live, httpbin: str) -> None:
    """A chain of more than 20 is an error that is not tried again."""
    with pytest.raises(APIConnectionError, match="20") as caught:
        live.call(httpbin, lambda client: client.get("/redirect/21", cast_to=Echo))
    assert len(caught.value.attempts) == 1


def test_credentials_stay_at_home(live: Live, httpbin: str) -> None:
    """A redirect to another origin, the same server by another name, carries no credentials."""
    elsewhere = httpbin.replace("127.0.0.1", "localhost")
    settings = {"custom_headers": {"Authorization": "Bearer s3cret", "X-API-Key": "s3cret"}}
    path = f"/redirect-to?url={quote(elsewhere)}/anything"
    echo = live.call(httpbin, lambda client: client.get(path, cast_to=Echo), **settings)
    assert echo.url == f"{elsewhere}/anything"
    assert "s3cret" not in str(echo)


# -- cookies and auth ----------------------------------------------------------------------------------------


def test_cookies_are_kept(live: Live, httpbin: str) -> None:
    """A cookie that a redirect sets is sent to where it leads, and with the calls that follow."""

    async def twice(client: Any) -> list[Any]:
        paths = "/cookies/set?flavour=oat", "/cookies"
        return [await settle(client.get(path, cast_to=dict[str, dict[str, str]])) for path in paths]

    found = live.call(httpbin, twice)
    assert found == [{"cookies": {"flavour": "oat"}}] * 2


def test_basic_auth_from_the_base_url(live: Live, httpbin: str) -> None:
    """The userinfo of the base URL is sent as Basic credentials."""
    base_url = httpbin.replace("http://", "http://user:p%40ss@")
    found = live.call(base_url, lambda client: client.get("/basic-auth/user/p@ss", cast_to=dict[str, object]))
    assert found == {"authenticated": True, "user": "user"}


def test_wrong_basic_auth(live: Live, httpbin: str) -> None:
    """A refusal is final, and shows no password."""
    base_url = httpbin.replace("http://", "http://user:wrong@")
    with pytest.raises(AuthenticationError) as caught:
        live.call(base_url, lambda client: client.get("/basic-auth/user/right", cast_to=object))
    assert len(caught.value.attempts) == 1
    assert "wrong" not in f"{caught.value!r}{caught.value.request!r}"


class _Bearer:
    @property
    def auth_headers(self) -> dict[str, str]:
        return {"Authorization": "Bearer t0ken"}


class AsyncBearer(_Bearer, AsyncAPIClient):
    """A client with a bearer token."""


class SyncBearer(_Bearer, SyncAPIClient):
    """A client with a bearer token."""


def test_a_bearer_token(live: Live, httpbin: str) -> None:
    """What `auth_headers` gives is sent."""
    classes = AsyncBearer, SyncBearer
    found = live.call(httpbin, lambda client: client.get("/bearer", cast_to=dict[str, object]), classes=classes)
    assert found == {"authenticated": True, "token": "t0ken"}


class _Digest:
    @property
    def custom_auth(self) -> httpx.Auth:
        return httpx.DigestAuth("user", "pass")


class AsyncDigest(_Digest, AsyncAPIClient):
    """A client with digest auth."""


class SyncDigest(_Digest, SyncAPIClient):
    """A client with digest auth."""


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_digest_auth(live: Live, httpbin: str, algorithm: str) -> None:
    """What `custom_auth` gives answers the server's challenge."""
    path = f"/digest-auth/auth/user/pass/{algorithm}"
    classes = AsyncDigest, SyncDigest
    found = live.call(httpbin, lambda client: client.get(path, cast_to=dict[str, object]), classes=classes)
    assert found == {"authenticated": True, "user": "user"}
