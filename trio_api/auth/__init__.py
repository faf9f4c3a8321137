"""What is decided about bearer tokens: how long one lives, when the next is due, how OAuth 2.0 asks for one.

Pure: nothing here sleeps, sends or locks. `trio_api.transport` keeps tokens fresh, `trio_api.client` fetches them.
"""

from __future__ import annotations

from ._grant import ClientCredentialsGrant as ClientCredentialsGrant, read_token as read_token
from ._life import Standing as Standing, TokenLife as TokenLife
from ._token import Token as Token, as_token as as_token
