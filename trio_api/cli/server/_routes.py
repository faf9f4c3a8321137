"""Which reply a request gets: ``/{style}/{table}`` is a list, ``/{style}/{table}/{id}`` a record.

So each style is an API of its own, with a base URL of its own, over the same two tables.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

import msgspec

from ._exchange import Refusal, Reply, Request
from ._styles import STYLES, Style
from ._tables import Table, UnicodeTables

__all__ = ["STYLES", "UnicodeAPI"]


class UnicodeAPI:
    """The API: `answer` is a pure function of the request.

    Lists take GET, and POST with the parameters in a JSON body. ``characters`` takes ``category`` to filter.

    Args:
        token: The bearer token that every request must carry; None asks for none.
        tables: The tables to serve; by default they are made when first asked for.
    """

    def __init__(self, *, token: str | None = None, tables: UnicodeTables | None = None) -> None:
        self._token = token
        self._tables = tables or UnicodeTables()

    def warm_up(self) -> int:
        """Make the tables now, which takes about a second.

        Returns:
            The number of characters.
        """
        return len(self._tables.characters)

    def answer(self, request: Request) -> Reply:
        """The reply to *request*, errors included."""
        try:
            self._authorize(request)
            return self._route(request)
        except Refusal as refusal:
            return refusal.reply()

    def _authorize(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if self._token is not None and not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise Refusal(401, "missing or wrong bearer token", ("WWW-Authenticate", "Bearer"))

    def _route(self, request: Request) -> Reply:
        style_name, _, rest = request.path.strip("/").partition("/")
        style = STYLES.get(style_name)
        table_name, _, record = rest.partition("/")
        if style is None or table_name not in ("characters", "categories"):
            raise Refusal(404, f"there is no {request.path}")
        if record:
            return self._record(request, table_name, record)
        return self._list(request, style, table_name)

    def _record(self, request: Request, table_name: str, record: str) -> Reply:
        _allow(request, "GET")
        table = self._table(table_name)
        if record not in table.positions:
            raise Refusal(404, f"there is no record {record!r} in {table_name}")
        return Reply(200, table.rows[table.positions[record]])

    def _list(self, request: Request, style: Style, table_name: str) -> Reply:
        _allow(request, "GET", "POST")
        parameters = {**request.query, **_body_parameters(request)}
        table = self._table(table_name)
        category = parameters.get("category")
        if category is not None and table_name == "characters":
            found = self._tables.characters_of(str(category))
            if found is None:
                raise Refusal(400, f"category: there is no category {category!r}")
            table = found
        return style(table, parameters, request.origin + request.path)

    def _table(self, name: str) -> Table:
        return self._tables.characters if name == "characters" else self._tables.categories


def _allow(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise Refusal(405, f"{request.method} is not allowed here", ("Allow", ", ".join(methods)))


def _body_parameters(request: Request) -> Mapping[str, object]:
    if not request.body:
        return {}
    try:
        return msgspec.json.decode(request.body, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError):
        raise Refusal(400, "the body is not a JSON object") from None
