"""A server that answers before it has read the body: what it says is heard. Over real sockets, in both colours."""

from __future__ import annotations

import io
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from support.live import Live, LiveBlocking, LiveTrio
from support.raw_server import OK, RawServer, Script, read_head, reset
from trio_api import APIConnectionError, APIStatusError, RetryPolicy

SIZE = 16 * 1024 * 1024  # bytes: more than the buffers of both sockets hold
REFUSAL = (
    b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b'Content-Length: 21\r\n\r\n{"message":"too big"}'
)


@pytest.fixture(params=[LiveTrio, LiveBlocking], ids=["trio", "blocking"])
def live(request: pytest.FixtureRequest) -> Live:
    colour: Live = request.param()
    return colour


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def answer_and_close(connection: socket.socket) -> None:
    """What is left unread makes closing a reset."""
    read_head(connection)
    connection.sendall(REFUSAL)


def answer_and_reset(connection: socket.socket) -> None:
    answer_and_close(connection)
    reset(connection)


def answer_and_linger(connection: socket.socket) -> None:
    """As nginx does: read what still comes, and throw it away."""
    answer_and_close(connection)
    while connection.recv(65536):
        pass


def upload(client: Any, content: Any) -> Any:
    return client.post("/x", cast_to=object, content=content)


def pieces() -> Iterator[bytes]:
    for _ in range(SIZE // 65_536):
        yield bytes(65_536)


@pytest.mark.parametrize("script", [answer_and_close, answer_and_reset, answer_and_linger])
@pytest.mark.parametrize("kind", ["bytes", "file", "iterator"])
def test_a_413_is_heard(live: Live, script: Script, kind: str) -> None:
    """The answer is the call's error, not the connection that broke under the rest of the body."""
    content: Any = {"bytes": bytes(SIZE), "file": io.BytesIO(bytes(SIZE)), "iterator": pieces()}[kind]
    with RawServer(script) as server, pytest.raises(APIStatusError, match="Error code: 413 - too big") as caught:
        live.call(server.url, lambda client: upload(client, content))
    assert caught.value.status_code == 413
    assert len(caught.value.attempts) == 1


def test_after_a_413_no_file_is_open(live: Live, tmp_path: Path) -> None:
    """The path that was not read to its end is closed with the attempt."""
    path = tmp_path / "large"
    with open(path, "wb") as file:
        file.truncate(SIZE)
    told: list[int] = []
    with RawServer(answer_and_close) as server, pytest.raises(APIStatusError, match="too big"):
        live.call(
            server.url,
            lambda client: client.post(
                "/x", cast_to=object, files={"f": path}, progress=lambda sent, total: told.append(sent)
            ),
        )
    assert told[-1] < SIZE
    links = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if is_link(name)]
    assert f"{path}" not in links


def is_link(name: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{name}")


def answer_503_early(connection: socket.socket) -> None:
    read_head(connection)
    connection.sendall(b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def test_an_early_503_is_retried_with_the_whole_body(live: Live) -> None:
    """The file is rewound from wherever the connection broke."""
    received: list[int] = []

    def take_all(connection: socket.socket) -> None:
        head, _, body = read_head(connection).partition(b"\r\n\r\n")
        assert f"content-length: {SIZE}".encode() in head.lower()
        count = len(body)
        while count < SIZE:
            count += len(connection.recv(1 << 20))
        received.append(count)
        connection.sendall(OK)

    file = io.BytesIO(bytes(SIZE))
    with RawServer(answer_503_early, take_all) as server:
        value = live.call(server.url, lambda client: upload(client, file), retry=RetryPolicy(initial=0.01))
    assert value == {}
    assert received == [SIZE]


@pytest.mark.parametrize("script", [answer_and_linger, answer_and_close])
def test_over_tls_a_413_is_heard_where_it_can_be(live: Live, script: Script, authority: trustme.CA) -> None:
    """With a server that reads on. After a reset the TLS layer is not to be read from any more, on Trio at least."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    with RawServer(script, tls=server_context) as server, pytest.raises((APIStatusError, APIConnectionError)) as caught:
        live.call(server.url, lambda client: upload(client, pieces()), verify=client_context)
    if script is answer_and_linger:
        assert str(caught.value) == "Error code: 413 - too big"
