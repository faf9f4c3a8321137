"""The checkpoint file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import attrs
import pytest

from trio_api.cli.detection import Shape
from trio_api.cli.dump._checkpoint import Checkpoint, CheckpointFile, Source

SOURCE = Source(url="https://api.example.com/x?limit=2", method="post", data={"a": [1]}, output="/tmp/out")
CHECKPOINT = Checkpoint(
    source=SOURCE,
    shape=Shape("token", ("Items",), {"token_field": ("a", "b"), "token_param": "k", "first_page_number": 0}),
    offset=2**60,
    items=7,
    pages=3,
    place={"v": 1, "where": [["x", 1.5, None]]},
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """A checkpoint comes back as it was, and nobody else can read it."""
    file = CheckpointFile(tmp_path / "c")
    assert file.load(SOURCE) is None
    file.save(attrs.evolve(CHECKPOINT, items=1))
    file.save(CHECKPOINT)
    assert file.load(SOURCE) == CHECKPOINT
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["c"]
    file.remove()
    assert file.load(SOURCE) is None
    file.remove()


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"{" * 99999, b'{"version":1,"source":7}', "é".encode("latin-1")],
    ids=["empty", "no fields", "array", "null", "deep", "wrong type", "no UTF-8"],
)
def test_another_file_is_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    """A file that is something else is refused, and left alone."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"notes\.txt is no checkpoint of trio-api"):
        CheckpointFile(path).load(SOURCE)
    assert path.read_bytes() == content


def test_a_checkpoint_belongs_to_one_dump(tmp_path: Path) -> None:
    """Another URL or output is refused, and the error says what differs."""
    file = CheckpointFile(tmp_path / "c")
    file.save(CHECKPOINT)
    with pytest.raises(ValueError, match=r"of another dump \(its url and output differ\)"):
        file.load(attrs.evolve(SOURCE, url="https://other.example.com", output=None))
    file.save(attrs.evolve(CHECKPOINT, version=2))
    with pytest.raises(ValueError, match="another version"):
        file.load(SOURCE)


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """Failing halfway leaves neither a temporary file nor a broken checkpoint."""
    file = CheckpointFile(tmp_path / "c")
    file.save(CHECKPOINT)
    with pytest.raises(TypeError):
        file.save(attrs.evolve(CHECKPOINT, place=object()))
    assert file.load(SOURCE) == CHECKPOINT
    assert os.listdir(tmp_path) == ["c"]
