"""What happened while a cohort was read: problems, ledger, quarantine, and what became of each source row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cohort.errors import Problem
from cohort.intake.cells import code_text, constant_text
from cohort.intake.tables import BoolArray, IntArray, SourceTable
from cohort.ledger import Action, Ledger

ROW_COLUMNS = {
    "file": "string",
    "source": "string",
    "row": "Int64",
    "participant_id": "string",
    "status": "string",
    "reason": "string",
}
QUARANTINE_COLUMNS = {
    "file": "string",
    "source": "string",
    "row": "Int64",
    "participant_id": "string",
    "rule": "string",
    "reason": "string",
    "content": "string",
}
NOT_READ = "no entry of the study reads this file"
NOT_SELECTED = "no entry of the study selects this row"
NOT_KEPT = "another row of the same person was kept"
NOT_IN_COHORT = "the person is not in the cohort"
_REASONS = pd.Index([NOT_READ, NOT_SELECTED, NOT_KEPT, NOT_IN_COHORT, ""], dtype="str")
_NOT_READ, _NOT_SELECTED, _NOT_KEPT, _NOT_IN_COHORT = range(4)


class Record:
    """Collects what intake finds, in one pass over the study; its parts are handed out frozen at the end."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._entries: list[dict[str, object]] = []
        self._quarantined: list[pd.DataFrame] = []
        self._settled: list[pd.DataFrame] = []
        self._not_unique: set[str] = set()
        self._used: dict[str, BoolArray] = {}
        self._reasons: dict[str, np.ndarray] = {}
        self._tables: dict[str, SourceTable] = {}

    def problem(self, where: str, what: str, fix: str = "") -> None:
        """Note a problem that stops intake once everything has been looked at."""
        self.problems.append(Problem(where, what, fix))

    def not_unique(self, table: SourceTable, count: int) -> None:
        """Note that the id of a file is not unique where it must be; once per file, however many entries read it."""
        if table.name not in self._not_unique:
            self._not_unique.add(table.name)
            paths = ", ".join(table.declared.sources().values())
            what = f"id is not unique: {count:,} ids occur more than once, with different rows."
            fix = "Say which row counts with 'keep:' or 'where:', tell rows apart with 'visit:', or mend the file."
            self.problem(f"file '{table.name}' ({paths})", what, fix)

    def note(self, *, rule: str, severity: str, action: Action, table: str, column: str = "", **values: object) -> None:
        """Add a line to the ledger (see :meth:`cohort.ledger.Ledger.add`)."""
        self._entries.append(
            {"rule": rule, "severity": severity, "action": action, "table": table, "column": column, **values}
        )

    @property
    def size(self) -> int:
        """Return how much was noted so far."""
        return len(self._entries) + len(self._quarantined) + len(self.problems)

    def add_table(self, table: SourceTable) -> None:
        """Take a table into the account of rows; none of its rows is used yet."""
        self._tables[table.name] = table
        self._used[table.name] = np.zeros(len(table.frame), dtype=bool)
        self._reasons[table.name] = np.full(len(table.frame), _NOT_READ, dtype=np.int8)

    def settle(
        self, file: str, source: str, row: IntArray, *, ids: Iterable[Any] | None, status: str, reason: str
    ) -> None:
        """Write what became of rows that never reach a table: quarantined or merged ones."""
        if len(row):
            data = {"file": file, "source": source, "row": row, "participant_id": ids, "status": status}
            self._settled.append(pd.DataFrame({**data, "reason": reason}).astype(ROW_COLUMNS))

    def quarantine(
        self,
        *,
        file: str,
        source: str | Iterable[str],
        row: IntArray,
        ids: Iterable[Any] | None,
        rule: str,
        reason: str,
        content: Sequence[Any],
    ) -> None:
        """Keep what could not be read, as JSON."""
        if len(row):
            texts = [json.dumps(item, ensure_ascii=False) for item in content]
            data = {"file": file, "source": source, "row": row, "participant_id": ids, "rule": rule, "reason": reason}
            self._quarantined.append(pd.DataFrame({**data, "content": texts}).astype(QUARANTINE_COLUMNS))

    def quarantine_cells(
        self,
        table: SourceTable,
        positions: IntArray,
        columns: Sequence[str],
        *,
        rule: str,
        reason: str,
        target: tuple[str, str],
    ) -> None:
        """Keep cells that could not be read, and write into the ledger that their value was set missing.

        Parameters
        ----------
        positions
            Rows of the table.
        columns
            The columns to keep.
        target
            Canonical table and column whose value is missing for it.
        """
        if not len(positions):
            return
        ids, source = table.ids.iloc[positions], table.source.iloc[positions]
        cells = {column: table.frame[column].iloc[positions].to_list() for column in columns}
        content = [{c: code_text(cells[c][i]) for c in columns} for i in range(len(positions))]
        row = table.row[positions]
        self.quarantine(
            file=table.name,
            source=source.to_list(),
            row=row,
            ids=ids.to_list(),
            rule=rule,
            reason=reason,
            content=content,
        )
        self.note(
            rule=rule,
            severity="warning",
            action="quarantine",
            table=target[0],
            column=target[1],
            participant_id=ids.to_list(),
            reason=reason,
            file=table.name,
            row=row.tolist(),
        )

    def select(self, table: SourceTable, is_selected: BoolArray, is_kept: BoolArray | None = None) -> None:
        """Mark the rows that an entry selects as used, and those that it selects but does not keep with the reason."""
        kept = is_selected if is_kept is None else is_kept
        reasons = self._reasons[table.name]
        reasons[reasons == _NOT_READ] = _NOT_SELECTED
        reasons[is_selected & ~kept] = _NOT_KEPT
        self._used[table.name] |= kept

    def outside(self, table: SourceTable, is_outside: BoolArray) -> None:
        """Mark rows of people who are not in the cohort."""
        self._reasons[table.name][is_outside] = _NOT_IN_COHORT

    def rows(self) -> pd.DataFrame:
        """Return what became of each source row."""
        parts = list(self._settled)
        for name, table in self._tables.items():
            used = self._used[name]
            part = {
                "file": constant_text(name, len(used)),
                "source": table.source,
                "row": table.row,
                "participant_id": table.ids.to_numpy(dtype=object) if table.ids.dtype == object else table.ids,
                "status": pd.Categorical.from_codes(np.where(used, 0, 1), pd.Index(["used", "ineligible"])),
                "reason": pd.Categorical.from_codes(np.where(used, len(_REASONS) - 1, self._reasons[name]), _REASONS),
            }
            parts.append(pd.DataFrame(part).astype(ROW_COLUMNS))
        rows = pd.concat(parts, ignore_index=True) if parts else _empty(ROW_COLUMNS)
        keys = [rows["row"].to_numpy(), *(_ranks(rows[name]) for name in ("source", "file"))]
        return rows.iloc[np.lexsort(keys)].reset_index(drop=True)

    def settled(self) -> pd.DataFrame:
        """Return what became of the rows that never reached a table."""
        return pd.concat(self._settled, ignore_index=True) if self._settled else _empty(ROW_COLUMNS)

    def quarantined(self) -> pd.DataFrame:
        """Return all that was quarantined."""
        if not self._quarantined:
            return _empty(QUARANTINE_COLUMNS)
        return pd.concat(self._quarantined, ignore_index=True)

    def ledger(self) -> Ledger:
        """Return the ledger."""
        return Ledger.of(self._entries)


def _ranks(texts: pd.Series) -> IntArray:
    """Return the rank of each text among the distinct ones."""
    codes, words = pd.factorize(texts)
    return np.asarray(np.argsort(np.argsort(words.to_numpy(dtype=object)))[codes], dtype=np.int64)


def _empty(columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})
