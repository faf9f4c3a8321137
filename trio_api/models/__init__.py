"""Models: attrs classes to JSON and back, through one cattrs converter that coerces nothing.

How a model is declared (`wire`, `Extras`), how JSON becomes one (`loads`, `structure`), how one becomes JSON
(`unstructure`, `dumps`). Pure: what is done about a problem is decided elsewhere.
"""

from ._codec import (
    NotJSON as NotJSON,
    Structured as Structured,
    dumps as dumps,
    loads as loads,
    read as read,
    structure as structure,
    unstructure as unstructure,
)
from ._converter import converter as converter
from ._fields import field_names as field_names, wire_name as wire_name
from ._wire import Extras as Extras, wire as wire, wire_from as wire_from
