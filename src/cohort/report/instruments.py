"""The questionnaires of a study: how well their items hang together, and how many people stand at the ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cohort.analysis.reliability import EndShare, Reliability, describe_reliability, share_at
from cohort.cleaning.instruments import items_of, limits_of, reversed_answers
from cohort.codebook import Instrument
from cohort.disclosure import Disclosure
from cohort.results import NotTestable, Result, ResultTable
from cohort.study import Study

_BASELINE = "t0"
_TITLE = (
    "Questionnaires: Cronbach's alpha and McDonald's omega with 95 % intervals, and people at the ends of the scale"
)
_NOTE = (
    "Baseline visit of the eligible people who answered all items, reversed items turned round. Omega total is from "
    "one factor by maximum likelihood. Weakest item: the one that correlates least with the sum of the others."
)


@dataclass(frozen=True)
class ScoreReport:
    """What is told of one score of an instrument.

    Parameters
    ----------
    instrument, score, label
        Title of the instrument, column of the score, and its label.
    found
        Reliability and shares at the ends.
    without_a_point
        For a validity scale in place of a score of the trait: people without a point on it.
    """

    instrument: str
    score: str
    label: str
    found: Reliability | None
    without_a_point: EndShare | None = None


def describe_instruments(study: Study) -> tuple[ScoreReport, ...]:
    """Return what the baseline answers say of each score of the instruments that a study has.

    Parameters
    ----------
    study
        An opened study. A survey's weights, strata and primary sampling units are honoured.
    """
    visits = study.tables.get("visits")
    if visits is None or "visit" not in visits:
        return ()
    baseline = str(_told(study).get("baseline", _BASELINE))
    first = visits.loc[(visits["visit"] == baseline).fillna(value=False).to_numpy(dtype=bool)]
    people = study.person_table
    reports: list[ScoreReport] = []
    for instrument in study.codebook.instruments.values():
        if not any(column in first and first[column].notna().any() for column in instrument.columns):
            continue
        answers = reversed_answers(first, instrument).assign(participant_id=first["participant_id"])
        table = people.merge(answers, on="participant_id", how="left", validate="one_to_one")
        for score in (instrument.total, *instrument.subscales):
            if score.column in table:
                label = study.codebook.label(score.column).split(" (")[0]
                found = describe_reliability(
                    table,
                    items_of(instrument, score),
                    study.design,
                    score=score.column,
                    limits=limits_of(instrument, score),
                    label=label,
                )
                reports.append(ScoreReport(instrument.title, score.column, label, found))
        reports += _validity(study, instrument, table)
    return tuple(reports)


def _told(study: Study) -> Mapping[str, Any]:
    """Return what the provenance tells of the study file."""
    told = study.provenance.get("study", {})
    return told if isinstance(told, Mapping) else {}


def _validity(study: Study, instrument: Instrument, table: pd.DataFrame) -> Iterator[ScoreReport]:
    """Yield the share of people with a point on each validity scale."""
    for score in instrument.validity:
        if score.column in table:
            label = study.codebook.label(score.column).split(" (")[0]
            yield ScoreReport(
                instrument.title, score.column, label, None, share_at(table, score.column, 0, study.design)
            )


def instruments_table(study: Study) -> ResultTable:
    """Return one row per score: items, people, alpha, omega, shares at the ends, weakest item, and what to look at.

    Parameters
    ----------
    study
        An opened study.
    """
    rows = [_row(report, study.disclosure) for report in describe_instruments(study)]
    columns = ["score", "items", "people", "alpha", "omega", "at lowest", "at highest", "weakest item", "worth a look"]
    return ResultTable(
        "instruments",
        _TITLE,
        pd.DataFrame(rows, columns=columns),
        counts=("people",),
        note=f"{_NOTE} Weights: {'honoured, ' if study.design.kind == 'survey' else 'none, '}{study.design.words}.",
    )


def _row(report: ScoreReport, disclosure: Disclosure) -> dict[str, object]:
    found = report.found
    if found is None:
        people = report.without_a_point.people if report.without_a_point else 0
        told = f"A validity scale: {_with_a_point(report, disclosure)} have a point or more on it."
        return {"score": report.label, "people": people, "worth a look": told}
    weakest = min(found.item_rest, key=lambda pair: pair[1] if not math.isnan(pair[1]) else math.inf, default=None)
    return {
        "score": found.label,
        "items": found.items,
        "people": found.people,
        "alpha": _interval(found.alpha),
        "omega": _interval(found.omega),
        "at lowest": _share(found.floor, disclosure),
        "at highest": _share(found.ceiling, disclosure),
        "weakest item": f"{weakest[0]} ({weakest[1]:.2f})" if weakest else "",
        "worth a look": " ".join(found.flags),
    }


def _interval(result: Result) -> str:
    if isinstance(result, NotTestable):
        return f"not testable: {result.reason}"
    lower, upper = result.interval()
    return f"{result.value:.2f} ({lower:.2f} to {upper:.2f})"


def _share(end: EndShare, disclosure: Disclosure) -> str:
    """Return a share as per cent; one made of a small count of people, or all but a few, says so and no more.

    A share that is nothing but a count over another is made of both as they may be shown, since it gives them back.
    """
    if not end.people:
        return ""
    if disclosure.is_small(end.count):
        return f"{disclosure.text(end.count)} people"
    if disclosure.is_small(end.people - end.count):
        return f"all but {disclosure.text(end.people - end.count)} people"
    share, above, below = end.share, disclosure.rounded(end.count), disclosure.rounded(end.people)
    if math.isclose(share, end.count / end.people) and above is not None and below:
        share = min(above / below, 1.0)
    return "<0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def _with_a_point(report: ScoreReport, disclosure: Disclosure) -> str:
    without = report.without_a_point
    if without is None:
        return ""
    return _share(EndShare(1 - without.share, without.people - without.count, without.people), disclosure)


def instruments_facts(study: Study) -> list[dict[str, Any]]:
    """Return the same as plain data for a program, counts protected.

    Parameters
    ----------
    study
        An opened study.
    """
    return [_facts(report, study.disclosure) for report in describe_instruments(study)]


def _facts(report: ScoreReport, disclosure: Disclosure) -> dict[str, Any]:
    found, named = report.found, {"instrument": report.instrument, "score": report.score}
    if found is None:
        return {**named, "is_validity_scale": True, "with_a_point": _with_a_point(report, disclosure)}
    return {
        **named,
        "is_validity_scale": False,
        "items": found.items,
        "people": disclosure.text(found.people),
        "alpha": _numbers(found.alpha),
        "omega": _numbers(found.omega),
        "srmr": None if math.isnan(found.srmr) else round(found.srmr, 3),
        "item_rest": {name: None if math.isnan(value) else round(value, 3) for name, value in found.item_rest},
        "at_lowest": _share(found.floor, disclosure),
        "at_highest": _share(found.ceiling, disclosure),
        "worth_a_look": list(found.flags),
        "design": found.design,
    }


def _numbers(result: Result) -> dict[str, Any]:
    if isinstance(result, NotTestable):
        return {"value": None, "lower": None, "upper": None, "reason": result.reason}
    lower, upper = (round(number, 3) for number in result.interval())
    return {"value": round(result.value, 3), "lower": lower, "upper": upper, "reason": ""}
