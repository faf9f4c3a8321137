"""What one run found out, and where and when, as JSON and back: what the page of the documentation is made from."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import attrs

from .processes import NGINX
from .row import Row, Speed

__all__ = ["Machine", "Record"]

PACKAGES = (
    "trio", "httpx", "httpx2", "attrs", "cattrs", "msgspec", "aiohttp", "openai", "pydantic", "httptools", "httpx-sse",
)  # fmt: skip


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _server() -> str:
    if NGINX is None:
        return "the harness's own server"
    told = subprocess.run([NGINX, "-v"], capture_output=True, text=True, check=True).stderr
    return told.strip().rpartition(" ")[2]


def _load() -> float:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


@attrs.frozen
class Machine:
    """Where and when it was measured."""

    day: str = attrs.field(factory=lambda: date.today().isoformat())
    python: str = attrs.field(factory=platform.python_version)
    system: str = attrs.field(factory=lambda: f"{platform.system()} {platform.machine()}")
    processor: str = attrs.field(factory=_processor)
    cores: int = attrs.field(factory=lambda: os.cpu_count() or 1)
    load: float = attrs.field(factory=_load)
    """How busy it was before: processes, the mean of a minute."""
    server: str = attrs.field(factory=_server)
    versions: dict[str, str] = attrs.field(factory=_versions)


@attrs.frozen
class Record:
    """Everything that one run found out."""

    rows: list[Row]
    speeds: list[Speed] = attrs.field(factory=list)
    machine: Machine = attrs.field(factory=Machine)
    is_quick: bool = False
    """Whether it was a short run, whose figures say little."""

    def merged(self, newer: Record) -> Record:
        """What both hold, from *newer* where both have it."""
        rows = {row.name: row for row in [*self.rows, *newer.rows]}
        speeds = {(speed.client, speed.tasks): speed for speed in [*self.speeds, *newer.speeds]}
        keeps_old = len(rows) > len(newer.rows) or len(speeds) > len(newer.speeds)
        return attrs.evolve(
            newer,
            rows=list(rows.values()),
            speeds=list(speeds.values()),
            is_quick=newer.is_quick or (keeps_old and self.is_quick),
        )

    def to_json(self) -> str:
        """As JSON, each row with its ratio and verdict."""
        whole = attrs.asdict(self)
        whole["rows"] = [attrs.asdict(row) | {"ratio": row.ratio, "verdict": row.verdict.value} for row in self.rows]
        return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """What `to_json` gave."""
        whole = json.loads(text)
        return cls(
            rows=[_row(row) for row in whole["rows"]],
            speeds=[Speed(**speed) for speed in whole["speeds"]],
            machine=Machine(**whole["machine"]),
            is_quick=whole["is_quick"],
        )


def _row(written: dict[str, Any]) -> Row:
    return Row(**{name: value for name, value in written.items() if name not in {"ratio", "verdict"}})
