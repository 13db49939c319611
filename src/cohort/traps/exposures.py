"""Traps about trauma, infections, genes and families: forms not returned, shared causes, rare groups, drop-out."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from cohort.analysis import design_of, proportion
from cohort.results import Estimate, NotTestable, Result
from cohort.synthetic import Scenario, simulate
from cohort.synthetic.node import Array
from cohort.traps.estimators import (
    crude_odds_ratio,
    delta_adjusted_odds_ratio,
    difference,
    marginal_odds_ratio,
    per_sd,
    probability_of,
    share,
    slices,
    within_siblings,
)
from cohort.traps.people import ANCESTRY_COLUMN, family_number, form_minimises, form_trauma, people
from cohort.traps.trap import Trap, Truth, in_words
from cohort.traps.truths import (
    difference_in_population,
    effect,
    odds_ratio_in_population,
    population,
    share_in_population,
    truth_people,
)

OUTCOME = "has_current_depression"
SMALL_COHORT = 300
MOST_SMALL_COHORTS = 1000
COVERAGE = 0.95


def trauma_not_at_random(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S6: whether the form comes back depends on trauma, and what it admits on minimisation and so on depression."""
    cohort = simulate(world, n, seed, nodes=("ctq_obs", "dep", "r_ctq"))
    items, depressed, returned = (cohort.nodes[name] for name in ("ctq_obs", "dep", "r_ctq"))
    told, minimises = form_trauma(items), form_minimises(items)
    v = population(world, ("ctq_obs", "dep", "r_ctq"), 4 * truth_people(n), seed, do={"md_denial": 0})
    trauma = form_trauma(v["ctq_obs"])
    truth = odds_ratio_in_population(trauma, v["dep"])
    delta = [_log_odds_ratio(trauma[v["dep"] == group], v["r_ctq"][v["dep"] == group]) for group in (False, True)]
    complete = pd.DataFrame({"told": told, OUTCOME: depressed})[returned]

    def imputed(times: float) -> Result:
        return delta_adjusted_odds_ratio(told, depressed, returned, ~minimises, [times * one for one in delta], seed)

    extremes = [imputed(times) for times in (0.0, 2.0)]
    shares = [float(minimises[returned & (depressed == group)].mean()) for group in (True, False)]
    return [
        Trap(
            "odds ratio of current depression for trauma by the form (any kind moderate to severe), had everybody "
            "filled it in and nobody minimised",
            "forms that came back, at face value",
            crude_odds_ratio(complete, "told", OUTCOME),
            truth,
            "those who minimise left out, forms that did not come back imputed with the known selection "
            "(delta-adjusted, by depression)",
            imputed(1.0),
            "odds ratio biased, sign depends on the mix; delta-adjusted imputation and tipping point, result by "
            "minimisation",
            note=f"Log odds ratio of returning the form for trauma: {delta[0]:.2f} in the others, {delta[1]:.2f} in "
            f"the depressed. With no such selection {in_words(extremes[0])}, with twice as much "
            f"{in_words(extremes[1])}. Minimise: {shares[0]:.0%} of the depressed, {shares[1]:.0%} of the others.",
        )
    ]


def _log_odds_ratio(one: Array, other: Array) -> float:
    return math.log(odds_ratio_in_population(one, other).value)


def cytomegalovirus_confounding(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S12: age, origin and poverty bring the virus together with depression."""
    causes = ("age_years", "is_female", ANCESTRY_COLUMN, "parental_ses_sd")
    table = people(world, n, seed, ("is_cmv_seropositive", OUTCOME, *causes))
    return [
        Trap(
            "marginal odds ratio of current depression for cytomegalovirus (IgG)",
            "crude",
            crude_odds_ratio(table, "is_cmv_seropositive", OUTCOME),
            effect(world, {"cmv": 1}, {"cmv": 0}, "dep", "odds ratio", n, seed),
            "standardised over age, sex, ancestry and parental SES",
            marginal_odds_ratio(table, "is_cmv_seropositive", OUTCOME, causes),
            "odds ratio about 1.14; 1 after the set",
        )
    ]


def epstein_barr_near_constant(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S13: nearly everybody is seropositive, so that a few hundred people say nothing of serostatus."""
    causes = ("age_years", "is_female", "is_current_smoker")
    table = people(world, n, seed, ("is_ebv_seronegative", "ln_ebv_igg", OUTCOME, *causes))
    table = table.iloc[: SMALL_COHORT * MOST_SMALL_COHORTS]
    status = slices(table, SMALL_COHORT, _textbook_odds_ratio)
    titre = slices(table, SMALL_COHORT, lambda cohort: per_sd(cohort, "ln_ebv_igg", OUTCOME, causes))
    refused = slices(table, SMALL_COHORT, lambda cohort: crude_odds_ratio(cohort, "is_ebv_seronegative", OUTCOME))
    truth = effect(world, {"ebv_titre": 0.0}, {}, "dep", "odds ratio", n, seed)
    finite = [np.array([isinstance(one, Estimate) for one in results]) for results in (status, titre)]
    covers = [np.array([_covers(one, truth.value) for one in results]) for results in (status, titre)]
    widths = [_median_width(results) for results in (status, titre)]
    declared = "separation, huge interval; 'insufficient information', and an analysis of the titre"
    words = "odds ratio of current depression for Epstein-Barr virus"
    refusals = float(np.mean([isinstance(one, NotTestable) for one in refused]))
    note = (
        f"Upper over lower limit, median over {len(status)} cohorts: serostatus {widths[0]:.0f}, titre "
        f"{widths[1]:.1f}. The suite refuses serostatus in {refusals:.0%} of the cohorts."
    )
    coverage = [share(one) for one in covers]
    return [
        Trap(
            f"share of cohorts of {SMALL_COHORT} in which the {words} exists at all",
            "seronegative against seropositive, two-by-two table",
            share(finite[0]),
            Truth(1.0),
            "titre per SD, given age, sex and smoking",
            share(finite[1]),
            declared,
            tolerance=0.0,
            note=note,
        ),
        Trap(
            f"coverage of the true {words} by 95 % intervals, cohorts of {SMALL_COHORT}, none counts as a miss",
            "seronegative against seropositive, two-by-two table",
            coverage[0],
            Truth(COVERAGE),
            "titre per SD, given age, sex and smoking",
            coverage[1],
            declared,
            tolerance=0.015,
            note=f"The true odds ratio is {truth.value:.2f}.",
        ),
    ]


def _textbook_odds_ratio(table: pd.DataFrame) -> Result:
    """Return the odds ratio of a two-by-two table with Woolf's interval; none when a cell is empty."""
    exposed, ill = table["is_ebv_seronegative"].to_numpy(bool), table[OUTCOME].to_numpy(bool)
    cells = np.bincount(2 * exposed + ill, minlength=4)
    if cells.min() == 0:
        return NotTestable("", "a cell is empty: the odds ratio is zero or infinite", "odds ratio")
    value = cells[3] * cells[0] / (cells[1] * cells[2])
    return Estimate("", "odds ratio", float(value), math.sqrt(float((1 / cells).sum())), scale="log", null=1.0)


def _covers(result: Result, truth: float) -> bool:
    if not isinstance(result, Estimate):
        return False
    lower, upper = result.interval()
    return lower <= truth <= upper


def _median_width(results: list[Result]) -> float:
    ratios = [one.interval()[1] / one.interval()[0] for one in results if isinstance(one, Estimate)]
    return float(np.median(ratios)) if ratios else math.inf


def stratified_gene(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S14: groups of ancestry differ in the allele and in depression."""
    table = people(world, n, seed, ("httlpr_s_alleles", OUTCOME, ANCESTRY_COLUMN))
    return [
        Trap(
            "odds ratio of current depression per short allele of 5-HTTLPR",
            "crude",
            crude_odds_ratio(table, "httlpr_s_alleles", OUTCOME),
            effect(world, {"httlpr": 1}, {"httlpr": 0}, "dep", "odds ratio", n, seed),
            "given ancestry",
            crude_odds_ratio(table, "httlpr_s_alleles", OUTCOME, (ANCESTRY_COLUMN,)),
            "a false odds ratio; ancestry in the model gives 1",
        )
    ]


def prenatal_familial(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S16: families in which infections are frequent have depression too."""
    exposures = {"has_prenatal_infection": "prenatal_infection", "has_paternal_infection": "paternal_infection"}
    table = people(world, n, seed, ("role", OUTCOME, *exposures))
    table = table.assign(family=family_number(table), survey_weight=1.0, survey_psu=family_number(table).astype(str))
    pairs = table[table["role"].isin((0, 1))]
    pairs = pairs[pairs.groupby("family")["role"].transform("size") == 2]
    words = {
        "has_prenatal_infection": "infection of the mother in the pregnancy",
        "has_paternal_infection": "infection of the father at that time, a negative-control exposure",
    }
    return [
        Trap(
            f"odds ratio of current depression for {words[name]}",
            "crude, standard errors by family",
            crude_odds_ratio(table, name, OUTCOME),
            effect(world, {node: 1}, {node: 0}, "dep", "odds ratio", n, seed),
            "conditional logistic regression within pairs of siblings",
            within_siblings(pairs, "family", name, OUTCOME),
            "hazard ratio 1.05-1.2; siblings and the negative control give 1",
            note=f"{len(pairs) // 2:,} pairs of siblings.",
        )
        for name, node in exposures.items()
    ]


def attrition(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S25: the severely depressed leave, and those who stay seem to have got better."""
    proxies = ("phq9_total", "bdi2_total", "age_years", "education_sd")
    columns = (OUTCOME, "phq9_positive_wave_2", "phq9_total_wave_2", "phq9_total_wave_1", "stayed_1", "stayed_2")
    table = people(world, n, seed, (*columns, *proxies))
    everybody = np.ones(len(table), dtype=bool)
    first, stayed = table["stayed_1"].to_numpy(bool), table["stayed_2"].to_numpy(bool)
    p = probability_of(table, "stayed_1", proxies, everybody)
    p = p * probability_of(table, "stayed_2", ("phq9_total_wave_1", *proxies), first)
    remaining = table[stayed]
    weighted = remaining.assign(survey_weight=1 / p[stayed])
    v = population(world, ("phq9_2", "dep"), 4 * truth_people(n), seed)
    total = v["phq9_2"].sum(axis=1)
    declared = "attenuated slopes; inverse-probability weights or imputation with baseline severity"
    right = "those who stayed, weighted by 1 / probability of staying, from PHQ-9, BDI-II, age and education before"
    note = f"{float(stayed.mean()):.0%} stayed to wave 2."
    return [
        Trap(
            "share with PHQ-9 of 10 or more at wave 2, of all who began",
            "those who stayed",
            proportion(remaining, "phq9_positive_wave_2", design_of(remaining)),
            share_in_population(total >= 10),
            right,
            proportion(weighted, "phq9_positive_wave_2", design_of(weighted)),
            declared,
            tolerance=0.0,
            note=note,
        ),
        Trap(
            "difference in PHQ-9 at wave 2 between those depressed at baseline and the others, of all who began",
            "those who stayed",
            difference(remaining, OUTCOME, "phq9_total_wave_2"),
            difference_in_population(total.astype(float), v["dep"]),
            right,
            difference(weighted, OUTCOME, "phq9_total_wave_2"),
            declared,
            tolerance=0.0,
            note=note,
        ),
    ]
