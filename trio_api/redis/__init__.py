"""What processes and machines share over Redis or Valkey, by coredis (the extra ``redis``), which runs on Trio."""

from __future__ import annotations

from ._store import RedisRateLimitStore as RedisRateLimitStore
