"""The shape of a cleaning rule, and the one place that changes data: rules find, ``apply_rules`` acts and records."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pandas as pd

from cohort.codebook import Codebook
from cohort.ledger import Action, Ledger

Tables: TypeAlias = Mapping[str, pd.DataFrame]
Column: TypeAlias = "pd.Series[Any]"
Severity = Literal["error", "warning", "info"]

QUARANTINE_COLUMNS = ("table", "column", "participant_id", "rule", "reason", "content")


@dataclass(frozen=True)
class Finding:
    """What a rule found in one table: whole rows, or the cells of one column.

    Parameters
    ----------
    table
        The canonical table.
    rows
        Labels of the rows, from the table's index.
    reason
        Why, in words and without any value of a participant.
    column
        The column of the cells; empty when the finding is about whole rows.
    after
        The new values by row label, for a repair or for a word that stands for missing; None sets missing.
    action
        What to do when it differs from the rule's own action; a rule that a study has set to ``flag`` only flags.
    together
        Whether one line of the ledger stands for all cells, with their number: what befell a column at a site or on a
        plate. Values that are set missing stand in the quarantine one by one all the same.
    count
        Of a finding about a column as a whole that names no rows: how many values it speaks of.
    """

    table: str
    rows: pd.Index[Any]
    reason: str
    column: str = ""
    after: Column | None = None
    action: Action | None = None
    together: bool = False
    count: int = 0


RuleFunction: TypeAlias = Callable[[Tables, Codebook, Mapping[str, float]], list[Finding]]


@dataclass(frozen=True)
class Rule:
    """A cleaning rule: who it is, how grave what it finds is, what is then done, and the function that finds it.

    Parameters
    ----------
    id
        Identifier in the ledger and the quarantine.
    severity
        ``error`` for what cannot be true, ``warning`` for what is doubtful, ``info`` for what is worth knowing.
    action
        ``set_missing`` (cells), ``quarantine`` or ``merge`` (rows), ``repair`` (cells), ``flag`` (nothing changes).
    table
        The table it acts on; ``*`` for every canonical table.
    description
        What it finds and what is done, in a sentence.
    function
        Returns the findings of these tables; it never changes them.
    needs_all_rows
        Whether it is only right when it sees every row of the cohort; all others give the same findings when the
        people are cut into blocks.
    limits
        Numbers of the rule that belong to no variable, by name; :func:`dataclasses.replace` makes a rule with others.
    """

    id: str
    severity: Severity
    action: Action
    table: str
    description: str
    function: RuleFunction
    needs_all_rows: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Applied:
    """Tables after some rules, what the rules did, and what they set aside."""

    tables: dict[str, pd.DataFrame]
    ledger: Ledger
    quarantine: pd.DataFrame


def empty_quarantine() -> pd.DataFrame:
    """Return a quarantine without entries."""
    return _no_quarantine().copy(deep=False)


@functools.cache
def _no_quarantine() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="string") for name in QUARANTINE_COLUMNS})


def apply_rules(tables: Tables, codebook: Codebook, rules: Sequence[Rule], ledger: Ledger | None = None) -> Applied:
    """Return the tables after the rules, applied one by one, with ledger and quarantine; the input stays as is.

    Parameters
    ----------
    tables
        Canonical tables of all people, or of one block of people when no rule needs all rows.
    codebook
        Names, limits and categories.
    rules
        The rules, in order: a later one sees what the earlier ones left.
    ledger
        A ledger to append to.

    Notes
    -----
    A cell that is set missing keeps its original in the quarantine beside the key of its row; a quarantined row stands
    there whole; of merged rows one remains. So rows in = rows out + rows quarantined + rows merged.
    """
    current = Working(tables)
    book, aside = apply_to(current, codebook, rules)
    finished = {name: frame.reset_index(drop=True) for name, frame in current.items()}
    if ledger is not None:
        book = ledger + book if len(book.entries) else ledger
    return Applied(finished, book, aside)


class Working(Mapping[str, pd.DataFrame]):
    """Tables while rules run: those that were changed are kept, the others are asked for whenever a rule looks.

    Parameters
    ----------
    tables
        Canonical tables; a mapping that loads them when asked spares the memory of those that no rule looks at.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.changed: dict[str, pd.DataFrame] = {}
        self._seen: dict[tuple[str, str], tuple[weakref.ref[pd.DataFrame], pd.DataFrame]] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table as the rules so far left it, its rows numbered from 0 at first."""
        if name in self.changed:
            return self.changed[name]
        frame = self._tables[name]
        is_numbered = isinstance(frame.index, pd.RangeIndex) and frame.index.start == 0 and frame.index.step == 1
        return frame if is_numbered else frame.reset_index(drop=True)

    def seen(self, name: str, what: str, look: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
        """Return what a look at a table gives; it is looked at again only when a rule has changed it.

        Parameters
        ----------
        name
            The table.
        what
            What is looked for.
        look
            Returns it.
        """
        frame = self[name]
        known = self._seen.get((name, what))
        if known is None or known[0]() is not frame:
            self._seen[name, what] = known = (weakref.ref(frame), look(frame))
        return known[1]

    def __iter__(self) -> Iterator[str]:
        """Return the names of the tables."""
        return iter(self._tables)

    def __len__(self) -> int:
        """Return how many tables there are."""
        return len(self._tables)


def apply_to(current: Working, codebook: Codebook, rules: Sequence[Rule]) -> tuple[Ledger, pd.DataFrame]:
    """Apply rules one by one to tables, which they change; return ledger and quarantine.

    Parameters
    ----------
    current
        The tables; afterwards ``changed`` holds those of which a cell or a row is another.
    codebook, rules
        As in :func:`apply_rules`.
    """
    entries: list[dict[str, object]] = []
    aside = [empty_quarantine()]
    for rule in rules:
        for finding in rule.function(current, codebook, rule.limits):
            if len(finding.rows) == 0 and not finding.count:
                continue
            frame = current[finding.table]
            key = [name for name in codebook.primary_keys[finding.table] if name in frame]
            left, entry, kept = _apply(frame, key, rule, finding)
            if left is not frame:
                current.changed[finding.table] = left
            entries.append(entry)
            if kept is not None:
                aside.append(kept)
    return Ledger.of(entries), pd.concat(aside, ignore_index=True)


def _apply(
    frame: pd.DataFrame, key: list[str], rule: Rule, finding: Finding
) -> tuple[pd.DataFrame, dict[str, object], pd.DataFrame | None]:
    """Return the frame after a finding, what the ledger says of it, and what was set aside."""
    action = "flag" if rule.action == "flag" else finding.action or rule.action
    changed, kept = frame, None
    if finding.column and action in ("set_missing", "repair"):
        changed = _with_values(frame, finding)
        if action == "set_missing":
            # A key column that is itself set missing is named once.
            content = _cells(frame, finding.rows, dict.fromkeys([*key[1:], finding.column]))
            kept = _set_aside(frame, content, rule, finding)
    if action in ("quarantine", "merge"):
        changed = frame.drop(index=finding.rows)
        if action == "quarantine":
            kept = _set_aside(frame, frame.loc[finding.rows], rule, finding)
    entry: dict[str, object] = {
        "rule": rule.id,
        "severity": rule.severity,
        "action": action,
        "table": finding.table,
        "column": finding.column,
        "reason": finding.reason,
    }
    if finding.together or not len(finding.rows):
        return changed, {**entry, "count": finding.count or len(finding.rows)}, kept
    told = [name for name in ("participant_id", "visit") if name in frame]
    entry |= {name: frame[name].loc[finding.rows].astype("string") for name in told}
    if finding.column:
        entry["before"] = frame[finding.column].loc[finding.rows].astype("string")
        entry["after"] = changed[finding.column].loc[finding.rows].astype("string")
    return changed, entry, kept


def _cells(frame: pd.DataFrame, rows: pd.Index[Any], columns: Iterable[str]) -> pd.DataFrame:
    """Return some cells of a table; of a wide one, taking columns first is many times as fast."""
    return pd.DataFrame({name: frame[name].loc[rows] for name in columns}, index=rows, copy=False)


def _with_values(frame: pd.DataFrame, finding: Finding) -> pd.DataFrame:
    """Return the frame with the found cells missing, or holding the new values."""
    column = frame[finding.column]
    here = column.index.isin(finding.rows)
    if finding.after is None:
        new = column.mask(here)
    else:
        after = finding.after.reindex(finding.rows)
        new = column.copy()
        if isinstance(new.dtype, pd.CategoricalDtype) and new.dtype != after.dtype:
            unseen = pd.Index(after.dropna().unique()).difference(new.cat.categories)
            new = new.cat.add_categories(list(unseen)) if len(unseen) else new
        new.loc[finding.rows] = after.array
    return frame.assign(**{finding.column: new})


def _set_aside(frame: pd.DataFrame, content: pd.DataFrame, rule: Rule, finding: Finding) -> pd.DataFrame:
    """Return the quarantine's lines for the found rows, with their content as JSON."""
    return pd.DataFrame(
        {
            "table": finding.table,
            "column": finding.column,
            "participant_id": frame["participant_id"].loc[finding.rows].astype("string").array,
            "rule": rule.id,
            "reason": finding.reason,
            "content": as_json(content),
        }
    ).astype("string")


def as_json(frame: pd.DataFrame) -> list[str]:
    """Return each row as JSON text; dates are ISO texts and missing values are null.

    Examples
    --------
    >>> as_json(pd.DataFrame({"visit": ["t0"], "bmi_kg_m2": [263.0]}))
    ['{"visit":"t0","bmi_kg_m2":263.0}']
    """
    dates = frame.select_dtypes("datetime").columns
    plain = frame.assign(**{name: frame[name].dt.strftime("%Y-%m-%d") for name in dates})
    text = plain.to_json(orient="records", lines=True, double_precision=15, force_ascii=False)
    return text.rstrip("\n").split("\n") if len(frame) else []
