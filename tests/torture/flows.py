"""All flows."""

from __future__ import annotations

from torture import bodies, calls, clients, lists, streams, waits
from torture.flow import FLOWS, Flow

__all__ = ["FLOWS", "Flow", "bodies", "calls", "clients", "lists", "streams", "waits"]
