"""The ledger: every value that cleaning changed, set missing or questioned, with the rule that did it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionDtype

Action = Literal["repair", "set_missing", "quarantine", "flag", "merge", "map"]

COLUMNS: dict[str, ExtensionDtype] = {
    "rule": pd.StringDtype(),
    "severity": pd.StringDtype(),
    "action": pd.StringDtype(),
    "table": pd.StringDtype(),
    "column": pd.StringDtype(),
    "participant_id": pd.StringDtype(),
    "visit": pd.StringDtype(),
    "before": pd.StringDtype(),
    "after": pd.StringDtype(),
    "reason": pd.StringDtype(),
    "file": pd.StringDtype(),
    "row": pd.Int64Dtype(),
    "count": pd.Int64Dtype(),
}


@functools.cache
def _no_entries() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in COLUMNS.items()})


@dataclass(frozen=True)
class Ledger:
    """An append-only table of changes; ``add`` and ``+`` return a new ledger.

    One line stands for one value (``count`` is 1) or, for a declared mapping such as a unit conversion that touched a
    whole column, for ``count`` values at once (``participant_id``, ``before`` and ``after`` are then empty or hold
    the code or unit).

    Examples
    --------
    >>> ledger = Ledger.empty().add(rule="range_hard", severity="error", action="set_missing", table="visits",
    ...                             column="bmi_kg_m2", participant_id=["7"], before=["263.0"], reason="above 100")
    >>> len(ledger.entries)
    1
    """

    entries: pd.DataFrame

    @classmethod
    def empty(cls) -> Ledger:
        """Return a ledger without entries."""
        return cls(_no_entries().copy(deep=False))

    def add(
        self, *, rule: str, severity: str, action: Action, table: str, column: str = "", **values: object
    ) -> Ledger:
        """Return a ledger with new entries; a list or Series makes one entry for each of its elements.

        Parameters
        ----------
        rule, severity, action, table, column
            Identifier of the rule, how grave (``error``, ``warning`` or ``info``), what was done, and where.
        **values
            Any of the remaining columns of the ledger (``participant_id``, ``visit``, ``before``, ``after``,
            ``reason``, ``file``, ``row``, ``count``), each a scalar or a list-like of one common length.

        Raises
        ------
        TypeError
            If a column does not exist.
        """
        fixed = {"rule": rule, "severity": severity, "action": action, "table": table, "column": column}
        new = Ledger.of([{**fixed, **values}])
        if not len(new.entries):
            return self
        return Ledger(pd.concat([self.entries, new.entries], ignore_index=True) if len(self.entries) else new.entries)

    @classmethod
    def of(cls, groups: Iterable[Mapping[str, object]]) -> Ledger:
        """Return a ledger made at once of many groups of entries, each as :meth:`add` takes it.

        Parameters
        ----------
        groups
            Values by column; a list-like makes one entry for each of its elements, a scalar stands for all of them.

        Raises
        ------
        TypeError
            If a column does not exist, or the list-likes of a group differ in length.
        """
        parts: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        for group in groups:
            unknown = set(group) - set(COLUMNS)
            if unknown:
                raise TypeError(f"the ledger has no column {sorted(unknown)}")
            lists = {k: _sized(v) for k, v in group.items() if isinstance(v, Iterable) and not isinstance(v, str)}
            lengths = {len(v) for v in lists.values()} or {1}
            if len(lengths) > 1:
                raise TypeError(f"the columns of a ledger entry differ in length: {sorted(lengths)}")
            (length,) = lengths
            for name, column in parts.items():
                one = group.get(name, 1 if name == "count" else None)
                column.append((lists[name], None) if name in lists else (one, length))
        columns = {name: _column(parts[name], COLUMNS[name]) for name in COLUMNS}
        return cls(pd.DataFrame(columns)) if len(columns["rule"]) else cls.empty()

    def __add__(self, other: Ledger) -> Ledger:
        """Return both ledgers, one after the other."""
        return Ledger(pd.concat([self.entries, other.entries], ignore_index=True))

    def summary(self) -> pd.DataFrame:
        """Return how many values each rule touched, by table, column and action, most first."""
        keys = ["rule", "severity", "action", "table", "column"]
        if self.entries.empty:
            return pd.DataFrame(columns=[*keys, "count"])
        counted = self.entries.groupby(keys, dropna=False, sort=True)["count"].sum().reset_index()
        return counted.sort_values(["count", *keys], ascending=[False] + [True] * len(keys)).reset_index(drop=True)


def _sized(values: Iterable[object]) -> Any:
    return values if isinstance(values, (list, pd.Series)) else list(values)


def _column(parts: list[tuple[Any, int | None]], dtype: ExtensionDtype) -> Any:
    """Return one column from lists, and from scalars with the number of times that they stand there."""
    is_text = isinstance(dtype, pd.StringDtype)
    kind = pa.large_string() if is_text else pa.int64()
    arrays = []
    for values, times in parts:
        if times is not None:
            scalar = pa.scalar(None if values is None or values is pd.NA else values, kind)
            arrays.append(pa.repeat(scalar, times))
        elif isinstance(values, pd.Series) and values.dtype == dtype:
            arrays.append(pa.array(values.array, kind))
        else:
            arrays.append(pa.array(pd.array(values, dtype=cast("Any", dtype)), kind))
    whole = pa.chunked_array(arrays, kind).combine_chunks()
    if is_text:
        return pd.arrays.ArrowStringArray(whole)
    return pd.array(whole.to_numpy(zero_copy_only=False), dtype="Int64") if not whole.null_count else _nullable(whole)


def _nullable(whole: pa.Array) -> Any:
    missing = whole.is_null().to_numpy(zero_copy_only=False)
    return pd.arrays.IntegerArray(whole.fill_null(0).to_numpy(zero_copy_only=False).copy(), missing)
