"""What there is to fuzz."""

from __future__ import annotations

from .dispositions import CONTENT_DISPOSITION
from .event_streams import JSON_LINES, SSE
from .links import LINK
from .responses import HTTP1
from .target import Target
from .waits import RATE_LIMIT, RETRY_AFTER

__all__ = ["TARGETS"]

TARGETS: dict[str, Target] = {
    target.name: target for target in (SSE, JSON_LINES, LINK, RETRY_AFTER, RATE_LIMIT, CONTENT_DISPOSITION, HTTP1)
}
