"""The scripts that run in the server, each as one atomic step, and what they are called with.

A limit of an origin has two keys: its log, a sorted set of claims by the time in microseconds at which they were
taken, by the server's clock; and its costs, a hash of what each claim took, in thousandths, with their sum as ``=used``
and the theoretical arrival time of I.371 as ``=arrival``. Both are gone once the window is over. They are of one slot
of a cluster: the origin stands in braces.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from ..resilience import RateClaim, thousandths

__all__ = ["CORRECT", "MICROSECONDS", "TAKE", "arguments_of", "keys_of"]

MICROSECONDS: Final = 1_000_000
"""In a second: the scripts count time in them."""

TAKE: Final = """
-- ARGV: the claim; for each limit its quota, window in microseconds, burst (or -1), and what is taken.
-- Returns microseconds to wait, or 0: it was taken of all.
local claim = ARGV[1]
if redis.call('ZSCORE', KEYS[1], claim) then
    return 0 -- the answer was lost on its way
end
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local wait = 0
local used, arrival = {}, {}
for i = 1, #KEYS / 2 do
    local log, costs = KEYS[2 * i - 1], KEYS[2 * i]
    local quota, per = tonumber(ARGV[4 * i - 2]), tonumber(ARGV[4 * i - 1])
    local burst, cost = tonumber(ARGV[4 * i]), tonumber(ARGV[4 * i + 1])
    local sum = tonumber(redis.call('HGET', costs, '=used') or 0)
    for _, old in ipairs(redis.call('ZRANGEBYSCORE', log, '-inf', now - per)) do
        sum = sum - tonumber(redis.call('HGET', costs, old) or 0)
        redis.call('HDEL', costs, old)
        redis.call('ZREM', log, old)
    end
    if redis.call('EXISTS', log) == 0 then
        sum = 0 -- also where the server has evicted one of the keys
    end
    redis.call('HSET', costs, '=used', sum)
    local missing, first = sum + cost - quota, 0
    while missing > 0 do
        local some = redis.call('ZRANGE', log, first, first + 99, 'WITHSCORES')
        if #some == 0 then
            wait = math.max(wait, per)
            break
        end
        for j = 1, #some, 2 do
            missing = missing - tonumber(redis.call('HGET', costs, some[j]) or 0)
            if missing <= 0 then
                wait = math.max(wait, tonumber(some[j + 1]) + per - now)
                break
            end
        end
        first = first + 100
    end
    used[i] = sum + cost
    arrival[i] = math.max(tonumber(redis.call('HGET', costs, '=arrival') or 0), now) + cost * per / quota
    if burst >= 0 then
        wait = math.max(wait, math.ceil(arrival[i] - burst * per / quota - now))
    end
end
for i = 1, #KEYS / 2 do
    local log, costs, milliseconds = KEYS[2 * i - 1], KEYS[2 * i], math.ceil(ARGV[4 * i - 1] / 1000) + 1000
    if wait == 0 then
        redis.call('ZADD', log, now, claim)
        redis.call('HSET', costs, claim, ARGV[4 * i + 1])
        redis.call('HSET', costs, '=used', used[i])
        redis.call('HSET', costs, '=arrival', arrival[i])
        redis.call('PEXPIRE', log, milliseconds)
    end
    redis.call('PEXPIRE', costs, milliseconds)
end
return wait
"""

CORRECT: Final = """
-- ARGV: as for the other; what is taken counts in place of what was, and 0 of a limit is as if it never was.
local claim = ARGV[1]
for i = 1, #KEYS / 2 do
    local log, costs = KEYS[2 * i - 1], KEYS[2 * i]
    local was = redis.call('HGET', costs, claim)
    if was then
        local change = ARGV[4 * i + 1] - was
        local arrival = tonumber(redis.call('HGET', costs, '=arrival') or 0)
        redis.call('HSET', costs, '=used', tonumber(redis.call('HGET', costs, '=used') or 0) + change)
        redis.call('HSET', costs, '=arrival', arrival + change * ARGV[4 * i - 1] / ARGV[4 * i - 2])
        if ARGV[4 * i + 1] == '0' then
            redis.call('HDEL', costs, claim)
            redis.call('ZREM', log, claim)
        else
            redis.call('HSET', costs, claim, ARGV[4 * i + 1])
        end
    end
end
return 0
"""


def keys_of(prefix: str, claim: RateClaim) -> list[str]:
    """The keys of both scripts."""
    limits = [f"{prefix}{{{claim.origin}}}:{limit.name}" for limit in claim.limits]
    return [f"{limit}:{half}" for limit in limits for half in ("log", "costs")]


def arguments_of(claim: RateClaim, costs: Sequence[float]) -> list[str | int]:
    """The arguments of both scripts.

    Args:
        claim: What is taken, or was.
        costs: How much of each limit.
    """
    arguments: list[str | int] = [claim.id]
    for limit, cost in zip(claim.limits, costs, strict=True):
        burst = -1 if limit.burst is None else thousandths(limit.burst)
        arguments += [thousandths(limit.quota), math.ceil(limit.per * MICROSECONDS), burst, thousandths(cost)]
    return arguments
