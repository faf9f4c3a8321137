"""The house keeps its floors: read from the sources by `ast`, so nothing is imported and nothing can hide.

Floor 0 are the modules ``_*.py``; above it stand the rooms. A module may import its own room and lower floors.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

PACKAGE = Path(__file__).parent.parent / "trio_api"

FLOOR = {
    "models": 1,
    "request": 1,
    "auth": 1,
    "retry": 1,
    "resilience": 1,
    "pages": 1,
    "streaming": 1,
    "flow": 2,
    "operations": 2,
    "responses": 2,
    "transport": 3,
    "client": 4,
    "redis": 4,
    "testing": 5,
    "cli": 5,
}
SIDEWAYS = {
    ("pages", "models"),
    ("pages", "request"),
    ("resilience", "request"),
    ("request", "models"),
    ("streaming", "models"),
    ("flow", "responses"),
}
HARD_DEPENDENCIES = {"trio", "httpx", "attrs", "attr", "cattrs", "msgspec"}
BESIDE_THEM = {
    "transport": {"h11", "httptools"},  # the parsers of responses
    "cli": {"click", "rich", "h11"},  # the extra `cli`
    "redis": {"coredis"},  # the extra `redis`
    "testing": {"pytest", "h11"},
}
FORBIDDEN_BELOW_TRANSPORT = {"trio", "asyncio", "anyio", "sniffio", "socket", "ssl", "select", "selectors", "threading"}


@attrs.frozen
class Module:
    """One source file of the package, parsed."""

    path: Path
    name: str
    """Dotted, without the package's own name: ``request._url``; a room's face is ``request``."""
    tree: ast.Module = attrs.field(repr=False)

    def __str__(self) -> str:
        return self.name

    @property
    def room(self) -> str:
        """The first part of the name; the face of the package has none."""
        return self.name.partition(".")[0]

    @property
    def floor(self) -> int:
        """The floor it stands on; the face of the package stands above all."""
        if not self.room:
            return 6
        return FLOOR.get(self.room, 0 if self.room.startswith("_") else -1)

    @property
    def is_face(self) -> bool:
        """Whether it is an ``__init__.py``."""
        return self.path.name == "__init__.py"

    def only_typing(self, name: str) -> bool:
        """Whether every import of the package *name* stands under ``if TYPE_CHECKING:``."""
        guarded = {
            inner
            for node in ast.walk(self.tree)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        return all(
            node in guarded
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and node.module == name and not node.level
        )

    def imports(self) -> Iterator[tuple[int, str]]:
        """The line and the dotted name of each import; those of this package begin with a dot."""
        parts = [part for part in self.name.split(".") if part]
        package = parts if self.is_face else parts[:-1]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node.lineno, alias.name.replace("trio_api.", ".", 1)
            elif isinstance(node, ast.ImportFrom):
                if node.level:
                    above = package[: len(package) - node.level + 1]
                    stem = ".".join(filter(None, [*above, node.module or ""]))
                    for alias in node.names:
                        yield node.lineno, f".{stem}" if stem else f".{alias.name}"
                else:
                    yield node.lineno, (node.module or "").replace("trio_api.", ".", 1)


def _modules() -> list[Module]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found.append(Module(path, ".".join(parts), ast.parse(path.read_text(encoding="utf-8"))))
    return found


MODULES = _modules()
every_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name or "trio_api")


@pytest.mark.parametrize(
    ("name", "file", "source", "target"),
    [
        ("request._url", "_url.py", "from .._errors import APIError", "._errors"),
        ("request._url", "_url.py", "from ._options import x", ".request._options"),
        ("request", "__init__.py", "from ._url import x as x", ".request._url"),
        ("flow", "flow.py", "from .client import x", ".client"),
        ("flow", "flow.py", "from . import client", ".client"),
        ("flow", "flow.py", "def f():\n    import trio_api.client", ".client"),
        ("flow", "flow.py", "from trio.testing import x", "trio.testing"),
    ],
)
def test_imports_are_read_in_every_form(name: str, file: str, source: str, target: str) -> None:
    """The reader behind these tests sees relative, absolute and nested imports."""
    assert [found for _, found in Module(Path(file), name, ast.parse(source)).imports()] == [target]


@every_module
def test_each_module_has_a_floor(module: Module) -> None:
    """A new room is given its floor here, or it is not part of the house."""
    assert module.floor >= 0, f"{module.name} stands on no floor: name it in FLOOR"


@every_module
def test_each_module_says_what_lives_there(module: Module) -> None:
    """Every module opens with a docstring."""
    assert ast.get_docstring(module.tree), f"{module.path} has no docstring"


@every_module
def test_imports_only_go_down(module: Module) -> None:
    """A module imports its own room, lower floors, and beside it only what the house allows."""
    climbs = []
    for line, target in module.imports():
        if not target.startswith("."):
            continue
        room = target[1:].partition(".")[0]
        floor = FLOOR.get(room, 0)
        fine = room == module.room or floor < module.floor or (floor == 0 and module.floor == 0)
        if not fine and (module.room, room) not in SIDEWAYS:
            climbs.append(f"line {line}: {module.name} (floor {module.floor}) imports {target} (floor {floor})")
    assert climbs == []


@every_module
def test_what_decides_does_no_io(module: Module) -> None:
    """Floors 0 to 2 import no event loop and no sockets, and never sleep: they are tested without either."""
    if module.floor > 2:
        return
    imported = {target.partition(".")[0] for _, target in module.imports()}
    assert imported & FORBIDDEN_BELOW_TRANSPORT == set()
    sleeps = [
        node.lineno
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr == "sleep")
        or (isinstance(node, ast.ImportFrom) and any(alias.name == "sleep" for alias in node.names))
    ]
    assert sleeps == []


@pytest.mark.parametrize("module", [m for m in MODULES if m.is_face], ids=lambda module: module.name or "trio_api")
def test_a_face_only_re_exports(module: Module) -> None:
    """An ``__init__.py`` holds its docstring and ``from ._noun import Name as Name``, nothing else."""
    strangers = []
    for number, statement in enumerate(module.tree.body):
        if number == 0 and isinstance(statement, ast.Expr):
            continue
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            continue
        if isinstance(statement, ast.ImportFrom) and all(alias.asname == alias.name for alias in statement.names):
            continue
        strangers.append(f"line {statement.lineno}: {ast.unparse(statement)[:80]}")
    assert strangers == []


@every_module
def test_the_package_imports_what_it_declares(module: Module) -> None:
    """Hard dependencies everywhere, those of an extra only in its room; never httpx2, asyncio or trio_typing."""
    allowed = HARD_DEPENDENCIES | BESIDE_THEM.get(module.room, set()) | sys.stdlib_module_names
    allowed |= {"typing_extensions"} if module.only_typing("typing_extensions") else set()
    strangers = {target.partition(".")[0] for _, target in module.imports() if target[0] != "."} - allowed
    assert strangers == set()
