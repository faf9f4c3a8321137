"""Downloads in both colours over real sockets: what stands on the disk, whatever happens on the way."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import random
import socket
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from support.files import ServedFile
from support.live import Live, LiveBlocking, LiveTrio, opened, settle
from support.raw_server import OK, RawServer, Script, answer, read_head
from trio_api import (
    APIConnectionError,
    APIResponseValidationError,
    AsyncAPIClient,
    AttemptRecord,
    ClientStateError,
    NotFoundError,
    RetryPolicy,
    SyncAPIClient,
)

CONTENT = random.Random(7).randbytes(200_000)
SHA = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
FAST = RetryPolicy(initial=0.001)

both = pytest.mark.parametrize("live", [LiveTrio(), LiveBlocking()], ids=lambda live: live.name)


def download(live: Live, target: Path, *scripts: Script, options: Any = None, client: Any = None, **how: Any) -> None:
    """Get the file that the scripts serve, one connection each."""

    async def body(client: Any) -> None:
        async with opened(client.with_streaming_response.get("/f", cast_to=bytes, options=options)) as response:
            await settle(response.stream_to_file(target, **how))

    with RawServer(*scripts) as server:
        live.call(server.url, body, **{"retry": FAST, **(client or {})})


def left(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


@both
def test_a_download_is_the_body(live: Live, tmp_path: Path) -> None:
    """Byte for byte, with the permissions of a new file, and nothing beside it."""
    target = tmp_path / "f"
    download(live, target, ServedFile(CONTENT).whole(), checksum=SHA)
    assert target.read_bytes() == CONTENT
    (tmp_path / "by hand").touch()
    assert target.stat().st_mode == (tmp_path / "by hand").stat().st_mode
    assert left(tmp_path) == ["by hand", "f"]


@both
@pytest.mark.parametrize("path", [str, Path])
def test_a_path_is_text_or_a_path(live: Live, tmp_path: Path, path: Callable[[Path], Any]) -> None:
    """As open() takes it."""
    download(live, path(tmp_path / "f"), ServedFile(b"x").whole())
    assert left(tmp_path) == ["f"]


@both
@pytest.mark.parametrize("name", [b'"../evil"', b'"/tmp/evil"', b"evil", b"x; filename*=UTF-8''..%2fevil"])
def test_a_server_names_no_file(live: Live, tmp_path: Path, name: bytes) -> None:
    """Its Content-Disposition (RFC 6266) is not even read."""
    (tmp_path / "here").mkdir()
    lines = [b"HTTP/1.1 200 OK", b"Content-Disposition: attachment; filename=" + name, b"Content-Length: 1"]
    download(live, tmp_path / "here" / "f", answer(b"\r\n".join([*lines, b"", b"x"])))
    assert left(tmp_path) == ["here"]
    assert left(tmp_path / "here") == ["f"]


@both
def test_progress_is_told_from_the_first_byte_to_the_last(live: Live, tmp_path: Path) -> None:
    """Bytes stored, growing, and of how many."""
    told: list[tuple[int, int | None]] = []
    download(live, tmp_path / "f", ServedFile(CONTENT).whole(), progress=lambda *now: told.append(now))
    assert (told[0], told[-1]) == ((0, len(CONTENT)), (len(CONTENT), len(CONTENT)))
    assert told == sorted(set(told))


@both
def test_an_empty_body_is_an_empty_file(live: Live, tmp_path: Path) -> None:
    """And progress is told of it."""
    told: list[tuple[int, int | None]] = []
    download(live, tmp_path / "f", ServedFile(b"").whole(), progress=lambda *now: told.append(now))
    assert (tmp_path / "f").read_bytes() == b""
    assert told == [(0, 0)]


@both
def test_an_encoded_body_is_stored_decoded(live: Live, tmp_path: Path) -> None:
    """Its Content-Length counts other bytes, and is not compared."""
    body = gzip.compress(CONTENT)
    head = b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nETag: "v1"\r\nContent-Length: %d\r\n\r\n' % len(body)
    download(live, tmp_path / "f", answer(head + body), resume=True, checksum=SHA)
    assert left(tmp_path) == ["f"]


@both
def test_a_response_that_was_read_is_stored_from_memory(live: Live, tmp_path: Path) -> None:
    """As often as asked for."""

    async def body(client: Any) -> None:
        response = await settle(client.with_raw_response.get("/f", cast_to=bytes))
        for name in ("a", "b"):
            await settle(response.stream_to_file(tmp_path / name, resume=True, checksum=SHA))

    with RawServer(ServedFile(CONTENT).whole()) as server:
        live.call(server.url, body)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == CONTENT
    assert left(tmp_path) == ["a", "b"]


# -- what fails ----------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("cut", [0, 1, 150_000])
def test_a_broken_body_leaves_nothing(live: Live, tmp_path: Path, cut: int, chunked: bool) -> None:
    """The connection ends too early: an error, and the old file stays."""
    target = tmp_path / "f"
    target.write_bytes(b"old")
    content = CONTENT[:2000] if chunked else CONTENT
    with pytest.raises(APIConnectionError):
        download(live, target, ServedFile(content).whole(cut=min(cut, 1000) if chunked else cut, chunked=chunked))
    assert target.read_bytes() == b"old"
    assert left(tmp_path) == ["f"]


@both
def test_a_short_body_of_a_lax_transport_is_an_error(live: Live, tmp_path: Path) -> None:
    """Where the HTTP client does not count, the download does."""

    def lax(request: httpx.Request) -> httpx.Response:
        headers = {"Content-Length": "4", "ETag": '"v1"'}
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(b"abc"))

    async def body(client: Any) -> None:
        async with opened(client.with_streaming_response.get("/f", cast_to=bytes)) as response:
            await settle(response.stream_to_file(tmp_path / "f"))

    http_client: Any = live.of((httpx.AsyncClient, httpx.Client))(transport=httpx.MockTransport(lax))
    client: Any = live.of((AsyncAPIClient, SyncAPIClient))(base_url="https://api.example.com", http_client=http_client)
    with pytest.raises(APIConnectionError, match="ended after 3 of 4 bytes"):
        live._run(client, body)
    assert left(tmp_path) == []


@both
def test_a_wrong_checksum_leaves_nothing(live: Live, tmp_path: Path) -> None:
    """Not even under resume: the part is wrong."""
    with pytest.raises(APIResponseValidationError, match="the body has the sha256"):
        download(live, tmp_path / "f", ServedFile(CONTENT).whole(), resume=True, checksum="sha256:" + "0" * 64)
    assert left(tmp_path) == []


@both
@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"checksum": "sha256:0"}, ValueError),
        ({"progress": 3}, TypeError),
        ({"checksum": 3}, TypeError),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_read(
    live: Live, tmp_path: Path, how: dict[str, Any], error: type[Exception]
) -> None:
    """The body can still be used."""

    async def body(client: Any) -> bytes:
        async with opened(client.with_streaming_response.get("/f", cast_to=bytes)) as response:
            with pytest.raises(error):
                await settle(response.stream_to_file(tmp_path / "f", **how))
            return bytes(await settle(response.read()))

    with RawServer(ServedFile(CONTENT).whole()) as server:
        assert live.call(server.url, body) == CONTENT
    assert left(tmp_path) == []


@both
def test_what_progress_raises_passes_through(live: Live, tmp_path: Path) -> None:
    """Untouched, even if it looks like one of ours, and it is not taken for a broken connection."""
    mine = APIConnectionError("mine")

    def progress(stored: int, total: int | None) -> None:
        if stored:
            raise mine

    with pytest.raises(APIConnectionError) as caught:
        download(live, tmp_path / "f", ServedFile(CONTENT).whole(), progress=progress)
    assert caught.value is mine
    assert left(tmp_path) == []


@both
def test_the_disk_s_errors_are_os_errors(live: Live, tmp_path: Path) -> None:
    """A missing folder, a folder in the file's place, a device: told by name, and nothing is left."""
    (tmp_path / "folder").mkdir()
    for path, kind in ((tmp_path / "no" / "f", FileNotFoundError), (tmp_path / "folder", IsADirectoryError)):
        with pytest.raises(kind) as caught:
            download(live, path, ServedFile(CONTENT).whole())
        assert str(tmp_path) in str(caught.value.filename)
    with pytest.raises(OSError, match="not a regular file"):
        download(live, Path("/dev/null"), ServedFile(CONTENT).whole())
    assert left(tmp_path) == ["folder"]


@both
@pytest.mark.parametrize("resume", [False, True])
def test_a_full_disk_is_an_os_error(live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resume: bool) -> None:
    """Under resume the part is kept for when there is room again."""

    def full(fd: int, data: bytes) -> None:
        os.write(fd, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    written = [0]

    def write_all(fd: int, data: bytes) -> None:
        written[0] += 1
        full(fd, data) if written[0] > 1 else os.write(fd, data)

    monkeypatch.setattr("trio_api.client._part_file.write_all", write_all)
    with pytest.raises(OSError, match="No space left") as caught:
        download(live, tmp_path / "f", ServedFile(CONTENT).whole(), resume=resume)
    assert caught.value.errno == errno.ENOSPC
    assert left(tmp_path) == (["f.part", "f.part.json"] if resume else [])


# -- resumed -------------------------------------------------------------------------------------------------


@both
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 3000),
    st.lists(st.integers(0, 3000), max_size=5),
    st.booleans(),
    st.sampled_from([b"", b"x", bytes(range(250)) * 12]),
)
def test_a_body_that_breaks_anywhere_is_gone_on_with(
    live: Live, tmp_path: Path, first: int, cuts: list[int], has_ranges: bool, content: bytes
) -> None:
    """Wherever and however often it is cut, the file is whole in the end, or the error is that of the connection."""
    file = ServedFile(content, has_ranges=has_ranges)
    scripts = [file.whole(cut=cut) for cut in (first, *cuts)] + [file.whole()] * 2
    target = tmp_path / "f"
    target.unlink(missing_ok=True)
    download(live, target, *scripts, resume=True, client={"retry": RetryPolicy(initial=0, max_retries=9)})
    assert target.read_bytes() == content
    assert left(tmp_path) == ["f"]


@both
def test_only_the_rest_is_fetched(live: Live, tmp_path: Path) -> None:
    """By a Range from where it broke, under the condition that nothing has changed."""
    file = ServedFile(CONTENT)
    told: list[tuple[int, int | None]] = []
    download(
        live,
        tmp_path / "f",
        file.whole(cut=150_000),
        file.whole(),
        resume=True,
        checksum=SHA,
        progress=lambda *now: told.append(now),
    )
    assert file.ranges == [None, "bytes=150000-"]
    assert told == sorted(set(told))
    assert left(tmp_path) == ["f"]


@both
def test_a_later_download_goes_on_where_the_first_one_broke(live: Live, tmp_path: Path) -> None:
    """The part is kept under another name, with what it is a part of."""
    target, file = tmp_path / "f", ServedFile(CONTENT)
    with pytest.raises(APIConnectionError):
        download(live, target, file.whole(cut=150_000), resume=True, client={"max_retries": 0})
    assert left(tmp_path) == ["f.part", "f.part.json"]
    assert (tmp_path / "f.part").read_bytes() == CONTENT[:150_000]
    download(live, target, file.whole(), file.whole(), resume=True, checksum=SHA)
    assert file.ranges == [None, None, "bytes=150000-"]
    assert left(tmp_path) == ["f"]


@both
@pytest.mark.parametrize("change", [{"etag": '"v2"'}, {"content": CONTENT[1:]}])
def test_a_file_that_changed_in_between_starts_again(live: Live, tmp_path: Path, change: dict[str, Any]) -> None:
    """Nothing of the old version is in the new file, and no part of the new one is fetched twice."""
    target, file = tmp_path / "f", ServedFile(CONTENT)
    with pytest.raises(APIConnectionError):
        download(live, target, file.whole(cut=150_000), resume=True, client={"max_retries": 0})
    changed = ServedFile(**{"content": CONTENT[::-1], "etag": '"v1"', **change})
    download(live, target, changed.whole(), resume=True)
    assert target.read_bytes() == changed.content
    assert changed.ranges == [None]
    assert left(tmp_path) == ["f"]


@both
def test_a_file_that_changes_within_a_download_starts_again(live: Live, tmp_path: Path) -> None:
    """The server answers the condition by the whole of what it has now."""
    new = ServedFile(CONTENT[::-1][:1000], etag='"v2"')
    download(live, tmp_path / "f", ServedFile(CONTENT).whole(cut=150_000), new.whole(), resume=True)
    assert (tmp_path / "f").read_bytes() == new.content
    assert new.ranges == ["bytes=150000-"]


@both
def test_a_whole_part_is_only_renamed(live: Live, tmp_path: Path) -> None:
    """Killed before the last step, or, of unknown length, cut in the very last bytes: a 416 tells that it is all."""
    target, file = tmp_path / "f", ServedFile(CONTENT[:1000])
    download(live, target, file.whole(cut=1000, chunked=True), file.whole(), resume=True)
    assert file.ranges == [None, "bytes=1000-"]
    assert target.read_bytes() == file.content
    os.rename(target, tmp_path / "f.part")
    (tmp_path / "f.part.json").write_text('{"etag": "\\"v1\\"", "last_modified": null, "size": null}')
    told: list[tuple[int, int | None]] = []
    download(live, target, file.whole(), resume=True, progress=lambda *now: told.append(now))
    assert told == [(1000, 1000)]
    assert left(tmp_path) == ["f"]


@both
def test_a_part_that_nobody_can_vouch_for_is_overwritten(live: Live, tmp_path: Path) -> None:
    """Without its record, or with a damaged one, it may be anything."""
    for record in (None, "{", '{"etag": null}'):
        (tmp_path / "f.part").write_bytes(b"x" * 300_000)
        if record is not None:
            (tmp_path / "f.part.json").write_text(record)
        download(live, tmp_path / "f", ServedFile(CONTENT).whole(), resume=True)
        assert (tmp_path / "f").read_bytes() == CONTENT
        assert left(tmp_path) == ["f"]


@both
def test_without_a_strong_validator_nothing_is_kept(live: Live, tmp_path: Path) -> None:
    """Nobody could tell whether the rest would be of the same file."""
    with pytest.raises(APIConnectionError):
        download(live, tmp_path / "f", ServedFile(CONTENT, etag='W/"v1"').whole(cut=1000), resume=True)
    assert left(tmp_path) == []


@both
def test_an_error_on_the_way_keeps_the_part(live: Live, tmp_path: Path) -> None:
    """The file may be there again tomorrow."""
    gone = answer(b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(NotFoundError):
        download(live, tmp_path / "f", ServedFile(CONTENT).whole(cut=1000), gone, resume=True)
    assert left(tmp_path) == ["f.part", "f.part.json"]


@both
def test_the_retry_policy_is_told_and_obeyed(live: Live, tmp_path: Path) -> None:
    """Two retries that bring nothing are enough."""
    records: list[AttemptRecord] = []
    cut = ServedFile(CONTENT).whole(cut=0)
    with pytest.raises(APIConnectionError):
        download(
            live,
            tmp_path / "f",
            *[cut] * 9,
            resume=True,
            client={"retry": RetryPolicy(initial=0, on_retry=records.append)},
        )
    assert len(records) == 2
    assert all(isinstance(record.error, APIConnectionError) for record in records)
    assert left(tmp_path) == []


@both
def test_the_time_of_the_call_bounds_the_whole_download(live: Live, tmp_path: Path) -> None:
    """A wait that would pass it is not begun; the part is kept."""
    with pytest.raises(APIConnectionError):
        download(
            live,
            tmp_path / "f",
            ServedFile(CONTENT).whole(cut=1000),
            resume=True,
            options={"total_timeout": 5.0},
            client={"retry": RetryPolicy(initial=60, maximum=60)},
        )
    assert left(tmp_path) == ["f.part", "f.part.json"]


@both
def test_two_downloads_of_one_file_don_t_meet(live: Live, tmp_path: Path) -> None:
    """Under resume the second one is refused; without it each has a file of its own."""
    target = tmp_path / "f"

    def first(stored: int, total: int | None) -> None:
        if stored != total or left(tmp_path) == []:
            return
        with pytest.raises(BlockingIOError, match="another download") as caught:
            download(LiveBlocking(), target, ServedFile(CONTENT).whole(), resume=True)
        assert caught.value.filename == str(tmp_path / "f.part")
        download(LiveBlocking(), target, ServedFile(b"second").whole())

    download(live, target, ServedFile(CONTENT).whole(), resume=True, progress=first)
    assert target.read_bytes() == CONTENT
    assert left(tmp_path) == ["f"]


@both
def test_a_link_is_followed_and_permissions_are_kept(live: Live, tmp_path: Path) -> None:
    """What is replaced is the file that the link names."""
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / "elsewhere" / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    download(live, link, ServedFile(CONTENT).whole())
    assert link.is_symlink()
    assert real.read_bytes() == CONTENT
    assert real.stat().st_mode & 0o777 == 0o640


@both
def test_a_body_is_taken_once(live: Live, tmp_path: Path) -> None:
    """After a download there is nothing to read, and after a part of it was read nothing to store."""

    async def body(client: Any) -> None:
        async with opened(client.with_streaming_response.get("/f", cast_to=bytes)) as response:
            await settle(response.stream_to_file(tmp_path / "f"))
            with pytest.raises(ClientStateError, match=r"stream_to_file\(\) has begun to take it"):
                await settle(response.read())
        async with opened(client.with_streaming_response.get("/f", cast_to=bytes)) as response:
            response.iter_bytes()
            with pytest.raises(ClientStateError, match=r"iter_bytes\(\) has begun to take it"):
                await settle(response.stream_to_file(tmp_path / "g"))

    with RawServer(ServedFile(CONTENT).whole(), ServedFile(CONTENT).whole()) as server:
        live.call(server.url, body)
    assert left(tmp_path) == ["f"]


@both
def test_a_large_body_takes_little_memory(live: Live, tmp_path: Path) -> None:
    """32 MiB pass through: no part of it that grows with it is held."""
    size = 32 << 20
    target = tmp_path / "f"

    def script(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size >> 20):
            connection.sendall(bytes(1 << 20))

    tracemalloc.start()
    try:
        download(live, target, script, client={"max_response_bytes": 1000})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert target.stat().st_size == size
    assert peak < 8 << 20


@both
def test_a_download_gives_its_connection_back(live: Live, tmp_path: Path) -> None:
    """Within the block already."""

    async def body(client: Any) -> None:
        async with opened(client.with_streaming_response.get("/f", cast_to=bytes)) as response:
            await settle(response.stream_to_file(tmp_path / "f"))
            assert await settle(client.get("/g", cast_to=object)) == {}

    with RawServer(answer(OK, OK)) as server:
        live.call(server.url, body)
