"""The file that a download grows in: its lock, its record, and what is left of it."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from trio_api.client._part_file import PartFile
from trio_api.responses import Version

VERSION = Version('"v1"', None, 9)


def test_a_part_that_was_kept_is_found(tmp_path: Path) -> None:
    """With its size and its version; and not by a download that doesn't ask for one."""
    part = PartFile(tmp_path / "f", resume=True)
    part.begin(0, VERSION)
    part.write(b"abc")
    part.close(keep=True)
    other = PartFile(tmp_path / "f", resume=False)
    assert other.found is None
    other.close(keep=False)
    again = PartFile(tmp_path / "f", resume=True)
    assert again.found is not None
    assert (again.found.size, again.found.version) == (3, VERSION)
    again.begin(2, VERSION)
    again.write(b"x")
    again.finish()
    again.close(keep=False)
    assert (tmp_path / "f").read_bytes() == b"abx"
    assert os.listdir(tmp_path) == ["f"]


def test_a_record_that_can_t_be_read_is_told_and_nothing_stays_locked(tmp_path: Path) -> None:
    """Whatever stands in its place is the user's."""
    (tmp_path / "f.part.json").mkdir()
    for _ in range(2):
        with pytest.raises(IsADirectoryError):
            PartFile(tmp_path / "f", resume=True)


def test_a_part_that_was_renamed_meanwhile_is_opened_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between opening and locking the other download may have ended: its file is not ours to write to."""
    done = PartFile(tmp_path / "f", resume=True)
    done.begin(0, VERSION)
    done.write(b"whole")
    flock = fcntl.flock
    endings = [done.finish, lambda: os.unlink(tmp_path / "f.part")]

    def late(fd: int, how: int) -> None:
        if endings:
            endings.pop(0)()
        flock(fd, how)

    monkeypatch.setattr(fcntl, "flock", late)
    part = PartFile(tmp_path / "f", resume=True)
    part.begin(0, VERSION)
    part.write(b"new")
    assert (tmp_path / "f").read_bytes() == b"whole"
    part.close(keep=False)
    assert os.listdir(tmp_path) == ["f"]


@pytest.mark.parametrize(("code", "works"), [(errno.ENOLCK, True), (errno.EOPNOTSUPP, True), (errno.EIO, False)])
def test_a_file_system_without_locks_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, works: bool
) -> None:
    """A broken one will not."""

    def flock(fd: int, how: int) -> Any:
        raise OSError(code, "no locks")

    monkeypatch.setattr(fcntl, "flock", flock)
    if works:
        PartFile(tmp_path / "f", resume=True).close(keep=False)
    else:
        with pytest.raises(OSError, match="no locks"):
            PartFile(tmp_path / "f", resume=True)


def test_a_link_in_the_part_s_place_is_not_followed(tmp_path: Path) -> None:
    """Its name can be guessed, and the folder may be one that others write to."""
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "f.part").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match=r"symbolic link|Too many levels"):
        PartFile(tmp_path / "f", resume=True)
    assert (tmp_path / "precious").read_text() == "precious"
