"""What the platform headers say of the program that sends them."""

from __future__ import annotations

import functools
import platform
import sys

from .._version import __version__

__all__ = ["platform_headers"]

_OS_NAMES = {"Darwin": "MacOS", "Windows": "Windows", "Linux": "Linux", "FreeBSD": "FreeBSD", "OpenBSD": "OpenBSD"}
_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64", "i386": "x32", "i686": "x32"}


@functools.lru_cache(maxsize=64)
def platform_headers(prefix: str, asynchronous: str) -> dict[str, str]:
    """The headers of a client.

    Args:
        prefix: What their names begin with.
        asynchronous: What stands for the event loop: ``"trio"``, or ``"false"``.
    """
    return {f"{prefix}-{name}": value for name, value in {**_platform_facts(), "Async": asynchronous}.items()}


@functools.cache
def _platform_facts() -> dict[str, str]:
    """Names to values; asked of the system once a process."""
    machine = platform.machine().lower()
    return {
        "Lang": "python",
        "Package-Version": __version__,
        "OS": _OS_NAMES.get(platform.system(), f"Other:{platform.system()}" if platform.system() else "Unknown"),
        "Arch": _ARCHITECTURES.get(machine, f"other:{machine}" if machine else "unknown"),
        "Runtime": platform.python_implementation(),
        "Runtime-Version": ".".join(str(part) for part in sys.version_info[:3]),
    }
