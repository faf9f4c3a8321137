"""How Sphinx builds the documentation: ``tox -e docs``, warnings as errors."""

from __future__ import annotations

import os
import sys

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.napoleon import Config, GoogleDocstring

import trio_api

project = "trio_api"
author = "The trio-api authors"
project_copyright = "2026, the trio-api authors"
version = release = trio_api.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinxcontrib_trio",
]

html_theme = "furo"
html_title = f"trio_api {release}"
exclude_patterns = ["_build", "examples"]
default_role = "py:obj"
pygments_style = "friendly"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"

# A reference that leads nowhere is an error. Those to other projects can be resolved only with their inventories,
# which come from the network: so a build links to them where it is told to, and elsewhere does not look at them.
nitpicky = True
OTHER_PROJECTS = {
    "python": ("https://docs.python.org/3", None),
    "trio": ("https://trio.readthedocs.io/en/stable", None),
    "attrs": ("https://www.attrs.org/en/stable", None),
    "cattrs": ("https://catt.rs/en/stable", None),
}
intersphinx_mapping = OTHER_PROJECTS if os.environ.get("TRIO_API_DOCS_INTERSPHINX") else {}
nitpick_ignore_regex = [("py:.*", r"(?!trio_api\b).*")]


def to_public_name(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, contnode: nodes.Element
) -> nodes.Node | None:
    """Resolve the names that annotations give by private modules, such as ``trio_api._types.NotGiven``.

    They link to the public name; what exists but is not public, such as a type variable, is shown without a link.
    """
    module, _, name = node["reftarget"].rpartition(".")
    if not module.startswith("trio_api") or not hasattr(sys.modules.get(module), name):
        return None
    domain = env.domains.python_domain
    public = domain.resolve_xref(env, node["refdoc"], app.builder, "obj", f"trio_api.{name}", node, contnode)
    return public or contnode


SECTIONS = Config(napoleon_use_rtype=False)


def read_sections(app: Sphinx, what: str, name: str, documented: object, options: object, lines: list[str]) -> None:
    """Read ``Args``, ``Returns`` and ``Raises``, as napoleon does, but not in the docstrings of attributes.

    Those are prose. Napoleon would take "Seconds before the first retry. Default: 0.5." for a type and its description.
    """
    if what in ("class", "exception", "function", "method"):
        lines[:] = GoogleDocstring(lines, SECTIONS, app, what, name, documented, options).lines()


def setup(app: Sphinx) -> None:
    """Connect what this project adds to Sphinx."""
    app.connect("autodoc-process-docstring", read_sections)
    app.connect("missing-reference", to_public_name)
