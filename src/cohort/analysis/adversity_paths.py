"""Notebook 03: through what trauma and obesity act, and how strong a hidden common cause would have to be.

Effects of mediation are those of :mod:`cohort.analysis.mediation`; complete cases, and with what is missing imputed.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cohort.analysis.adversity import CRP, DEPRESSION, held_for
from cohort.analysis.adversity_effects import Effects
from cohort.analysis.causal import AdjustmentSet
from cohort.analysis.design import standard_deviation
from cohort.analysis.exposures import named
from cohort.analysis.imputation import Imputations, analysed
from cohort.analysis.mediation import (
    ErrorCorrelation,
    error_correlation,
    interventional_effects,
    mediational_e_value,
    natural_effects,
)
from cohort.analysis.sensitivity import EValue
from cohort.analysis.variables import readable
from cohort.results import Estimate, NotTestable, Result, ResultTable

REPLICATES = 200
"""Bootstrap samples: the ends of a 95 % interval are then known to about a seventh of a standard error."""
REPLICATES_IMPUTED = 10
"""In each of the imputed tables: 100 together give the standard error, to about 7 % of it."""
DRAWS = 5
"""Of the mediators for each person, where a tree of points would be too large; the same in every arm and replicate."""
SCORE = "phq9_total"
TOTAL, DIRECT, THROUGH = "total effect", "direct effect", "through "
SHOWN_RHOS = (0.0, 0.1, 0.2, 0.3)


@dataclass(frozen=True)
class Way:
    """A question of mediation.

    Parameters
    ----------
    key
        In words.
    exposure, mediators, outcome
        Columns, the mediators in their order.
    adjustment
        Names of the adjustment sets: what any of them holds is held, but for the variables of the way.
    """

    key: str
    exposure: str
    mediators: tuple[str, ...]
    outcome: str
    adjustment: tuple[str, ...]


WAYS = (
    Way("trauma to CRP", "has_childhood_trauma", ("bmi_kg_m2", "smoking"), CRP, ("trauma",)),
    Way("trauma to PHQ-9", "has_childhood_trauma", ("bmi_kg_m2", "smoking", CRP), SCORE, ("trauma",)),
    Way("body mass index to PHQ-9", "bmi_kg_m2", (CRP,), SCORE, ("bmi_kg_m2", "inflammation")),
)


@dataclass(frozen=True, eq=False)
class Mediated:
    """What a way carries.

    Parameters
    ----------
    way
        The question, with the mediators that the cohort has.
    found
        Results by "total effect", "direct effect" and "through …", of complete cases: interventional effects.
    joint
        Total, direct and indirect natural effects through all mediators together, on imputed tables.
    adjustment
        Variables held.
    """

    way: Way
    found: Mapping[str, Result]
    joint: Mapping[str, Result]
    adjustment: tuple[str, ...]


def ways(
    effects: Effects,
    sets: Mapping[str, AdjustmentSet],
    imputations: Imputations | NotTestable,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
) -> list[Mediated]:
    """Return what each way carries: parts through each mediator of complete cases, and through all, imputed.

    Parameters
    ----------
    effects, sets, imputations
        As in :func:`cohort.analysis.adversity_effects.imputations_of`.
    replicates, seed
        Of the bootstrap of people, or of primary sampling units.
    """
    found = []
    for asked in WAYS:
        here = tuple(name for name in asked.mediators if _is_known(effects.derived, name))
        way = dataclasses.replace(asked, mediators=here)
        held = _held(way, effects, sets)
        given: dict[str, Any] = {
            "outcome": way.outcome, "exposure": way.exposure, "mediators": here, "adjustment": held,
            "design": effects.design, "domain": effects.domain, "seed": seed,
        }  # fmt: skip
        # Parts through three mediators need draws, and take several times as long.
        slow = len(here) > 2
        parts = interventional_effects(
            effects.derived, replicates=replicates // 2 if slow else replicates, draws=DRAWS if slow else None, **given
        )
        found.append(Mediated(way, _plain(parts, way), _imputed(given, way, imputations), held))
    return found


def _small(words: str) -> str:
    """Return a label as it stands within a sentence: an abbreviation keeps its capitals."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _is_known(table: pd.DataFrame, name: str) -> bool:
    return name in table and bool(table[name].notna().any())


def _held(way: Way, effects: Effects, sets: Mapping[str, AdjustmentSet]) -> tuple[str, ...]:
    own = {way.exposure, way.outcome, *way.mediators}
    wanted = [name for one in way.adjustment for name in held_for(sets, effects.derived, one)]
    return tuple(name for name in dict.fromkeys(wanted) if name not in own)


def _plain(parts: Mapping[str, Result], way: Way) -> dict[str, Result]:
    """Return the effects on the scale of differences, under short names."""
    plain: dict[str, Result] = {}
    for key, result in parts.items():
        effect, _, measure = key.partition(", ")
        if not measure.endswith("difference"):
            continue
        short = effect.removeprefix("interventional ").removeprefix("natural ").removeprefix("indirect effect ")
        if "dependence" in short or short.startswith(("pure", "total direct")):
            continue
        name = {"indirect effect": "through all of them"}.get(short, short)
        plain[name] = named(dataclasses.replace(result, label=f"{way.key}: {_lower(name)}", measure=measure))
    return plain


def _lower(name: str) -> str:
    mediator = name.removeprefix(THROUGH)
    if not name.startswith(THROUGH) or any(letter.isupper() for letter in mediator.split()[-1]):
        return name
    return THROUGH + mediator[:1].lower() + mediator[1:]


def _imputed(given: Mapping[str, Any], way: Way, imputations: Imputations | NotTestable) -> dict[str, Result]:
    if isinstance(imputations, NotTestable):
        return {name: dataclasses.replace(imputations, label=f"{way.key}: {name}") for name in (TOTAL, DIRECT)}
    pooled = analysed(
        imputations, lambda filled: _plain(natural_effects(filled, replicates=REPLICATES_IMPUTED, **given), way)
    )
    return dict(pooled)


def ways_table(found: Sequence[Mediated]) -> ResultTable:
    """Return every way in parts: each part of complete cases, what passes all mediators, and both imputed.

    Parameters
    ----------
    found
        From :func:`ways`.
    """
    rows: list[dict[str, object]] = []
    for one in found:
        if all(isinstance(result, NotTestable) for result in one.found.values()):
            reason = next(iter(one.found.values()))
            assert isinstance(reason, NotTestable)
            rows.append({"way": one.way.key, "part": f"not testable: {reason.reason}"})
            continue
        for name in dict.fromkeys((*one.found, *one.joint)):
            complete, filled = one.found.get(name), one.joint.get(name)
            people = next((r.n for r in (complete, filled) if isinstance(r, Estimate)), math.nan)
            rows.append(
                {"way": one.way.key, "part": _lower(name), "people": people, "complete cases": _words(complete),
                 "imputed": _words(filled)}
            )  # fmt: skip
    texts = ("complete cases", "imputed")
    data = pd.DataFrame(rows, columns=["way", "part", "people", *texts])
    told = [one for one in found if any(isinstance(result, Estimate) for result in one.found.values())]
    names = {one.way.key: ", ".join(_small(readable(name)) for name in one.adjustment) for one in told}
    held = "".join(f" Held for {key}: {words}." for key, words in names.items())
    return ResultTable(
        "ways", "Through what trauma and obesity act: differences of means", data, counts=("people",),
        rests_on_counts=texts,
        note="Total and parts as differences of mean ln CRP or PHQ-9 total, 95 % intervals by bootstrap of people "
        "or primary sampling units. Parts through one mediator are interventional effects; through all, and all that "
        "are imputed, natural effects (the same total and direct part). Trauma: yes or no; body mass index: one SD."
        + held,
    )  # fmt: skip


def _words(result: Result | None) -> str:
    if not isinstance(result, Estimate):
        return ""
    low, high = result.interval()
    return f"{result.value:.3f} ({low:.3f} to {high:.3f})"


@dataclass(frozen=True, eq=False)
class Hidden:
    """How far an unmeasured common cause of mediator and outcome could explain an indirect effect.

    Parameters
    ----------
    way
        In words, with its mediator.
    indirect
        The effect as estimated.
    strength
        E-value of it.
    correlation
        The effect at each correlation of the errors of mediator and outcome.
    """

    way: str
    indirect: Result
    strength: EValue | NotTestable
    correlation: ErrorCorrelation | NotTestable


def hidden_causes(effects: Effects, found: Sequence[Mediated], *, seed: int = 1) -> list[Hidden]:
    """Return for the first mediator of each way, a number, how strong a hidden common cause would have to be.

    Parameters
    ----------
    effects
        From :func:`cohort.analysis.adversity_effects.effects_of`.
    found
        From :func:`ways`.
    seed
        Of the bootstrap.
    """
    rows = []
    for one in found:
        way = one.way
        if not way.mediators or any(isinstance(result, NotTestable) for result in one.found.values()):
            refused = next((r for r in one.found.values() if isinstance(r, NotTestable)), None)
            none = refused or NotTestable(way.key, "this cohort has no mediator")
            rows.append(Hidden(way.key, none, none, none))
            continue
        mediator = way.mediators[0]
        spread = standard_deviation(effects.derived, way.outcome, effects.design, domain=effects.domain)
        correlated = error_correlation(
            effects.derived, outcome=way.outcome, exposure=way.exposure, mediator=mediator, adjustment=one.adjustment,
            design=effects.design, domain=effects.domain, rhos=SHOWN_RHOS, replicates=REPLICATES, seed=seed,
        )  # fmt: skip
        indirect = correlated if isinstance(correlated, NotTestable) else correlated.at_zero
        label = f"{way.key} through {readable(mediator)}"
        rows.append(Hidden(label, indirect, mediational_e_value(indirect, sd=spread), correlated))
    return rows


def hidden_table(found: Sequence[Hidden]) -> ResultTable:
    """Return for each way the indirect effect, its E-value, and what is left of it at three correlations of errors.

    Parameters
    ----------
    found
        From :func:`hidden_causes`.
    """
    rows: list[dict[str, object]] = []
    for one in found:
        row: dict[str, object] = {"way": one.way, "indirect": _words(one.indirect)}
        if isinstance(one.strength, EValue):
            row["E-value"] = f"{one.strength.point:.2f} ({one.strength.limit:.2f})"
        if isinstance(one.correlation, NotTestable):
            row["none left at"] = f"not testable: {one.correlation.reason}"
        else:
            low, high = one.correlation.break_even.interval()
            row["none left at"] = f"{one.correlation.break_even.value:.2f} ({low:.2f} to {high:.2f})"
            row |= {f"at {rho:g}": _at(one.correlation, rho) for rho in SHOWN_RHOS[1:]}
        rows.append(row)
    columns = ["way", "indirect", "E-value", *(f"at {rho:g}" for rho in SHOWN_RHOS[1:]), "none left at"]
    return ResultTable(
        "hidden_causes", "Were mediator and outcome to share a cause that nobody measured",
        pd.DataFrame(rows, columns=columns),
        note="Indirect effect through one number as mediator, linear models. E-value: risk ratio of the hidden cause "
        "with exposure and outcome that would explain the effect, and its interval (Smith and VanderWeele 2019). At "
        "0.1 and so on: the effect if the errors of mediator and outcome correlate so (Imai, Keele and Yamamoto 2010), "
        "and the correlation at which none is left.",
    )  # fmt: skip


def _at(found: ErrorCorrelation, rho: float) -> str:
    value, low, high = found.at(rho)
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def risks(
    effects: Effects, sets: Mapping[str, AdjustmentSet], *, replicates: int = REPLICATES // 2, seed: int = 1
) -> dict[str, Result]:
    """Return the total effect of trauma on the risk of depression, and what passes BMI, smoking and CRP together.

    Parameters
    ----------
    effects, sets
        As in :func:`ways`.
    replicates, seed
        As in :func:`ways`.
    """
    way = dataclasses.replace(WAYS[1], outcome=DEPRESSION, key="trauma to depression")
    here = tuple(name for name in way.mediators if name in effects.derived)
    found = natural_effects(
        effects.derived, outcome=DEPRESSION, exposure=way.exposure, mediators=here,
        adjustment=_held(way, effects, sets), design=effects.design, domain=effects.domain, replicates=replicates,
        seed=seed, draws=DRAWS,
    )  # fmt: skip
    return _plain(found, way)
