"""Long-running operations: where to ask how far one is, how often, and when it is over. Nothing here waits."""

from __future__ import annotations

from ._policy import PollPolicy as PollPolicy
from ._progress import PENDING as PENDING, OperationProgress as OperationProgress, Pending as Pending
from ._rules import PollRules as PollRules
from ._start import (
    Start as Start,
    encode_token as encode_token,
    start_of_response as start_of_response,
    start_of_token as start_of_token,
)
