"""Methods on inflammation and depression: body mass behind both, which came first, and infections on the day."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from cohort.analysis import design_of
from cohort.analysis.longitudinal import later_effect
from cohort.analysis.sampling import BoolArray
from cohort.diagnosis.method import Choice, Estimand, Method, Options, always, fixed
from cohort.diagnosis.populations import OBESE_WOMEN, Effect
from cohort.diagnosis.sample import ANY, Sample
from cohort.results import Estimate, Result
from cohort.synthetic import Shift
from cohort.traps.estimators import crude_odds_ratio, difference, per_sd, share, two_stage, wald_ratio
from cohort.traps.markers import EXCLUDED_FROM, OBESE_FROM
from cohort.traps.people import DISEASE_COLUMNS, INFLAMMATION_SET

DEPRESSED = "has_current_depression"
CRP, IL6 = "ln_crp", "ln_il6"
BEHIND_BOTH = ("bmi_kg_m2", "women_bmi", "has_lifetime_depression")
"""What makes people both inflamed and depressed in the world of S3."""
BOOTSTRAP = 100
"""Bootstrap samples: fewer than in a report, for there are many cohorts; enough for an error, not for the tails."""
_SET_OVER_TIME = (*(name for name in INFLAMMATION_SET if name not in DISEASE_COLUMNS), ANY)
"""With the diseases as one: some are so rare that a bootstrap sample lacks them."""
_RULES = ("recorded infection", "CRP above 10 mg/L")

# --- S3: body mass behind inflammation and depression -------------------------------------------------------------


def _crude_inflammation(sample: Sample, options: Options) -> Result:
    return per_sd(sample.table, CRP, DEPRESSED)


def _adjusted_inflammation(sample: Sample, options: Options) -> Result:
    left_out = BEHIND_BOTH if options["without"] != "nothing" else ()
    return per_sd(sample.table, CRP, DEPRESSED, [name for name in INFLAMMATION_SET if name not in left_out])


def _by_gene(sample: Sample, options: Options) -> Result:
    table = sample.table
    gene = "prs_crp_sd"
    unit = float(table[CRP].std())
    return wald_ratio(crude_odds_ratio(table, gene, DEPRESSED), difference(table, gene, CRP), unit)


# --- S7: which came first ------------------------------------------------------------------------------------------


def _cross_section(sample: Sample, options: Options) -> Result:
    return per_sd(sample.table, "ln_crp_wave_2", "has_depression_wave_2")


def _inflammation_first(sample: Sample, options: Options) -> Result:
    """Return the odds ratio of later depression for inflammation, given depression before it (g-formula)."""
    table = sample.table
    found = later_effect(
        table, exposure=["ln_crp_wave_1"], outcome=["has_depression_wave_1", "has_depression_wave_2"],
        adjustment=(DEPRESSED, "bmi_wave_1", *_SET_OVER_TIME), design=design_of(table), replicates=BOOTSTRAP,
        seed=sample.seed,
    )["odds ratio"]  # fmt: skip
    return _by_error(found)


def _crude_after_depression(sample: Sample, options: Options) -> Result:
    return difference(sample.table, DEPRESSED, "ln_crp_wave_1")


def _depression_first(sample: Sample, options: Options) -> Result:
    """Return the difference in later inflammation for depression, given inflammation before it (g-formula)."""
    table = sample.table
    found = later_effect(
        table, exposure=[DEPRESSED], outcome=[CRP, "ln_crp_wave_1"], adjustment=(IL6, *_SET_OVER_TIME),
        design=design_of(table), replicates=BOOTSTRAP, seed=sample.seed,
    )["mean difference"]  # fmt: skip
    return _by_error(found)


def _by_error(found: Result) -> Result:
    """Return an estimate with the interval of its bootstrap standard error, in place of percentiles."""
    return dataclasses.replace(found, bounds=None) if isinstance(found, Estimate) else found


# --- S17: ill on the day of the sample -----------------------------------------------------------------------------


def _crude_fatigue(sample: Sample, options: Options) -> Result:
    return difference(sample.table, CRP, "phq9_somatic")


def _fatigue(sample: Sample, options: Options) -> Result:
    """Return somatic points per ln unit of inflammation among the well, with IL-6 against the error of one sample."""
    kept = sample.table[~_left_out(sample.table, options["left_out"])]
    return two_stage(kept, CRP, IL6, "phq9_somatic", INFLAMMATION_SET)


def _left_out(table: pd.DataFrame, rule: str) -> BoolArray:
    if rule == "recorded infection":
        return table["has_acute_infection"].to_numpy(dtype=bool)
    return np.asarray(table["crp_mg_l"].to_numpy(dtype=float) > EXCLUDED_FROM)


def _obese_women(sample: Sample, options: Options) -> Result:
    table = sample.table[_left_out(sample.table, options["left_out"])]
    return share(((table["is_female"] == 1) & (table["bmi_kg_m2"] >= OBESE_FROM)).to_numpy(dtype=bool))


# --- the methods ---------------------------------------------------------------------------------------------------

_INFLAMMATION = Estimand(
    "inflammation", "depression", "odds ratio per SD", finder=Effect((("inflam", Shift(1.0)),), (), "dep", "odds ratio")
)
_PROTEIN = Estimand(
    "C-reactive protein itself", "depression", "odds ratio per SD",
    finder=Effect((("crp_true", Shift(1.0)),), (), "dep", "odds ratio"),
)  # fmt: skip
_LATER_DEPRESSION = Estimand(
    "inflammation at wave 1", "depression at wave 2", "odds ratio per SD",
    finder=Effect((("inflam_1", Shift(1.0)),), (), "dep_2", "odds ratio"),
)  # fmt: skip
_LATER_INFLAMMATION = Estimand(
    "depression at baseline", "ln CRP at wave 1", "mean difference",
    finder=Effect((("dep", 1),), (("dep", 0),), "inflam_1", "mean difference"),
)  # fmt: skip
_FATIGUE = Estimand("chronic_inflammation_ln", "phq9_somatic", "mean difference")
_OBESE = Estimand("acute infection", "obese women among those left out", "share", finder=OBESE_WOMEN)
_LEFT_OUT = Choice(_RULES[0], _RULES, "who is left out as acutely ill")
_WITHOUT = Choice(
    "nothing", ("nothing", "BMI and earlier depression"), "what the adjustment set lacks, to see what its lack does"
)
_OF_WAVES = (CRP, IL6, "ln_crp_wave_1", "ln_crp_wave_2", "has_depression_wave_1", "has_depression_wave_2", "bmi_wave_1")
_OF_FATIGUE = ("phq9_somatic", CRP, IL6, "crp_mg_l", "has_acute_infection", *INFLAMMATION_SET)

INFLAMMATION_METHODS = (
    Method(
        "inflammation_crude", "odds ratio of depression per SD of ln CRP, one sample, unadjusted", "naive",
        fixed(_INFLAMMATION), always(CRP), _crude_inflammation, {}, ("complete",),
    ),
    Method(
        "inflammation_adjusted", "the same over the measured back-door set, BMI and earlier depression in it", "right",
        fixed(_INFLAMMATION), always(CRP, *INFLAMMATION_SET), _adjusted_inflammation, {"without": _WITHOUT},
        ("complete",),
    ),
    Method(
        "crp_by_gene", "Mendelian randomisation by the polygenic score of CRP (Wald ratio), per SD of ln CRP", "right",
        fixed(_PROTEIN), always(CRP, "prs_crp_sd"), _by_gene, {}, ("complete",),
    ),
    Method(
        "cross_section", "odds ratio of depression per SD of ln CRP of the same visit, unadjusted", "naive",
        fixed(_LATER_DEPRESSION), always(*_OF_WAVES), _cross_section, {}, ("complete",),
    ),
    Method(
        "inflammation_first", "depression at wave 2 for ln CRP at wave 1, given depression before it (g-formula)",
        "right", fixed(_LATER_DEPRESSION), always(*_OF_WAVES, *_SET_OVER_TIME), _inflammation_first, {},
        ("complete",),
    ),
    Method(
        "inflamed_after_depression", "difference in ln CRP at wave 1 for depression at baseline, unadjusted", "naive",
        fixed(_LATER_INFLAMMATION), always(*_OF_WAVES), _crude_after_depression, {}, ("complete",),
    ),
    Method(
        "depression_first", "ln CRP at wave 1 for depression at baseline, given inflammation before it (g-formula)",
        "right", fixed(_LATER_INFLAMMATION), always(*_OF_WAVES, *_SET_OVER_TIME), _depression_first, {},
        ("complete",),
    ),
    Method(
        "fatigue_crude", "somatic PHQ-9 points per ln unit of CRP, one sample, unadjusted", "naive", fixed(_FATIGUE),
        always(*_OF_FATIGUE), _crude_fatigue, {}, ("complete",),
    ),
    Method(
        "fatigue_of_the_well", "somatic points per ln unit of inflammation without the acutely ill: ln IL-6 as "
        "instrument of ln CRP against the error of one sample, back-door set", "right", fixed(_FATIGUE),
        always(*_OF_FATIGUE), _fatigue, {"left_out": _LEFT_OUT}, ("complete",),
    ),
    Method(
        "obese_women_left_out", "share of obese women among those left out as acutely ill", "right", fixed(_OBESE),
        always(*_OF_FATIGUE), _obese_women, {"left_out": _LEFT_OUT}, ("complete",),
    ),
)  # fmt: skip
"""Methods of the worlds S3, S7 and S17."""
