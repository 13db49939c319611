"""Notebook 03 over waves: inflammation and depression, which comes first; and people who leave."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cohort.analysis.adversity import CRP, held_for
from cohort.analysis.adversity_effects import Effects
from cohort.analysis.attrition import Attrition, remaining_weights, weighted_effect, wide_waves
from cohort.analysis.causal import AdjustmentSet
from cohort.analysis.longitudinal import later_effect
from cohort.analysis.regression import mean_difference
from cohort.results import NotTestable, Result, ResultTable

SCORE = "phq9_total"
REPEATED = (CRP, SCORE)
MOST_WAVES = 3
REPLICATES = 100
DRAWS = 5
NEXT = "wave after wave"


@dataclass(frozen=True, eq=False)
class Followed:
    """The people with their waves side by side.

    Parameters
    ----------
    people
        The person table with ``ln_crp_t0`` and the like, ``is_seen_t1`` and the like; same rows, same order.
    endings
        Of the waves, in order of time.
    """

    people: pd.DataFrame
    endings: tuple[str, ...]


def followed(effects: Effects, tables: Mapping[str, pd.DataFrame]) -> Followed | NotTestable:
    """Return the people with inflammation and depression at each wave, or why there are no waves.

    Parameters
    ----------
    effects
        From :func:`cohort.analysis.adversity_effects.effects_of`.
    tables
        The clean tables of a study.
    """
    label = "Inflammation and depression over time"
    visits = tables.get("visit_table", pd.DataFrame())
    lacking = [name for name in REPEATED if name not in visits]
    if lacking:
        return NotTestable(label, f"the visits of this cohort have no '{lacking[0]}'")
    known = visits[visits[list(REPEATED)].notna().any(axis=1)]
    order = known.groupby(known["visit"].astype("string"))["participant_id"].size()
    names = [name for name in _in_time(known) if order[name] > 0][:MOST_WAVES]
    if len(names) < 2:
        return NotTestable(label, "this cohort saw people once")
    waves = {name: f"t{place}" for place, name in enumerate(names)}
    wide = wide_waves(known, REPEATED, waves)
    people = effects.derived.merge(wide, on="participant_id", how="left", validate="1:1")
    seen = {f"is_seen_{ending}": people[f"is_seen_{ending}"].fillna(value=False) for ending in waves.values()}
    return Followed(people.assign(**seen).set_axis(effects.derived.index), tuple(waves.values()))


def _in_time(visits: pd.DataFrame) -> list[str]:
    """Return the labels of visits in order of time: by date or age where there is one, else by their names."""
    names = visits["visit"].astype("string")
    for clock in ("visit_date", "age_years"):
        if clock in visits and bool(visits[clock].notna().any()):
            own = visits[clock] - visits.groupby("participant_id")[clock].transform("min")
            return [str(name) for name in own.groupby(names).mean().sort_values(kind="stable").index]
    return sorted(names.dropna().unique())


def which_first(
    effects: Effects,
    sets: Mapping[str, AdjustmentSet],
    waves: Followed | NotTestable,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
) -> list[Result]:
    """Return the PHQ-9 total at the last wave had ln CRP been one SD higher at the first, and the reverse.

    Parameters
    ----------
    effects, sets
        As in :func:`cohort.analysis.adversity_effects.imputations_of`.
    waves
        From :func:`followed`.
    replicates, seed
        Of the bootstrap.
    """
    if isinstance(waves, NotTestable):
        return [waves]
    held = [name for name in held_for(sets, effects.derived, "inflammation") if name not in REPEATED]
    found: list[Result] = []
    for start, end, words in ((CRP, SCORE, "ln CRP, then PHQ-9 total"), (SCORE, CRP, "PHQ-9 total, then ln CRP")):
        result = later_effect(
            waves.people, exposure=[f"{start}_{ending}" for ending in waves.endings[:-1]],
            outcome=[f"{end}_{ending}" for ending in waves.endings], adjustment=held, design=effects.design,
            domain=effects.domain, replicates=replicates, draws=DRAWS, seed=seed,
            label=f"{words}, {len(waves.endings)} waves",
        )["mean difference"]  # fmt: skip
        found.append(_without_endings(result, "mean difference per SD"))
    return found


def _without_endings(result: Result, measure: str) -> Result:
    if isinstance(result, NotTestable):
        return dataclasses.replace(result, measure=measure)
    held = tuple(name.removesuffix("_t0") for name in result.adjustment)
    return dataclasses.replace(result, measure=measure, adjustment=held)


def leaving(
    effects: Effects, sets: Mapping[str, AdjustmentSet], waves: Followed | NotTestable
) -> Attrition | NotTestable:
    """Return weights with which those who remain stand for all who began, by what was known of them before.

    Parameters
    ----------
    effects, sets, waves
        As in :func:`which_first`.
    """
    if isinstance(waves, NotTestable):
        return waves
    exposure = "has_childhood_trauma"
    held = held_for(sets, effects.derived, "trauma")
    predictors = [[f"{SCORE}_{ending}"] for ending in waves.endings[:-1]]
    first = [name for name in ("education", "smoking", "bmi_kg_m2") if name in effects.derived and name not in held]
    return remaining_weights(
        waves.people, remains=[f"is_seen_{ending}" for ending in waves.endings[1:]],
        predictors=[[*names, *first] for names in predictors], baseline=[exposure, *held], design=effects.design,
        domain=effects.domain,
    )  # fmt: skip


def remaining_effects(
    effects: Effects,
    sets: Mapping[str, AdjustmentSet],
    waves: Followed | NotTestable,
    attrition: Attrition | NotTestable,
) -> list[Result]:
    """Return the effect of trauma on the PHQ-9 total of the last wave among those who remain, as it is and weighted.

    Parameters
    ----------
    effects, sets, waves
        As in :func:`which_first`.
    attrition
        From :func:`leaving`.
    """
    if isinstance(waves, NotTestable):
        return [NotTestable("Childhood trauma, last wave", waves.reason)]
    outcome, last = f"{SCORE}_{waves.endings[-1]}", f"is_seen_{waves.endings[-1]}"
    given: dict[str, Any] = {
        "outcome": outcome, "exposure": "has_childhood_trauma", "adjustment": held_for(sets, effects.derived, "trauma"),
        "domain": effects.domain,
    }  # fmt: skip
    plain = mean_difference(waves.people, design=effects.design, label="Childhood trauma, those who remain", **given)
    weighted = weighted_effect(waves.people, attrition, wave=last, label="Childhood trauma, weighted for all", **given)
    both: Sequence[Result] = (plain, weighted)
    words = "difference in mean PHQ-9 total of the last wave"
    return [dataclasses.replace(one, measure=words) for one in both]


def leaving_table(attrition: Attrition | NotTestable) -> ResultTable:
    """Return who remained at each wave, or why it cannot be told.

    Parameters
    ----------
    attrition
        From :func:`leaving`.
    """
    if isinstance(attrition, NotTestable):
        rows = pd.DataFrame([{"wave": f"not testable: {attrition.reason}"}])
        return ResultTable("attrition", "People who remain", rows)
    table = attrition.table()
    wave = table.data["wave"].str.removeprefix("is_seen_")
    note = f"{table.note} Who lacks a predictor, trauma among them, counts as gone."
    return dataclasses.replace(table, data=table.data.assign(wave=wave), note=note)
