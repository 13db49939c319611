"""The methods that can be diagnosed: what a naive analyst would do in each scenario, and what a careful one does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from cohort.analysis import design_of, interaction, mean_difference, standardised_contrasts
from cohort.analysis.misclassification import misclassification
from cohort.analysis.recruitment import SCREENED_CONTROLS, for_population, why_not_population
from cohort.diagnosis.adversity_methods import ADVERSITY_METHODS
from cohort.diagnosis.inflammation_methods import INFLAMMATION_METHODS
from cohort.diagnosis.method import Choice, Estimand, Method, Options, fixed
from cohort.diagnosis.sample import ANY, DRUG_OF, EXPOSURES, INFECTIONS, TYPE_1, Sample, vocabulary
from cohort.results import Estimate, NotTestable, Result
from cohort.traps import null_tests
from cohort.traps.estimators import crude_odds_ratio, difference, joint_excess_risk, product_as_excess

_BASE = (vocabulary("complete").outcome, *vocabulary("complete").adjustment)
_PAST = "has_lifetime_depression"
ONSET_BEFORE = 30
"""Type 1 diabetes begins before this age, in years, or is not counted as such (rule of the blueprint, S20)."""
LEVEL = 0.05
BELIEFS = 150
"""Accuracies drawn in a probabilistic bias analysis: fewer than in a report, for there are many replicates."""
_EXPOSURE = Choice(ANY, EXPOSURES, "the disease asked about")
_MEASURE = Choice("odds ratio", ("odds ratio", "risk ratio", "risk difference"), "measure of effect")
_OTHERS = Choice("no", ("no", "yes"), "also adjust for the other autoimmune diseases")
LIABILITY = "unmeasured_liability"
_LIABILITY = Choice("no", ("no", "yes"), "also adjust for the liability that no analyst has, to see what its lack does")
_RECORDED = Choice("register", ("register", "self-report"), "whose word counts for the disease")


def _effect(options: Options) -> Estimand:
    return Estimand(options["exposure"], "depression", options.get("measure", "odds ratio"))


def _needs(*more: str) -> Callable[[Options], tuple[str, ...]]:
    return lambda options: (*_BASE, *_exposure_columns(options), *more)


def _exposure_columns(options: Options) -> tuple[str, ...]:
    if "exposure" not in options:
        return ()
    others = EXPOSURES[1:] if options.get("other_diseases") == "yes" else ()
    recorded = (_recorded(options),) if options.get("record") == "self-report" else ()
    return (options["exposure"], *others, *recorded, *_oracle(options))


def _oracle(options: Options) -> tuple[str, ...]:
    return (LIABILITY,) if options.get("liability") == "yes" else ()


def _recorded(options: Options) -> str:
    return options["exposure"].replace("has_", "recorded_", 1)


def _as_recorded(sample: Sample, options: Options) -> pd.DataFrame:
    """Return the table with the exposure as the record asked for has it; a person table knows the record only."""
    name = _recorded(options)
    if options.get("record") == "self-report" and name in sample.table:
        return sample.table.assign(**{options["exposure"]: sample.table[name]})
    return sample.table


def _held(sample: Sample, options: Options, without: Sequence[str] = ()) -> tuple[str, ...]:
    others = EXPOSURES[1:] if options.get("other_diseases") == "yes" else ()
    return tuple(
        n for n in (*sample.adjustment, *others, *_oracle(options)) if n not in (*without, options.get("exposure"))
    )


def _crude(sample: Sample, options: Options) -> Result:
    return crude_odds_ratio(_as_recorded(sample, options), options["exposure"], sample.outcome)


def _g_computation(table: pd.DataFrame, outcome: str, options: Options, held: Sequence[str]) -> Result:
    found = standardised_contrasts(
        table, outcome=outcome, exposure=options["exposure"], adjustment=held, design=design_of(table)
    )
    return found[options.get("measure", "odds ratio")]


def _standardised(sample: Sample, options: Options) -> Result:
    return _g_computation(_as_recorded(sample, options), sample.outcome, options, _held(sample, options))


def _of_population(sample: Sample, options: Options) -> Result:
    """Return the standardised effect, or a refusal where the people cannot speak for the population."""
    reason = why_not_population(sample.table, design_of(sample.table))
    return NotTestable("", reason, "odds ratio") if reason else _standardised(sample, options)


def _selection_weighted(sample: Sample, options: Options) -> Result:
    table = sample.table.assign(survey_weight=1 / sample.table["selection_probability"])
    return for_population(_g_computation(table, sample.outcome, options, _held(sample, options)), table,
                          design_of(table))  # fmt: skip


def _case_control(sample: Sample, options: Options) -> Result:
    return crude_odds_ratio(sample.table, options["exposure"], sample.outcome)


def _same_screen(sample: Sample, options: Options) -> Result:
    """Return the effect with cases held to the screen of the controls, where the protocol says controls had one."""
    table = sample.table
    if why_not_population(table, design_of(table)) != SCREENED_CONTROLS:
        return NotTestable("", "no control of this cohort was screened; compare as it stands", "odds ratio")
    # All cases were taken, and a share of the eligible controls that is known to those who took them.
    is_case = table[sample.outcome].to_numpy(dtype=bool)
    alike = ~table[_PAST].to_numpy(dtype=bool) & table["passes_screen"].to_numpy(dtype=bool)
    weight = np.where(is_case, 1.0, 1 / table["control_fraction"].to_numpy(dtype=float))
    kept = table[alike].assign(survey_weight=weight[alike])
    return _g_computation(kept, sample.outcome, options, _held(sample, options, [_PAST]))


def _confirmed(sample: Sample, options: Options) -> Result:
    """Return the effect of a disease that is reported and treated, against one that is not reported."""
    table = _as_recorded(sample, {**options, "record": "self-report"})
    drug = DRUG_OF[options["exposure"]]
    says = table[options["exposure"]].astype("boolean")
    treated = table[f"uses_{drug}" if f"uses_{drug}" in table else f"is_{drug}_user"].astype("boolean")
    return _among_clear(sample, table, options, says, says & treated)


def _bias_analysis(sample: Sample, options: Options) -> Result:
    """Return the odds ratio over what is believed of the accuracy of self-report."""
    table = _as_recorded(sample, {**options, "record": "self-report"})
    return misclassification(
        table, outcome=sample.outcome, exposure=options["exposure"], adjustment=_held(sample, options),
        design=design_of(table), draws=BELIEFS,
    )  # fmt: skip


def _onset_rule(sample: Sample, options: Options) -> Result:
    """Return the effect of recorded type 1 diabetes that began early and is on insulin."""
    table = _as_recorded(sample, {**options, "record": "self-report"})
    says = table[TYPE_1].astype("boolean")
    early = (table["onset_age_type_1_diabetes"] < ONSET_BEFORE).astype("boolean").fillna(value=False)
    insulin = table["uses_insulin" if "uses_insulin" in table else "is_insulin_user"].astype("boolean")
    return _among_clear(sample, table, options, says, says & early & insulin)


def _among_clear(sample: Sample, table: pd.DataFrame, options: Options, says: pd.Series, counts: pd.Series) -> Result:
    """Return the effect of what counts as the disease, against no record of it; the others are left out."""
    clear = (counts | ~says).fillna(value=False).to_numpy(dtype=bool)
    kept = table.assign(**{options["exposure"]: counts})[clear]
    return _g_computation(kept, sample.outcome, options, _held(sample, options))


def _with_infection(sample: Sample) -> pd.DataFrame:
    count = sample.table[INFECTIONS]
    kept = sample.table[(count <= 1).fillna(value=False).to_numpy(dtype=bool)].dropna(subset=[ANY])
    return kept.assign(had_infection=(kept[INFECTIONS] == 1))


def _pair(sample: Sample) -> tuple[str, str, str, tuple[str, ...]]:
    return ANY, "had_infection", sample.outcome, tuple(n for n in sample.adjustment if n != INFECTIONS)


def _excess(sample: Sample, options: Options) -> Result:
    first, second, outcome, held = _pair(sample)
    return joint_excess_risk(_with_infection(sample), first, second, outcome, (*held, *_oracle(options)))


def _product(sample: Sample, options: Options) -> Result:
    table = _with_infection(sample)
    first, second, outcome, held = _pair(sample)
    return interaction(
        table, outcome=outcome, exposure=first, modifier=second, adjustment=held, design=design_of(table)
    )["product of odds ratios"]


def _product_read_as_excess(sample: Sample, options: Options) -> Result:
    return product_as_excess(_with_infection(sample), *_pair(sample))


def _discoveries(adjusted: bool) -> Callable[[Sample, Options], Result]:
    def analyse(sample: Sample, options: Options) -> Result:
        held = null_tests.CAUSES if adjusted else ()
        p = []
        for outcome in null_tests.OUTCOMES:
            regression = crude_odds_ratio if outcome == null_tests.OUTCOMES[0] else difference
            for exposure in null_tests.EXPOSURES:
                found = regression(sample.table, exposure, outcome, held)
                p.append(found.p_value() if isinstance(found, Estimate) else 1.0)
        level = stats.false_discovery_control(p) if adjusted else np.array(p)
        return Estimate("", "share of discoveries", float((level < LEVEL).mean()), math.nan, n=len(sample.table))

    return analyse


def _trauma(adjustment: tuple[str, ...]) -> Callable[[Sample, Options], Result]:
    def analyse(sample: Sample, options: Options) -> Result:
        table = sample.table
        return mean_difference(
            table, outcome="ln_crp", exposure="has_childhood_trauma", adjustment=adjustment, design=design_of(table)
        )

    return analyse


_TRAUMA_SET = ("age_years", "sex", "parental_ses_sd")
_TRAUMA = Estimand("has_childhood_trauma", "ln_crp", "mean difference")
_JOINT = f"{ANY} and {INFECTIONS}"


_ALL = (
    Method(
        "crude_odds_ratio", "odds ratio of depression for a disease, unadjusted", "naive", _effect, _needs(), _crude,
        {"exposure": _EXPOSURE, "record": _RECORDED},
    ),
    Method(
        "standardised", "marginal effect by g-computation over the measured back-door set", "right", _effect, _needs(),
        _standardised,
        {"exposure": _EXPOSURE, "measure": _MEASURE, "other_diseases": _OTHERS, "record": _RECORDED,
         "liability": _LIABILITY},
    ),
    Method(
        "population_effect", "the same, refused where the people cannot speak for a population", "right", _effect,
        _needs("recruitment", "is_screened_control"), _of_population,
        {"exposure": _EXPOSURE, "measure": _MEASURE, "record": _RECORDED},
    ),
    Method(
        "selection_weighted", "the same among people weighted by 1 / known probability of selection", "right", _effect,
        _needs("recruitment", "is_screened_control", "selection_probability"), _selection_weighted,
        {"exposure": _EXPOSURE, "measure": _MEASURE}, ("complete", "clean"),
    ),
    Method(
        "case_control", "odds ratio of cases against controls as they were taken, unadjusted", "naive",
        lambda options: Estimand(ANY, "depression", "odds ratio", "first episodes"), _needs(ANY), _case_control,
        {"exposure": Choice(ANY, (ANY,), "the disease asked about")}, ("complete",),
    ),
    Method(
        "same_screen", "cases held to the screen of the controls, sampling fractions as weights, g-computation",
        "right", lambda options: Estimand(ANY, "depression", "odds ratio", "first episodes"),
        _needs("is_screened_control", "passes_screen", "control_fraction"), _same_screen,
        {"exposure": Choice(ANY, (ANY,), "the disease asked about"), "liability": _LIABILITY}, ("complete",),
    ),
    Method(
        "confirmed", "disease as reported, counted when its drug is taken, against not reported; g-computation",
        "right", _effect, lambda options: (*_needs()({**options, "record": "self-report"}),
                                           f"uses_{DRUG_OF[options['exposure']]}"),
        _confirmed,
        {"exposure": Choice("has_autoimmune_thyroid_disease", tuple(DRUG_OF), "the disease asked about"),
         "liability": _LIABILITY},
    ),
    Method(
        "bias_analysis", "probabilistic bias analysis of self-report: conditional odds ratio over beliefs about it",
        "right", _effect, lambda options: _needs()({**options, "record": "self-report"}), _bias_analysis,
        {"exposure": Choice("has_autoimmune_thyroid_disease", EXPOSURES[1:], "the disease asked about")},
    ),
    Method(
        "onset_rule", f"type 1 diabetes as recorded, begun before {ONSET_BEFORE} and on insulin; g-computation",
        "right", _effect, lambda options: (*_needs()({**options, "record": "self-report"}), "uses_insulin",
                                           "onset_age_type_1_diabetes"),
        _onset_rule, {"exposure": Choice(TYPE_1, (TYPE_1,), "the disease asked about"), "other_diseases": _OTHERS},
    ),
    Method(
        "excess_risk", "relative excess risk due to interaction of disease and one infection, standardised risks",
        "right", fixed(Estimand(_JOINT, "depression", "relative excess risk due to interaction")),
        lambda options: (*_needs(ANY)(options), *_oracle(options)), _excess, options={"liability": _LIABILITY},
    ),
    Method(
        "product_of_odds_ratios", "product term of a logistic model", "right",
        fixed(Estimand(_JOINT, "depression", "ratio of odds ratios")), _needs(ANY), _product,
    ),
    Method(
        "product_read_as_excess", "product term of a logistic model less 1, taken for the excess risk", "naive",
        fixed(Estimand(_JOINT, "depression", "relative excess risk due to interaction")), _needs(ANY),
        _product_read_as_excess,
    ),
    Method(
        "many_tests", "forty crude tests, p < 0.05", "naive",
        fixed(Estimand("twenty exposures", "depression", "share of discoveries")),
        lambda options: (*null_tests.EXPOSURES, *null_tests.OUTCOMES), _discoveries(adjusted=False), {}, ("complete",),
    ),
    Method(
        "many_tests_controlled", "forty adjusted tests, q < 0.05 (Benjamini and Hochberg)", "right",
        fixed(Estimand("twenty exposures", "depression", "share of discoveries")),
        lambda options: (*null_tests.EXPOSURES, *null_tests.OUTCOMES, *null_tests.CAUSES),
        _discoveries(adjusted=True), {}, ("complete",),
    ),
    Method(
        "trauma_crp_total", "mean difference in ln CRP for childhood trauma, total effect", "right", fixed(_TRAUMA),
        lambda options: (), _trauma(_TRAUMA_SET), {}, ("clean", "raw", "dirty"),
    ),
    Method(
        "trauma_crp_over_adjusted", "the same with the mediators BMI and smoking in the model", "naive",
        fixed(_TRAUMA), lambda options: (), _trauma((*_TRAUMA_SET, "bmi_kg_m2", "smoking")), {},
        ("clean", "raw", "dirty"),
    ),
)  # fmt: skip

METHODS: Mapping[str, Method] = {method.name: method for method in (*_ALL, *INFLAMMATION_METHODS, *ADVERSITY_METHODS)}
"""Every method by its name."""
