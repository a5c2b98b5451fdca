"""Tables of known results: the networks of a space with their measured accuracies and costs."""

from search.tables.columns import Selection
from search.tables.errors import TableError
from search.tables.files import BUNDLED, VARIABLES, find_tables, fingerprint
from search.tables.read import read_tables, table_for
from search.tables.table import Table, Values

__all__ = ["BUNDLED", "VARIABLES", "Selection", "Table", "TableError", "Values",
           "find_tables", "fingerprint", "read_tables", "table_for"]
