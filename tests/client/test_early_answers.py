"""A server that answers before it has read the body: what it says is heard. Over real sockets, in both colours."""

from __future__ import annotations

import io
import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from support.live import Live, LiveBlocking, LiveTrio
from trio_api import APIConnectionError, APIStatusError, RetryPolicy
from trio_api.testing import End, FaultServer, Reply, WireFault

SIZE = 16 * 1024 * 1024  # bytes: more than the buffers of both sockets hold
REFUSAL = Reply(413, json={"message": "too big"}, headers={"Connection": "close"})
RESETTING = WireFault.sending(REFUSAL, End.RESET)
LINGERING = WireFault.sending(REFUSAL, End.CLOSE)  # as nginx does: what still comes is read, and thrown away


@pytest.fixture(params=[LiveTrio, LiveBlocking], ids=["trio", "blocking"])
def live(request: pytest.FixtureRequest) -> Live:
    colour: Live = request.param()
    return colour


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def upload(client: Any, content: Any) -> Any:
    return client.post("/x", cast_to=object, content=content)


def pieces() -> Iterator[bytes]:
    for _ in range(SIZE // 65_536):
        yield bytes(65_536)


@pytest.mark.parametrize("fault", [RESETTING, LINGERING], ids=["resetting", "lingering"])
@pytest.mark.parametrize("kind", ["bytes", "file", "iterator"])
async def test_a_413_is_heard(live: Live, fault: WireFault, kind: str) -> None:
    """The answer is the call's error, not the connection that broke under the rest of the body."""
    content: Any = {"bytes": bytes(SIZE), "file": io.BytesIO(bytes(SIZE)), "iterator": pieces()}[kind]
    async with FaultServer(fault) as server:
        with pytest.raises(APIStatusError, match="Error code: 413 - too big") as caught:
            await live.meet(server.url, lambda client: upload(client, content))
    assert caught.value.status_code == 413
    assert len(caught.value.attempts) == 1


async def test_after_a_413_no_file_is_open(live: Live, tmp_path: Path) -> None:
    """The path that was not read to its end is closed with the attempt."""
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, SIZE)
    told: list[int] = []
    async with FaultServer(RESETTING) as server:
        with pytest.raises(APIStatusError, match="too big"):
            await live.meet(
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


async def test_an_early_503_is_retried_with_the_whole_body(live: Live) -> None:
    """The file is rewound from wherever the connection broke."""
    file = io.BytesIO(bytes(SIZE))
    busy = WireFault.sending(Reply(503, headers={"Connection": "close"}), End.RESET)
    async with FaultServer(busy, {}) as server:
        value = await live.meet(server.url, lambda client: upload(client, file), retry=RetryPolicy(initial=0.01))
    assert value == {}
    assert (len(server.journal[-1].body), server.journal[-1].is_whole) == (SIZE, True)


@pytest.mark.parametrize("fault", [LINGERING, RESETTING], ids=["lingering", "resetting"])
async def test_over_tls_a_413_is_heard_where_it_can_be(live: Live, fault: WireFault, authority: trustme.CA) -> None:
    """With a server that reads on. After a reset the TLS layer is not to be read from any more, on Trio at least."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    async with FaultServer(fault, tls=server_context) as server:
        with pytest.raises((APIStatusError, APIConnectionError)) as caught:
            await live.meet(server.url, lambda client: upload(client, pieces()), verify=client_context)
    if fault is LINGERING:
        assert str(caught.value) == "Error code: 413 - too big"
