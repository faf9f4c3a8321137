"""An API that is none: it answers an `httpx.AsyncClient` by a script, on Trio's clock, and keeps a journal."""

from __future__ import annotations

from typing import Any, TypeVar, final, overload

import httpx
import trio

from .._constants import DEFAULT_TIMEOUT
from ..client import AsyncAPIClient
from ..retry import RetryPolicy
from ._exchange import Exchange
from ._resilience import breaches
from ._routes import Routed

__all__ = ["MockAPI"]

ClientT = TypeVar("ClientT", bound=AsyncAPIClient)


@final
class MockAPI(Routed, httpx.AsyncBaseTransport):
    """Answers by a script in place of a server; with `trio.testing.MockClock` waits take no time.

    It is the transport of an ``httpx.AsyncClient``, and gives clients that send by it (`client`). Other than
    `httpx.MockTransport` it waits, as a network does: each exchange has checkpoints at which it can be cancelled, and
    heeds the client's connect, read and write timeouts.

    Routes say what is answered. A request that no route fits is an error of the test: an `AssertionError` where it is
    sent, and again by every assertion.

    Args:
        base_url: That of the clients that it gives.
    """

    def __init__(self, *, base_url: str = "https://api.example.com") -> None:
        super().__init__()
        self.base_url = base_url
        """The base URL of the clients that it gives."""

    # -- who asks --------------------------------------------------------------------------------------------

    @overload
    def client(self, kind: None = None, /, **settings: Any) -> AsyncAPIClient: ...
    @overload
    def client(self, kind: type[ClientT], /, **settings: Any) -> ClientT: ...
    def client(self, kind: type[Any] | None = None, /, **settings: Any) -> Any:
        """A client that sends to this API, to be used as ``async with api.client(...) as client:``.

        Args:
            kind: A subclass of `AsyncAPIClient`, the client of an SDK. Default: `AsyncAPIClient` itself.
            **settings: What it is made with, beside the ``http_client``. Default of ``base_url``: that of this API.
        """
        # Nothing is open in it: nobody has to close it.
        http_client = httpx.AsyncClient(transport=self, timeout=DEFAULT_TIMEOUT, trust_env=False)
        made_with: dict[str, Any] = {"base_url": self.base_url, "http_client": http_client, **settings}
        return AsyncAPIClient(**made_with) if kind is None else kind(**made_with)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer *request*, as httpx has it.

        Raises:
            AssertionError: No route fits it, or the one that does has given all its answers.
            Exception: Whatever the script says.
        """
        await trio.lowlevel.checkpoint()
        entry, answer = self.begin(request, trio.current_time())
        return await Exchange(request, answer, entry).run()

    # -- what is asserted ------------------------------------------------------------------------------------

    def assert_resilient(
        self, policy: RetryPolicy | None = None, *, idempotency_header: str = "Idempotency-Key"
    ) -> None:
        """Assert that the attempts are those of a resilient client.

        - No call is retried more often than the policy says, nor sooner than its backoff at the least.
        - ``Retry-After`` is heeded: by the call that was told, and that of a 403, 429 or 503, up to 120 seconds, by all
          that is sent to that origin after it.
        - What is not to be retried is not: 400, 401, 403, 404, 422; and no POST or PATCH that may have had its effect,
          unless it has an idempotency key. See "What is retried" in the how-to on retries.
        - A retry has the body of the first attempt, as a body that can be read once has not, and its idempotency key.
        - No two requests share such a key, and each body is as long as its ``Content-Length`` says.

        A retry is known by the ``...-Retry-Count`` header that clients send; where requests have none, by what failed
        and comes again.

        Args:
            policy: What the client was given. Default: ``RetryPolicy()``.
            idempotency_header: The header of the idempotency key.

        Raises:
            AssertionError: They are not; the message tells each breach, and shows the journal.
        """
        self.assert_expected()
        found = breaches(self.journal, policy or RetryPolicy(), idempotency_header)
        if found:
            self._fail("\n".join(["not resilient:", *(f"- {breach}" for breach in found)]))
