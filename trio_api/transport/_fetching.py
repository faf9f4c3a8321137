"""Which tokens are being fetched in the code that runs now."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from .._errors import ClientStateError

__all__ = ["check_not_fetching", "fetching"]

_FETCHING: Final[ContextVar[tuple[object, ...]]] = ContextVar("trio_api.fetching", default=())


@contextmanager
def fetching(keeper: object) -> Generator[None, None, None]:
    """A block in which a token is fetched for *keeper*."""
    mark = _FETCHING.set((*_FETCHING.get(), keeper))
    try:
        yield
    finally:
        _FETCHING.reset(mark)


def check_not_fetching(keeper: object) -> None:
    """Raise `ClientStateError` where *keeper* is asked for a token by what fetches it: it would wait for itself."""
    if any(each is keeper for each in _FETCHING.get()):
        raise ClientStateError(
            "the function that gives BearerAuth its token makes a request that is itself to carry that token: let it "
            "use a client without this auth"
        )
