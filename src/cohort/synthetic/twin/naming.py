"""The column of the person table, or of follow-up and design, that an entry of a study fills."""

from __future__ import annotations

from cohort.codebook import Codebook
from cohort.synthetic.twin.columns import Entry


def canonical_name(entry: Entry, codebook: Codebook) -> str:
    """Return the canonical name of what an entry reads; of a questionnaire, that of its total.

    Parameters
    ----------
    entry, codebook
        The entry, and what its name means.
    """
    if entry.section == "labs":
        return codebook.analytes[entry.name].column
    if entry.section == "diagnoses":
        return codebook.diseases[entry.name].column
    if entry.section == "medications":
        return f"is_{entry.name}_user"
    if entry.section == "instruments":
        return codebook.instruments[entry.name].total.column
    return "baseline_date" if entry.name == "visit_date" else entry.name
