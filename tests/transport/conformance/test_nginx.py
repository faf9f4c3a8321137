"""The server that most APIs stand behind."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import trio

from support.nginx import NGINX, nginx
from support.transports import OpenTransport, Pieces, fetch

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

LARGE = bytes(range(256)) * 8_000  # 2 MB
LOCATIONS = """
location = /connection { return 200 $connection; }
location = /ten-each { keepalive_requests 10; return 200 $connection; }
location = /short-lived { keepalive_timeout 20ms; return 200 $connection; }
location = /nothing { return 204; }
location = /hangs-up { return 444; }
location = /compressed { gzip on; gzip_min_length 0; gzip_types *; alias FILES/large; }
location = /limited { client_max_body_size 1k; proxy_pass http://127.0.0.1:1; }
location /uploads/ { dav_methods PUT; client_max_body_size 10m; }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "files" / "uploads").mkdir(parents=True)
    (folder / "files" / "large").write_bytes(LARGE)
    with nginx(folder, LOCATIONS.replace("FILES", str(folder / "files"))) as url:
        yield url


async def test_files(opened: OpenTransport, server: str) -> None:
    """Whole, in part, known already, its headers only, and none: over one connection."""
    async with opened() as transport:
        first = (await fetch(transport, f"{server}/connection")).content
        whole = await fetch(transport, f"{server}/large")
        assert whole.content == LARGE
        part = await fetch(transport, f"{server}/large", headers={"Range": "bytes=256-511"})
        assert (part.status_code, part.content) == (206, bytes(range(256)))
        known = await fetch(transport, f"{server}/large", headers={"If-None-Match": whole.headers["ETag"]})
        assert (known.status_code, known.content) == (304, b"")
        head = await fetch(transport, f"{server}/large", "HEAD")
        assert (head.headers["Content-Length"], head.content) == (str(len(LARGE)), b"")
        assert (await fetch(transport, f"{server}/nothing")).status_code == 204
        assert (await fetch(transport, f"{server}/none")).status_code == 404
        assert (await fetch(transport, f"{server}/connection")).content == first


async def test_compression(opened: OpenTransport, server: str) -> None:
    """What nginx compresses as it goes comes in chunks."""
    async with opened() as transport:
        response = await fetch(transport, f"{server}/compressed", headers={"Accept-Encoding": "gzip"})
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.content == LARGE


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_an_upload(opened: OpenTransport, server: str, chunked: bool) -> None:
    """What was PUT is what comes back."""
    body = {"pieces": Pieces(b"", LARGE[:1], LARGE[1:70_000], LARGE[70_000:])} if chunked else {"content": LARGE}
    async with opened() as transport:
        uploaded = await fetch(transport, f"{server}/uploads/file", "PUT", **body)
        if uploaded.status_code == 405:
            pytest.skip("this nginx has no dav module")
        assert uploaded.status_code in (201, 204)
        assert (await fetch(transport, f"{server}/uploads/file")).content == LARGE


async def test_an_upload_that_is_too_large(opened: OpenTransport, server: str) -> None:
    """A 413 comes while the body is on its way, and the next request is fine."""
    async with opened() as transport:
        refused = await fetch(transport, f"{server}/limited", "POST", content=LARGE)
        assert refused.status_code == 413
        assert (await fetch(transport, f"{server}/connection")).status_code == 200


async def test_a_limit_of_requests(opened: OpenTransport, server: str) -> None:
    """A connection that the server ends after ten requests is followed by another."""
    async with opened() as transport:
        used = [(await fetch(transport, f"{server}/ten-each")).content for _ in range(35)]
    assert [used.count(connection) for connection in dict.fromkeys(used)] == [10, 10, 10, 5]


async def test_a_limit_of_idleness(opened: OpenTransport, server: str) -> None:
    """A connection that the server closed meanwhile is followed by another."""
    async with opened() as transport:
        used = []
        for _ in range(3):
            used.append((await fetch(transport, f"{server}/short-lived")).content)
            await trio.sleep(0.05)
    assert len(set(used)) == 3


async def test_a_server_that_hangs_up(opened: OpenTransport, server: str) -> None:
    """No answer is no answer, and harms no other request."""
    async with opened() as transport:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(transport, f"{server}/hangs-up")
        assert (await fetch(transport, f"{server}/connection")).status_code == 200


async def test_a_crowd(opened: OpenTransport, server: str) -> None:
    """Twenty tasks over five connections, ten requests each."""
    used: list[bytes] = []

    async def work() -> None:
        used.extend([(await fetch(transport, f"{server}/connection")).content for _ in range(10)])

    async with opened(limits=httpx.Limits(max_connections=5)) as transport, trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(work)
    assert len(used) == 200
    assert len(set(used)) <= 5
