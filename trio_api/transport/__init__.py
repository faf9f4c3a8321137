"""Between the client and the wire: default HTTP clients, bodies, reading within bounds, failures by one table."""

from __future__ import annotations

from ._auth import NO_AUTH as NO_AUTH, WatchedAuth as WatchedAuth
from ._bearer import (
    BearerAuth as BearerAuth,
    authorize as authorize,
    check_blocking_auth as check_blocking_auth,
)
from ._bodies import blocking_stream as blocking_stream, measure_trio as measure_trio, trio_stream as trio_stream
from ._cut_off import cut_off_after as cut_off_after
from ._deadlines import DEADLINE as DEADLINE, OutOfTime as OutOfTime
from ._defaults import (
    DefaultAsyncHttpxClient as DefaultAsyncHttpxClient,
    DefaultHttpxClient as DefaultHttpxClient,
)
from ._disk import rename_durably as rename_durably, replace_durably as replace_durably, write_all as write_all
from ._failures import Trace as Trace, failure_of as failure_of, foreign_errors as foreign_errors
from ._incoming import BlockingIncoming as BlockingIncoming, TrioIncoming as TrioIncoming
from ._native import FRESH as FRESH, READ_WITHIN as READ_WITHIN, TrioTransport as TrioTransport
from ._nursery import HiddenNursery as HiddenNursery
from ._read import read_blocking as read_blocking, read_trio as read_trio
from ._trio_client import DefaultTrioHttpxClient as DefaultTrioHttpxClient
from ._wire import INTERPOSER as INTERPOSER, Interposer as Interposer, Wire as Wire
