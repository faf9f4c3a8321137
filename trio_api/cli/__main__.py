"""``python -m trio_api.cli`` is ``trio-api``."""

from __future__ import annotations

from . import main

if __name__ == "__main__":
    main()
