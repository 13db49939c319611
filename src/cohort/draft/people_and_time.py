"""When people were followed, and who is related to whom: entries that need several columns of one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cohort.draft.coding import Fit, keyed
from cohort.draft.columns import Column
from cohort.draft.matching import Surroundings
from cohort.draft.meaning import Said
from cohort.draft.measures import Measure
from cohort.draft.proposal import Proposal

_SAID = 0.5
_OVERLAP = 0.5


def find_follow_up(around: Surroundings, measures: Sequence[Measure]) -> list[Proposal]:
    """Return entry and exit, when a file has days of both, with the reason of exit or apart from a doubtful one.

    Parameters
    ----------
    around, measures
        What is known, and the free measures of the file.
    """
    if not around.shape.one_row_per_person:
        return []
    entry = _best(around, measures, "entry", around.evidence.date)
    exit_ = _best(around, measures, "exit", around.evidence.date)
    if entry is None or exit_ is None or entry[0] is exit_[0]:
        return []
    key = around.file.key
    found: dict[str, Any] = {
        "entry": {"file": key, "column": entry[0].name},
        "exit": {"file": key, "column": exit_[0].name},
    }
    columns = (entry[0].name, exit_[0].name)
    reasons = (entry[1].reason, exit_[1].reason, "values of both are days")
    score = round(min(min(entry[1].points, exit_[1].points) + around.vocabulary.scoring["values"], 1.0), 2)
    days = Proposal("follow_up", "", key, columns, found, score, reasons)
    target = around.vocabulary.role("exit_reason")
    reason = _best(around, measures, "exit_reason", lambda column: around.evidence.categories(column, target))
    if reason is None:
        return [days]
    column, said, fit = reason
    source: dict[str, Any] = {"file": key, "column": column.name}
    source |= {"codes": keyed(fit.codes)} if fit.codes else {}
    source |= {"missing": keyed(fit.missing)} if fit.missing else {}
    if not fit.questions:
        whole = {**found, "reason": source}
        return [Proposal("follow_up", "", key, (*columns, column.name), whole, score, (*reasons, said.reason))]
    score = round(said.points + fit.points, 2)
    asked = Proposal("follow_up", "reason", key, (column.name,), source, score, (said.reason,), fit.questions)
    return [days, asked]


def find_relations(around: Surroundings, measures: Sequence[Measure], people: frozenset[str]) -> Proposal | None:
    """Return pairs of relatives, when a file names a second person in each row; None otherwise.

    Parameters
    ----------
    around, measures
        What is known, and the free measures of the file.
    people
        Everybody's identifier.
    """

    def points_at_people(column: Column) -> Fit:
        known = sum(code in people for code in column.counts)
        if column.filled and known >= _OVERLAP * column.distinct:
            return Fit(around.vocabulary.scoring["values"], ("its values are identifiers of participants",))
        return Fit(around.vocabulary.scoring["contradiction"])

    relative = _best(around, measures, "relative", points_at_people)
    if relative is None:
        return None
    target = around.vocabulary.role("relation_kind")
    others = [measure for measure in measures if measure.column is not relative[0]]
    kind = _best(around, others, "relation_kind", lambda column: around.evidence.categories(column, target))
    entry: dict[str, Any] = {"file": around.file.key, "relative": {"column": relative[0].name}}
    columns, questions = [relative[0].name], []
    if kind is None:
        questions.append("which column says what the relative is: sibling, parent or partner?")
        entry["kind"] = "sibling"
    else:
        source: dict[str, Any] = {"file": around.file.key, "column": kind[0].name}
        source |= {"codes": keyed(kind[2].codes)} if kind[2].codes else {}
        entry["kind"] = source
        columns.append(kind[0].name)
        questions += [f"kind of relation: {question}" for question in kind[2].questions]
    score = round(min(relative[1].points + around.vocabulary.scoring["values"], 1.0), 2)
    reasons = (relative[1].reason, *relative[2].reasons)
    return Proposal("relations", "", around.file.key, tuple(columns), entry, score, reasons, tuple(questions))


def _best(
    around: Surroundings, measures: Sequence[Measure], role: str, fits: Callable[[Column], Fit]
) -> tuple[Column, Said, Fit] | None:
    """Return the column that plays a role best and whose values can."""
    target = around.vocabulary.role(role)
    best: tuple[Column, Said, Fit] | None = None
    for measure in measures:
        said = around.reader.said(measure.column, target)
        if measure.waves or said.score < _SAID or (best is not None and said.score <= best[1].score):
            continue
        fit = fits(measure.column)
        if fit.points > 0:
            best = (measure.column, said, fit)
    return best
