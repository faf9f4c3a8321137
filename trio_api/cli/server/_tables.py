"""What the server holds: every named character of `unicodedata`, and the general categories.

Each record is encoded once, as a page is then the join of its rows. The wire names stand here as plain
strings, apart from the models of any client, so that a client is checked against something that is not itself.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import attrs
import msgspec

__all__ = ["CATEGORY_NAMES", "Table", "UnicodeTables"]

CATEGORY_NAMES: Final = {
    "Lu": "Uppercase Letter", "Ll": "Lowercase Letter", "Lt": "Titlecase Letter", "Lm": "Modifier Letter",
    "Lo": "Other Letter", "Mn": "Nonspacing Mark", "Mc": "Spacing Mark", "Me": "Enclosing Mark",
    "Nd": "Decimal Number", "Nl": "Letter Number", "No": "Other Number", "Pc": "Connector Punctuation",
    "Pd": "Dash Punctuation", "Ps": "Open Punctuation", "Pe": "Close Punctuation", "Pi": "Initial Punctuation",
    "Pf": "Final Punctuation", "Po": "Other Punctuation", "Sm": "Math Symbol", "Sc": "Currency Symbol",
    "Sk": "Modifier Symbol", "So": "Other Symbol", "Zs": "Space Separator", "Zl": "Line Separator",
    "Zp": "Paragraph Separator", "Cc": "Control", "Cf": "Format", "Cs": "Surrogate", "Co": "Private Use",
    "Cn": "Unassigned",
}  # fmt: skip
"""Long names of the general categories: Unicode Standard Annex 44, table 12."""


@attrs.frozen
class Table:
    """Encoded records in a fixed order, found by id or by position."""

    rows: Sequence[bytes]
    """One JSON object each."""
    positions: Mapping[str, int]
    """The place in `rows` of each id."""

    @classmethod
    def of(cls, records: Sequence[Mapping[str, object]]) -> Table:
        """Encode *records*, each of which has an ``id``."""
        encode = msgspec.json.Encoder().encode
        return cls(
            rows=[encode(record) for record in records],
            positions={str(record["id"]): position for position, record in enumerate(records)},
        )

    def __len__(self) -> int:
        return len(self.rows)


class UnicodeTables:
    """The tables ``characters`` and ``categories``, each made when it is first asked for.

    Args:
        last: The last code point that is taken in.
    """

    def __init__(self, last: int = sys.maxunicode) -> None:
        self.last: int = min(last, sys.maxunicode)
        self._by_category: dict[str, Table] = {}

    @cached_property
    def characters(self) -> Table:
        """Every named character, in the order of code points: some 140,000."""
        return Table.of(self._records)

    @cached_property
    def categories(self) -> Table:
        """Every general category that a named character has, in the order of their ids."""
        counts = Counter(str(record["category"]) for record in self._records)
        return Table.of(
            [
                {"id": category, "name": CATEGORY_NAMES[category], "characters": count}
                for category, count in sorted(counts.items())
            ]
        )

    def characters_of(self, category: str) -> Table | None:
        """The characters of one category, or None when there is no such category."""
        if category not in self.categories.positions:
            return None
        if category not in self._by_category:
            self._by_category[category] = Table.of(
                [record for record in self._records if record["category"] == category]
            )
        return self._by_category[category]

    @cached_property
    def _records(self) -> list[dict[str, object]]:
        return list(_records(self.last))


def _records(last: int) -> Iterator[dict[str, object]]:
    for code_point in range(last + 1):
        character = chr(code_point)
        name = unicodedata.name(character, None)
        if name is not None:
            yield {
                "id": f"{code_point:04X}",
                "codePoint": code_point,
                "name": name,
                "category": unicodedata.category(character),
                "bidirectional": unicodedata.bidirectional(character),
                "combining": unicodedata.combining(character),
                "mirrored": unicodedata.mirrored(character) == 1,
                "decomposition": unicodedata.decomposition(character),
                "numeric": unicodedata.numeric(character, None),
            }
