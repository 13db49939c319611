"""Methods on trauma, infection and drop-out: what misleads in each scenario, and the analysis that does not."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from cohort.analysis import design_of, odds_ratio, odds_ratio_small_cells, proportion, within_siblings
from cohort.analysis.attrition import Attrition, remaining_weights, weighted_effect
from cohort.analysis.imputation import imputed
from cohort.diagnosis.method import Choice, Estimand, Method, Options, always, fixed
from cohort.diagnosis.populations import CHANGED_BY_DEPRESSION, DEPRESSED_AT_LAST, TRAUMA_BY_FORM, Effect
from cohort.diagnosis.sample import FAMILY, Sample
from cohort.results import Estimate, NotTestable, Result
from cohort.synthetic import Shift
from cohort.traps.estimators import crude_odds_ratio, difference, marginal_odds_ratio, per_sd
from cohort.traps.people import ANCESTRY_COLUMN

DEPRESSED = "has_current_depression"
TRAUMA = "has_childhood_trauma"
SET_OF_INFECTION = ("age_years", "is_female", ANCESTRY_COLUMN, "parental_ses_sd")
SET_OF_TITRE = ("age_years", "is_female", "is_current_smoker")
IMPUTATIONS = 10
"""Imputed tables: fewer than in a report, for there are many cohorts."""
DELTAS = {"follow-up": (0.4,), "none": (0.0,), "none to twice": (0.4, 0.0, 0.8)}
"""Log odds ratio of trauma in those who did not return the form against the others; the first gives the estimate.

0.4 is what a call on those who did not answer would find: 0.41 without depression and 0.44 with it, in 800,000 people
of S6 (seed 77) who are in no study.
"""
MOST_ERROR = 300.0
"""A standard error of a log odds ratio beyond this is set to it, so that the ends of the interval can be held."""
INFECTED = {"mother": "has_prenatal_infection", "father": "has_paternal_infection"}

# --- S12, S13: chronic infections ----------------------------------------------------------------------------------


def _crude_cytomegalovirus(sample: Sample, options: Options) -> Result:
    return crude_odds_ratio(sample.table, "is_cmv_seropositive", DEPRESSED)


def _standardised_cytomegalovirus(sample: Sample, options: Options) -> Result:
    return marginal_odds_ratio(sample.table, "is_cmv_seropositive", DEPRESSED, SET_OF_INFECTION)


def _serostatus_as_printed(sample: Sample, options: Options) -> Result:
    """Return what a regression prints that does not look at cells: with an empty one it runs to where it stops."""
    ill, negative = (sample.table[name].to_numpy(dtype=float) for name in (DEPRESSED, "is_ebv_seronegative"))
    if min(ill.sum(), negative.sum()) == 0:
        return NotTestable("", "nobody has the outcome, or nobody is seronegative", "odds ratio")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fit = sm.GLM(ill, np.column_stack([np.ones(len(ill)), negative]), family=sm.families.Binomial()).fit()
    error = min(float(fit.bse[1]), MOST_ERROR)
    return Estimate("", "odds ratio", math.exp(fit.params[1]), error, scale="log", null=1.0, n=len(ill))


def _serostatus(sample: Sample, options: Options) -> Result:
    table = sample.table
    return odds_ratio_small_cells(table, outcome=DEPRESSED, exposure="is_ebv_seronegative", design=design_of(table),
                                  adjustment=() if options["adjusted"] == "no" else SET_OF_TITRE)  # fmt: skip


def _titre(sample: Sample, options: Options) -> Result:
    """Return the odds ratio per SD of the titre in those who have the virus: the few others would outweigh it."""
    infected = ~sample.table["is_ebv_seronegative"].to_numpy(dtype=bool)
    return per_sd(sample.table[infected], "ln_ebv_igg", DEPRESSED, SET_OF_TITRE)


# --- S16: families ---------------------------------------------------------------------------------------------------


def _by_family(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(survey_weight=1.0, survey_psu=table[FAMILY].astype(str))


def _crude_prenatal(sample: Sample, options: Options) -> Result:
    return crude_odds_ratio(_by_family(sample.table), INFECTED[options["parent"]], DEPRESSED)


def _siblings(sample: Sample, options: Options) -> Result:
    """Return the odds ratio within sets of siblings, who share the family's part of the liability."""
    table = sample.table.assign(participant_id=np.arange(len(sample.table)))
    first, second = (table.loc[table["role"] == role].set_index(FAMILY)["participant_id"] for role in (0, 1))
    both = first.to_frame("participant_id").join(second.rename("relative_id"), how="inner")
    return within_siblings(
        table, both.assign(kind="sibling"), outcome=DEPRESSED, exposure=INFECTED[options["parent"]],
        adjustment=("age_years", "is_female"), design=design_of(table),
    )  # fmt: skip


def _against_father(sample: Sample, options: Options) -> Result:
    """Return the odds ratio for the mother's infection over that for the father's, from one model.

    With the number of infected parents in the model, the coefficient of the mother's is the difference of both.
    """
    mother, father = (sample.table[name].astype(float) for name in INFECTED.values())
    table = _by_family(sample.table.assign(infected_parents=mother + father))
    return odds_ratio(table, outcome=DEPRESSED, exposure=INFECTED["mother"], adjustment=["infected_parents"],
                      design=design_of(table))  # fmt: skip


# --- S6: a form that is not returned, and what it admits -----------------------------------------------------------


def _as_returned(sample: Sample, options: Options) -> Result:
    table = sample.table[sample.table["form_returned"].to_numpy(dtype=bool)]
    return crude_odds_ratio(table, TRAUMA, DEPRESSED)


def _imputed_trauma(sample: Sample, options: Options) -> Result:
    """Return the odds ratio with forms imputed that did not come back, and without those who minimise.

    Minimising depends on depression and not on trauma, so that among the depressed, and among the others, those who do
    not minimise stand for all. Who would of those without a form is not known: as many of them are left out at random.
    The delta is added to the log odds of trauma of those without a form; over a range of deltas the interval reaches
    from the lowest end to the highest, as a tipping-point analysis has it.
    """
    full = sample.table
    returned = full["form_returned"].to_numpy(dtype=bool)
    believed = returned & ~full["minimises"].to_numpy(dtype=bool)
    ill = full[DEPRESSED].to_numpy(dtype=bool)
    of_those = [believed[returned & (ill == group)].mean() for group in (False, True)]
    drawn = np.random.default_rng(sample.seed).random(len(full)) < np.where(ill, of_those[1], of_those[0])
    kept = believed | (~returned & drawn)
    told = full[TRAUMA].astype("boolean").mask(~returned)
    table = full.assign(**{TRAUMA: told})[kept].reset_index(drop=True)
    design = design_of(table)

    def analyse(completed: pd.DataFrame) -> Result:
        return odds_ratio(completed, outcome=DEPRESSED, exposure=TRAUMA, design=design)

    found = []
    for delta in DELTAS[options["delta"]]:
        one = imputed(
            table, analyse, [TRAUMA, DEPRESSED, "age_years", "is_female", "parental_ses_sd"], design=design,
            m=IMPUTATIONS, iterations=1, seed=sample.seed, delta={TRAUMA: delta} if delta else None,
        )  # fmt: skip
        if isinstance(one, NotTestable):
            return one
        found.append(one)
    ends = [one.interval() for one in found]
    return dataclasses.replace(found[0], bounds=(min(low for low, _ in ends), max(high for _, high in ends)))


# --- S25: people who leave -----------------------------------------------------------------------------------------

_WAVES = ("stayed_1", "stayed_2")
_AT_FIRST = ("phq9_total", "bdi2_total", "age_years", "education_sd")
_LAST = "phq9_total_wave_2"


def _stayed(sample: Sample) -> pd.DataFrame:
    return sample.table[sample.table["stayed_2"].to_numpy(dtype=bool)]


def _remaining_difference(sample: Sample, options: Options) -> Result:
    return difference(_stayed(sample), DEPRESSED, _LAST)


def _remaining_share(sample: Sample, options: Options) -> Result:
    table = _stayed(sample)
    return proportion(table, "phq9_positive_wave_2", design_of(table))


def _weights(table: pd.DataFrame, baseline: Sequence[str]) -> Attrition | NotTestable:
    """Return weights from severity before each wave; curved, since a sum of items is no straight measure of it."""
    before = [*_AT_FIRST, "phq9_total_squared", "bdi2_total_squared"]
    return remaining_weights(
        table, remains=_WAVES, predictors=[before, [*before, "phq9_total_wave_1", "phq9_total_wave_1_squared"]],
        baseline=baseline, design=design_of(table), truncate=1.0,
    )  # fmt: skip


def _with_squares(table: pd.DataFrame) -> pd.DataFrame:
    names = ("phq9_total", "bdi2_total", "phq9_total_wave_1")
    return table.assign(**{f"{name}_squared": (table[name] / 10.0) ** 2 for name in names})


def _weighted_difference(sample: Sample, options: Options) -> Result:
    table = _with_squares(sample.table)
    weights = _weights(table, [DEPRESSED])
    return weighted_effect(table, weights, wave="stayed_2", outcome=_LAST, exposure=DEPRESSED)


def _weighted_share(sample: Sample, options: Options) -> Result:
    table = _with_squares(sample.table)
    weights = _weights(table, [])
    if isinstance(weights, NotTestable):
        return weights
    weighted = table.assign(survey_weight=weights.weights["stayed_2"])
    return proportion(weighted, "phq9_positive_wave_2", design_of(weighted))


# --- the methods ---------------------------------------------------------------------------------------------------


def _odds_of_depression(exposure: str, node: str, exposed: float | Shift, unexposed: float | None = None) -> Estimand:
    """Return the odds ratio of depression for a node that is set, against another value or nature."""
    other = () if unexposed is None else ((node, unexposed),)
    measure = "odds ratio per SD" if isinstance(exposed, Shift) else "odds ratio"
    return Estimand(exposure, "depression", measure, finder=Effect(((node, exposed),), other, "dep", "odds ratio"))


_CYTOMEGALOVIRUS = _odds_of_depression("cytomegalovirus", "cmv", 1, 0)
_NO_VIRUS = _odds_of_depression("absence of Epstein-Barr virus", "ebv_titre", 0.3)
_TITRE = _odds_of_depression("Epstein-Barr virus titre", "ebv_titre", Shift(1.0))
_PRENATAL = {
    parent: _odds_of_depression(f"infection of the {parent} in the pregnancy", node, 1, 0)
    for parent, node in (("mother", "prenatal_infection"), ("father", "paternal_infection"))
}
_TRAUMA = Estimand("childhood trauma by the form", "depression", "odds ratio", finder=TRAUMA_BY_FORM)
_CHANGED = Estimand("depression at baseline", "PHQ-9 at wave 2", "mean difference", finder=CHANGED_BY_DEPRESSION)
_STILL = Estimand("all who began", "PHQ-9 of 10 or more at wave 2", "share", finder=DEPRESSED_AT_LAST)

_PARENT = Choice("mother", tuple(INFECTED), "whose infection; the father's can have no effect")
_DELTA = Choice("follow-up", tuple(DELTAS), "by how much those without a form may differ, in log odds of trauma")
_ADJUSTED = Choice("yes", ("no", "yes"), "adjust for age, sex and smoking")
_OF_FORMS = (TRAUMA, "minimises", "form_returned", "age_years", "is_female", "parental_ses_sd")
_OF_SEROLOGY = ("is_ebv_seronegative", "ln_ebv_igg", *SET_OF_TITRE)
_OF_FAMILIES = (*INFECTED.values(), "role", FAMILY, "age_years", "is_female")
_OF_WAVES = ("stayed_1", "stayed_2", _LAST, "phq9_total_wave_1", "phq9_positive_wave_2", *_AT_FIRST)

ADVERSITY_METHODS = (
    Method(
        "trauma_as_returned", "odds ratio of depression for trauma, forms that came back at face value", "naive",
        fixed(_TRAUMA), always(*_OF_FORMS), _as_returned, {}, ("complete",),
    ),
    Method(
        "trauma_imputed", "the same without those who minimise, missing forms imputed with a delta (pattern mixture)",
        "right", fixed(_TRAUMA), always(*_OF_FORMS), _imputed_trauma, {"delta": _DELTA}, ("complete",),
    ),
    Method(
        "cytomegalovirus_crude", "odds ratio of depression for cytomegalovirus, unadjusted", "naive",
        fixed(_CYTOMEGALOVIRUS), always("is_cmv_seropositive"), _crude_cytomegalovirus, {}, ("complete",),
    ),
    Method(
        "cytomegalovirus_standardised", "the same by g-computation over age, sex, ancestry and parental SES", "right",
        fixed(_CYTOMEGALOVIRUS), always("is_cmv_seropositive", *SET_OF_INFECTION), _standardised_cytomegalovirus, {},
        ("complete",),
    ),
    Method(
        "serostatus_as_printed", "odds ratio of depression without Epstein-Barr virus, whatever maximum likelihood "
        "prints", "naive", fixed(_NO_VIRUS), always(*_OF_SEROLOGY), _serostatus_as_printed, {}, ("complete",),
    ),
    Method(
        "serostatus_in_small_cells", "the same by Firth's penalised likelihood where a cell is small, refused where "
        "the data hold too little", "right", fixed(_NO_VIRUS), always(*_OF_SEROLOGY), _serostatus,
        {"adjusted": _ADJUSTED}, ("complete",),
    ),
    Method(
        "titre", "odds ratio of depression per SD of the ln titre of those who have Epstein-Barr virus", "right",
        fixed(_TITRE), always(*_OF_SEROLOGY), _titre, {}, ("complete",),
    ),
    Method(
        "prenatal_crude", "odds ratio of depression for infection of a parent in the pregnancy, errors by family",
        "naive", lambda options: _PRENATAL[options["parent"]], always(*_OF_FAMILIES), _crude_prenatal,
        {"parent": _PARENT}, ("complete",),
    ),
    Method(
        "prenatal_siblings", "the same within sets of siblings (conditional logistic regression)", "right",
        lambda options: _PRENATAL[options["parent"]], always(*_OF_FAMILIES), _siblings, {"parent": _PARENT},
        ("complete",),
    ),
    Method(
        "prenatal_against_father", "the mother's over the father's, who is a negative control", "right",
        fixed(_PRENATAL["mother"]), always(*_OF_FAMILIES), _against_father, {}, ("complete",),
    ),
    Method(
        "difference_in_remaining", "PHQ-9 at wave 2, depressed at baseline less the others, in those who stayed",
        "naive", fixed(_CHANGED), always(*_OF_WAVES), _remaining_difference, {}, ("complete",),
    ),
    Method(
        "difference_weighted", "the same, weighted by 1 / probability of staying, from severity before each wave",
        "right", fixed(_CHANGED), always(*_OF_WAVES), _weighted_difference, {}, ("complete",),
    ),
    Method(
        "share_in_remaining", "share with a PHQ-9 of 10 or more at wave 2, in those who stayed", "naive",
        fixed(_STILL), always(*_OF_WAVES), _remaining_share, {}, ("complete",),
    ),
    Method(
        "share_weighted", "the same, weighted by 1 / probability of staying", "right", fixed(_STILL),
        always(*_OF_WAVES), _weighted_share, {}, ("complete",),
    ),
)  # fmt: skip
"""Methods of the worlds S6, S12, S13, S16 and S25."""
