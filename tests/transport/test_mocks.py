"""Mocks and tracers that are made for httpx work on the default client, and through the API client."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpcore
import httpx
import pytest

from support.answering import Answering, answering
from trio_api import AsyncAPIClient, DefaultTrioHttpxClient

respx = pytest.importorskip("respx", reason="the mock of httpx")
pytest.importorskip("pytest_httpx", reason="the other mock of httpx")

MOCKED = {"from": "the mock"}
HOST = "http://api.example.com"


@pytest.fixture
async def server() -> AsyncIterator[Answering]:
    async with answering() as serving:
        yield serving


Ask = Callable[..., Awaitable[Any]]


async def by_http_client(url: str, *, before: Callable[[Any], object] = lambda client: None, **settings: Any) -> Any:
    """The JSON at *url*, asked for by the default HTTP client, three times."""
    async with DefaultTrioHttpxClient(**{"trust_env": False, **settings}) as http:
        before(http)
        return [(await http.get(url)).json() for _ in range(3)][-1]


async def by_api_client(url: str, *, before: Callable[[Any], object] = lambda client: None, **settings: Any) -> Any:
    """The same through an API client: its own HTTP client, or with *settings* one that is given."""
    async with contextlib.AsyncExitStack() as stack:
        given: dict[str, Any] = {"trust_env": False}
        if settings:
            http = await stack.enter_async_context(DefaultTrioHttpxClient(**{"trust_env": False, **settings}))
            given = {"http_client": http}
        client = await stack.enter_async_context(AsyncAPIClient(base_url=url, max_retries=0, **given))
        before(client._client)
        return [await client.get("", cast_to=object) for _ in range(3)][-1]


@pytest.fixture(params=[by_http_client, by_api_client])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Either way to send."""
    found: Ask = request.param
    return found


# -- mocks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mocker", ["httpcore", "httpx"])
async def test_respx(ask: Ask, mocker: str) -> None:
    """Both of its mockers: the one within httpcore, and the one within `httpx.AsyncClient`."""
    with respx.mock(using=mocker) as router:
        route = router.get(f"{HOST}/").respond(json=MOCKED)
        assert await ask(f"{HOST}/") == MOCKED
        assert route.call_count == 3


@pytest.mark.parametrize("mocker", ["httpcore", "httpx"])
async def test_respx_passes_through_what_it_is_told_to(ask: Ask, server: Answering, mocker: str) -> None:
    """To the real server."""
    with respx.mock(using=mocker) as router:
        router.route(host="127.0.0.1").pass_through()
        assert await ask(f"{server.url}/") == {}


async def test_pytest_httpx(ask: Ask, httpx_mock: Any) -> None:
    """Its fixture."""
    httpx_mock.add_response(url=f"{HOST}/", json=MOCKED, is_reusable=True)
    assert await ask(f"{HOST}/") == MOCKED
    assert len(httpx_mock.get_requests()) == 3


async def test_a_mock_of_an_error(httpx_mock: Any) -> None:
    """Raised as httpx raises it."""
    httpx_mock.add_exception(httpx.ReadTimeout("mocked"))
    with pytest.raises(httpx.ReadTimeout, match="mocked"):
        await by_http_client(f"{HOST}/")


@pytest.mark.parametrize("how", ["transport", "mounts"])
async def test_httpxs_own_mock_transport(ask: Ask, how: str) -> None:
    """As the transport, and as that of some URLs."""
    mock = httpx.MockTransport(lambda request: httpx.Response(200, json=MOCKED))
    given: Any = mock if how == "transport" else {"all://api.example.com": mock}
    assert await ask(f"{HOST}/", **{how: given}) == MOCKED


async def test_httpxs_asgi_transport(ask: Ask) -> None:
    """An application in place of a server."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"from": "the mock"}'})

    assert await ask(f"{HOST}/", transport=httpx.ASGITransport(app)) == MOCKED


# -- tracers -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def patched(owner: Any, name: str) -> Iterator[list[str]]:
    """A function of httpx's, wrapped as tracers do it: told of each call, which goes on."""
    real = getattr(owner, name)
    told: list[str] = []

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        told.append(name)
        return real(*args, **kwargs)

    setattr(owner, name, wrapper)
    try:
        yield told
    finally:
        setattr(owner, name, real)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (httpx.AsyncHTTPTransport, "handle_async_request"),  # OpenTelemetry
        (httpx.AsyncClient, "send"),  # Sentry, Datadog
        (httpx.AsyncClient, "_send_single_request"),  # VCR.py
        (httpcore.AsyncConnectionPool, "handle_async_request"),  # VCR.py
    ],
)
async def test_what_wraps_a_function_of_httpxs_is_told_of_every_request(
    ask: Ask, server: Answering, owner: Any, name: str
) -> None:
    """And no more once it is taken away."""
    with patched(owner, name) as told:
        assert await ask(f"{server.url}/") == {}
        assert told == [name] * 3
    await ask(f"{server.url}/")
    assert len(told) == 3


async def test_what_wraps_the_transport_of_one_client_is_told(ask: Ask, server: Answering) -> None:
    """OpenTelemetry's ``instrument_client`` replaces a method of the client's transport object."""
    told: list[str] = []

    def instrument(http: Any) -> None:
        real = http._transport.handle_async_request

        async def wrapper(request: httpx.Request) -> httpx.Response:
            told.append(str(request.url))
            response: httpx.Response = await real(request)
            return response

        http._transport.handle_async_request = wrapper

    assert await ask(f"{server.url}/", before=instrument) == {}
    assert len(told) == 3


async def test_a_transport_put_in_the_clients_place_is_used(ask: Ask) -> None:
    """Tests that are written for httpx's client do so."""

    def replace(http: Any) -> None:
        http._transport = httpx.MockTransport(lambda request: httpx.Response(200, json=MOCKED))

    assert await ask(f"{HOST}/", before=replace) == MOCKED
