"""Traps: in each scenario a naive analysis errs as declared, and a right analysis finds the truth, in one table."""

from cohort.traps.table import trap_table
from cohort.traps.text import as_markdown, as_text
from cohort.traps.trap import Trap, Truth

__all__ = ["Trap", "Truth", "as_markdown", "as_text", "trap_table"]
