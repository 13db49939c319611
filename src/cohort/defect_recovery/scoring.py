"""What became of each planted defect, and of the cells that none touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from cohort.codebook import Codebook
from cohort.defect_recovery.cells import KEYS, Flags, agree, index_of, key_of, keyed, values_of
from cohort.defect_recovery.evidence import FILLING, cells_in, ledger_cells, seen, source_cells
from cohort.defect_recovery.studies import Cleaned, clean_study, raw_files
from cohort.defect_recovery.targets import clean_cells, id_column
from cohort.synthetic.defects import catalogue_table

OUTCOMES = ("repaired", "set_missing", "flagged", "wrong_repair", "missed")
"""What may become of a defect: the first three count as caught."""


@dataclass(frozen=True)
class Recovery:
    """How cleaning dealt with planted defects.

    Parameters
    ----------
    planted
        One line per planted cell or row, with ``outcome`` and ``detectable``.
    cells, changed
        How many clean cells no defect touched, and how many of them differ from the clean twin.
    changed_by_table
        The same by table.
    """

    planted: pd.DataFrame
    cells: int
    changed: int
    changed_by_table: pd.DataFrame

    @property
    def share_changed(self) -> float:
        """Return the share of untouched cells that cleaning changed."""
        return self.changed / max(self.cells, 1)


def recover(dirty: Path, twin: Path, codebook: Codebook) -> Recovery:
    """Return what cleaning made of the defects planted in a folder, beside the clean twin in another.

    Parameters
    ----------
    dirty, twin
        Folders of :func:`simulate_pair`, with csv files.
    codebook
        The codebook.
    """
    spoilt, right = clean_study(dirty, codebook), clean_study(twin, codebook)
    planted = pd.read_csv(dirty / "truth" / "defects.csv", dtype="str", keep_default_na=False)
    planted = planted.astype({"row": "int64"})
    raw = raw_files(dirty, spoilt.study)
    cells = clean_cells(spoilt.study, codebook, raw, planted)
    detectable = catalogue_table().set_index("kind")["detectable"]
    outcome = _outcomes(planted, cells, raw, spoilt, right, codebook)
    lines = planted.assign(outcome=outcome, detectable=planted["kind"].map(detectable))
    by_table = changed_cells(cells, spoilt, right, codebook)
    total, changed = int(by_table["cells"].sum()), int(by_table["changed"].sum())
    return Recovery(lines, total, changed, by_table)


def by_kind(planted: pd.DataFrame) -> pd.DataFrame:
    """Return one line per kind of defect: how many were planted, what became of them, and the share that was caught.

    The interval is Wilson's (1927, JASA 22, 209-212) at 95 %. It takes defects for independent; those of one site are
    not, so that it is too narrow for kinds that whole sites share.

    Examples
    --------
    >>> lines = pd.DataFrame({"kind": ["blank_id"] * 2, "outcome": ["repaired", "missed"], "detectable": [True, True]})
    >>> by_kind(lines)[["planted", "caught", "share"]].to_numpy().tolist()
    [[2.0, 1.0, 0.5], [2.0, 1.0, 0.5]]
    """
    detectable = planted.loc[planted["detectable"].astype(bool)]
    groups = [*planted.groupby("kind"), ("all detectable kinds", detectable)]
    table = []
    for kind, lines in groups:
        count = {outcome: int((lines["outcome"] == outcome).sum()) for outcome in OUTCOMES}
        caught = sum(count[outcome] for outcome in OUTCOMES[:3])
        low, high = proportion_confint(caught, max(len(lines), 1), method="wilson")
        line = {"kind": kind, "detectable": bool(lines["detectable"].all()), "planted": len(lines), "caught": caught}
        table.append({**line, **count, "share": caught / max(len(lines), 1), "low": low, "high": high})
    return pd.DataFrame(table)


def _outcomes(
    planted: pd.DataFrame,
    cells: pd.DataFrame,
    raw: Mapping[str, pd.DataFrame],
    dirty: Cleaned,
    twin: Cleaned,
    codebook: Codebook,
) -> list[str]:
    """Return the outcome of each planted line."""
    states = cells.assign(
        now=values_of(cells, dirty.cohort),
        due=values_of(cells, twin.cohort),
        seen=seen(planted, cells, raw, dirty, codebook),
    )
    same = agree(states["now"], states["due"])
    gone = states["now"].isna().to_numpy()
    repaired = cells_in(cells, ledger_cells(dirty.cohort, ("repair",), codebook, without=FILLING))
    state = np.select(
        [same, gone & states["seen"], states["seen"] & ~repaired, ~gone & repaired],
        [0, 1, 2, 3],
        default=4,
    )
    worst = pd.Series(state).groupby(states["planted"].to_numpy()).max().reindex(planted.index)
    named = [OUTCOMES[int(value)] if value == value else "missed" for value in worst]  # noqa: PLR0124 - NaN
    fate = _row_fates(planted, dirty)
    whole = _whole_rows(planted, dirty)
    return [row or cell if is_row else cell for cell, row, is_row in zip(named, fate, whole, strict=True)]


def _whole_rows(planted: pd.DataFrame, dirty: Cleaned) -> list[bool]:
    """Return which lines are about a row as a whole: one that was added, or one whose identifier was changed."""
    own = {file: id_column(dirty.study, file) for file in planted["table"].unique()}
    return [c in ("", own[t]) for t, c in zip(planted["table"], planted["column"], strict=True)]


def _row_fates(planted: pd.DataFrame, dirty: Cleaned) -> list[str]:
    """Return what became of the row of each line as a whole; empty where its cells tell."""
    rows = dirty.rows.set_index(["file", "row"])["status"].to_dict()
    words = {"merged": "repaired", "quarantined": "set_missing"}
    # Of two entries of one row the ledger names both, but only the second one is merged into the first.
    told = {(file, row) for file, row, _ in source_cells(dirty)}
    return [
        words.get(rows.get((table, row + 1), ""), "")
        or ("" if column else "set_missing" if (table, row + 1) in told else "missed")
        for table, row, column in zip(planted["table"], planted["row"], planted["column"], strict=True)
    ]


def changed_cells(cells: pd.DataFrame, dirty: Cleaned, twin: Cleaned, codebook: Codebook) -> pd.DataFrame:
    """Return by table how many cells no defect touched and how many of them differ from the twin's.

    Scores and derived columns are left out: they change with the items that a defect touched. A row that is gone, or
    that the twin does not have, counts with all its cells.
    """
    table = []
    for name, key in KEYS.items():
        now, due = keyed(dirty.cohort.tables[name], name), keyed(twin.cohort.tables[name], name)
        rows = due.index.union(now.index)
        touched = cells.loc[cells["table"] == name]
        total = changed = 0
        for column in [c for c in due if c not in key and _is_measured(codebook, name, str(c))]:
            before = due[column].reindex(rows).astype("object")
            after = now[column].reindex(rows).astype("object") if column in now else before.mask(before.notna())
            hit = touched.loc[_feeds(touched, str(column))]
            free = ~rows.isin(index_of(key_of(hit, name)))
            differs = ~agree(before, after)
            total += int(free.sum())
            changed += int((free & differs).sum())
        table.append({"table": name, "cells": total, "changed": changed})
    return pd.DataFrame(table)


def _feeds(touched: pd.DataFrame, column: str) -> Flags:
    """Return which touched cells bear on a column; what belongs to a result hangs on the result."""
    own = touched["column"] == column
    if column in ("unit", "censoring", "limit", "date", "plate", "site", "sampling_hour"):
        own |= (touched["table"] == "labs") & (touched["column"] == "value")
    return np.asarray(own)


def _is_measured(codebook: Codebook, table: str, column: str) -> bool:
    variable = codebook.tables[table][column]
    items = {name for instrument in codebook.instruments.values() for name in instrument.columns}
    return not variable.derivation and (not variable.instrument or column in items)
