"""All kinds of defects in the order in which they are planted: sites, people, cells, and last second rows."""

from __future__ import annotations

import pandas as pd

from cohort.synthetic.defects.blocks import BLOCK_KINDS
from cohort.synthetic.defects.cells import CELL_KINDS
from cohort.synthetic.defects.kind import Kind
from cohort.synthetic.defects.rows import DUPLICATE_KINDS, PERSON_KINDS

CATALOGUE: dict[str, Kind] = {kind.id: kind for kind in (*BLOCK_KINDS, *PERSON_KINDS, *CELL_KINDS, *DUPLICATE_KINDS)}
"""Every kind of defect by its id."""

REFUSED_BY_INTAKE = tuple(kind.id for kind in CATALOGUE.values() if kind.refused_by_intake)
"""Kinds that are left out unless all are asked for: a study that holds much of them is refused as a whole."""


def catalogue_table() -> pd.DataFrame:
    """Return the catalogue as a table: kind, unit of its rate, whether it can be found, and why not.

    Examples
    --------
    >>> table = catalogue_table().set_index("kind")
    >>> table.loc["straight_lining", "detectable"], table.loc["decimal_comma", "unit"]
    (np.False_, 'column at site')
    """
    return pd.DataFrame(
        [
            {
                "kind": kind.id,
                "what": kind.what,
                "unit": kind.unit,
                "detectable": kind.detectable,
                "why_not": kind.why_not,
                "refused_by_intake": kind.refused_by_intake,
            }
            for kind in CATALOGUE.values()
        ]
    )
