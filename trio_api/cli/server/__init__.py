"""An API server for demonstrations, examples and tests: the Unicode character database, paged in several styles.

Pure parts say what is answered (`_tables`, `_styles`, `_routes`) and what goes wrong (`_faults`); `_loop` alone
does IO. It listens on the loopback interface only and is no server for anything else.
"""

from ._faults import NO_FAULTS as NO_FAULTS, FaultKind as FaultKind, FaultRates as FaultRates
from ._loop import Server as Server, ServerStatistics as ServerStatistics, serve as serve
from ._routes import STYLES as STYLES, UnicodeAPI as UnicodeAPI
from ._tables import Table as Table, UnicodeTables as UnicodeTables
