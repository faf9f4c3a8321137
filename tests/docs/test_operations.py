"""The examples of the how-to on operations run as they stand, against a server that plays its part."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing

import trio_api

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "operations.rst"
BLOCKS = re.findall(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)", PAGE.read_text(encoding="utf-8"))


@attrs.frozen
class Report:
    pages: int


@attrs.define
class Server:
    """Jobs are over at their third poll, reports at their second."""

    polls: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(202, headers={"Location": "/v1/reports/3", "Retry-After": "2"})
        self.polls += 1
        if "reports" in request.url.path:
            return httpx.Response(202) if self.polls == 1 else httpx.Response(200, json={"pages": 9})
        end = "done" if request.url.path.endswith("17") else "failed"
        status = "running" if self.polls < 3 else end
        return httpx.Response(200, json={"id": "17", "status": status, "percent": self.polls * 33})


@pytest.mark.parametrize("block", BLOCKS)
async def test_an_example_runs(block: str, autojump_clock: trio.testing.MockClock) -> None:
    """Each in turn comes to its end."""
    saved: list[str] = []
    token = '{"version": 1, "url": "/jobs/17", "polls": 3}'
    names: dict[str, Any] = {"attrs": attrs, "json": json, "trio": trio, "Report": Report, **vars(trio_api)}
    names |= {"show_progress": trio_api.AsyncOperation.result}
    names |= {"save": saved.append, "saved": lambda: token}
    first = textwrap.dedent(BLOCKS[0]).partition("\njob =")[0]
    exec(first, names)  # the page is ours
    exec(f"async def example(client):\n{block}", names)
    server = Server()
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(server)) as http_client,
        trio_api.AsyncAPIClient(base_url="https://api.example.com/v1", http_client=http_client) as client,
    ):
        await names["example"](client)
    assert server.polls == (2 if "Report" in block else 3)
    assert saved == []
