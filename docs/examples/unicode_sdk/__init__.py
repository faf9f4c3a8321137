"""An SDK for the demonstration server, built the way a vendor would build one on trio_api.

    async with AsyncUnicode(api_key="...") as client:
        character = await client.characters.retrieve("0041")
        async for letter in client.characters.list(category="Lu"):
            ...

`Unicode` is the same without ``async``.
"""

from ._client import AsyncUnicode as AsyncUnicode, Unicode as Unicode
from ._models import Category as Category, Character as Character
