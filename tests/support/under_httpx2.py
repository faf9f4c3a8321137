"""A plugin of pytest, ``-p support.under_httpx2``: the suite with httpx2 in the place of httpx.

An application can have it so. `tox -e httpx2` loads this before anything imports httpx; programs that the tests start
have httpx itself.
"""

from __future__ import annotations

import httpx2

httpx2.alias_httpx()
