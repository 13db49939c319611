"""Traps about autoimmune disease and depression: null worlds, selection, screening, recorded diagnoses, synergy."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from cohort.analysis import design_of, interaction
from cohort.results import Estimate, Result
from cohort.synthetic import Scenario, simulate
from cohort.synthetic.recruitment import TYPE_1
from cohort.traps.estimators import crude_odds_ratio, joint_excess_risk, marginal_odds_ratio, product_as_excess
from cohort.traps.people import AUTOIMMUNE_SET, DISEASE_COLUMNS, nodes_of, people, table_of
from cohort.traps.trap import Trap, in_words
from cohort.traps.truths import declared_effect, effect, odds_ratio_of_worlds, population, truth_people

OUTCOME = "has_current_depression"
ANY = "has_any_autoimmune_disease"
ADJUSTED = (
    "standardised (g-computation) over age, sex, parental SES, education, smoking, trauma form, hospital infections, "
    "Epstein-Barr titre and earlier depression"
)
LIABILITY = "unmeasured_liability"
EQUIVALENT = (0.8, 1.25)
"""Odds ratios that are no relevant effect."""


def _question(exposure: str) -> str:
    return f"marginal odds ratio of current depression (interview) for {exposure}"


def _adjusted(table: pd.DataFrame, exposure: str = ANY, others: Sequence[str] = ()) -> Result:
    return marginal_odds_ratio(table, exposure, OUTCOME, (*AUTOIMMUNE_SET, *others))


def _others(disease: str) -> tuple[str, ...]:
    return tuple(column for column in DISEASE_COLUMNS if column != f"has_{disease}")


def _with_liability(table: pd.DataFrame, exposure: str = ANY, others: Sequence[str] = ()) -> str:
    full = _adjusted(table, exposure, (*others, LIABILITY))
    return f"The measured set lacks the liability u_fam; with it, which no analyst has: {in_words(full)}."


def _any_disease(world: Scenario, n: int, seed: int, declared: str) -> Trap:
    table = people(world, n, seed, (OUTCOME, ANY, *AUTOIMMUNE_SET, LIABILITY))
    return Trap(
        _question("any autoimmune disease (register), present against absent"),
        "crude",
        crude_odds_ratio(table, ANY, OUTCOME),
        effect(world, {"aid": 1}, {"aid": 0}, "dep", "odds ratio", n, seed),
        ADJUSTED,
        _adjusted(table),
        declared,
        note=_with_liability(table),
    )


def total_null(world: Scenario, n: int, seed: int) -> Trap:
    """S0: without any effect, the crude odds ratio is above 1."""
    declared = "nothing but shared causes gives an odds ratio above 1; report equivalence (0.8 to 1.25)"
    found = _any_disease(world, n, seed, declared)
    if not isinstance(found.right, Estimate):
        return found
    lower, upper = found.right.interval(0.90)
    inside = "lies inside" if EQUIVALENT[0] < lower and upper < EQUIVALENT[1] else "does not lie inside"
    words = f"The 90 % interval, {lower:.2f} to {upper:.2f}, {inside} the bounds of no relevant effect."
    return dataclasses.replace(found, note=f"{words} {found.note}")


def no_autoimmune_effect(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S1: sex, smoking, infections and liability bring disease and depression together."""
    declared = "crude odds ratio about 1.2-1.25 from sex, smoking, infection; the interval covers 1 after the H1 set"
    return [_any_disease(world, n, seed, declared)]


def literature_disease(world: Scenario, n: int, seed: int) -> Trap:
    """S10: with effects as in the literature, the crude odds ratio is larger than the effect."""
    return _any_disease(world, n, seed, "the crude association is larger than the effect; recover the knobs")


def clinic_selection(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S4: a clinic is reached by depression or by disease, which sets them apart in those who reach it (Berkson)."""
    columns = (OUTCOME, ANY, *AUTOIMMUNE_SET, LIABILITY)
    clinic = people(world, n, seed, (*columns, "clinic_probability"))
    everybody = world.with_changes({"recruitment.share_population": 1.0, "recruitment.share_clinic": 0.0})
    truth = effect(world, {"aid": 1}, {"aid": 0}, "dep", "odds ratio", n, seed)
    naive = crude_odds_ratio(clinic, ANY, OUTCOME)
    weighted = clinic.assign(survey_weight=1 / clinic["clinic_probability"])
    question = _question("any autoimmune disease (register), present against absent")
    declared = "odds ratio 1.5 turns into about 0.2; population sample, or weights from known selection"
    in_population = people(everybody, n, seed, columns)
    return [
        Trap(
            question, "crude, among patients of a clinic", naive, truth,
            f"patients weighted by 1 / probability of being seen in the clinic, {ADJUSTED}", _adjusted(weighted),
            declared, note=_with_liability(weighted),
        ),
        Trap(
            question, "crude, among patients of a clinic", naive, truth,
            f"a sample of the population instead, {ADJUSTED}", _adjusted(in_population),
            declared, note=_with_liability(in_population),
        ),
    ]  # fmt: skip


def screened_controls(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S5: controls who were screened for any illness make disease look like a cause of depression."""
    table = people(world, n, seed, (OUTCOME, ANY, *AUTOIMMUNE_SET, LIABILITY, "passes_screen"))
    is_case = table[OUTCOME].to_numpy(bool)
    fractions = (float(world.knob("recruitment.share_control")), float(world.knob("recruitment.share_case")))
    table["survey_weight"] = np.where(is_case, 1 / fractions[1], 1 / fractions[0])
    alike = table[~table["has_lifetime_depression"] & table["passes_screen"]].drop(columns="has_lifetime_depression")
    rest = [name for name in AUTOIMMUNE_SET if name != "has_lifetime_depression"]
    right = marginal_odds_ratio(alike, ANY, OUTCOME, rest)
    full = marginal_odds_ratio(alike, ANY, OUTCOME, [*rest, LIABILITY])
    adjusted = crude_odds_ratio(table.drop(columns="survey_weight"), ANY, OUTCOME, rest)
    worlds = [
        population(world, ("dep", "dep_past"), truth_people(n), seed, do={"aid": diseased}) for diseased in (1, 0)
    ]
    fresh = ~worlds[0]["dep_past"]
    whole = odds_ratio_of_worlds(worlds[0]["dep"], worlds[1]["dep"])
    return [
        Trap(
            f"{_question('any autoimmune disease (register)')} in people without earlier depression",
            "crude, all cases against controls screened for any illness and for earlier depression",
            crude_odds_ratio(table.drop(columns="survey_weight"), ANY, OUTCOME),
            odds_ratio_of_worlds(worlds[0]["dep"][fresh], worlds[1]["dep"][fresh]),
            "cases held to the screen of the controls: first episodes, free of screened illness; weighted by sampling "
            "fractions, standardised over the measured H1 set",
            right,
            "odds ratio 1.2 turns into about 2.4; restrict to the same screening in both arms",
            note=f"The naive analysis given the measured set without earlier depression: {in_words(adjusted)}. In "
            f"everybody, earlier depression or not, the true odds ratio is {whole.value:.2f}. "
            f"With u_fam in the set, which no analyst has: {in_words(full)}.",
        )
    ]


def seed_claims(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S11: three diseases treble the odds; nothing fails, and a method must be able to say so."""
    diseases = ("autoimmune_thyroid_disease", "type_1_diabetes", "multiple_sclerosis")
    table = people(world, n, seed, (OUTCOME, *DISEASE_COLUMNS, *AUTOIMMUNE_SET, LIABILITY))
    declared = "odds ratio 3 for three diseases; a method must be able to confirm it"
    return [
        Trap(
            _question(f"{disease.replace('_', ' ')} (register), present against absent"),
            "crude",
            crude_odds_ratio(table, f"has_{disease}", OUTCOME),
            effect(world, {disease: 1}, {disease: 0}, "dep", "odds ratio", n, seed),
            f"{ADJUSTED}, and the other seven diseases, which run in the same families",
            _adjusted(table, f"has_{disease}", _others(disease)),
            declared,
            note=_with_liability(table, f"has_{disease}", _others(disease)),
        )
        for disease in diseases
    ]


def differential_self_report(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S19: the depressed report diseases that they do not have; a drug for it confirms a disease."""
    declared = "odds ratio 1.5-2 from nothing; medication-confirmed definition"
    columns = (OUTCOME, *AUTOIMMUNE_SET, LIABILITY, "uses_levothyroxine", "uses_insulin")
    nodes = {node for column in columns for node in nodes_of(world, column)} | {"diagnosis"}
    cohort = simulate(world, n, seed, nodes=sorted(nodes))
    table = table_of(world, cohort.nodes, columns)
    reported = cohort.nodes["diagnosis"]
    found = []
    for disease, drug in (("autoimmune_thyroid_disease", "levothyroxine"), ("type_1_diabetes", "insulin")):
        says = reported[:, DISEASE_COLUMNS.index(f"has_{disease}")]
        confirmed = says & table[f"uses_{drug}"].to_numpy(bool)
        own = table.assign(self_reported=says, confirmed=confirmed)
        clear = own[confirmed | ~says]
        found.append(
            Trap(
                _question(f"{disease.replace('_', ' ')}"),
                "crude, disease as reported by the person",
                crude_odds_ratio(own, "self_reported", OUTCOME),
                effect(world, {disease: 1}, {disease: 0}, "dep", "odds ratio", n, seed),
                f"reported and on {drug}, against not reported; {ADJUSTED}",
                _adjusted(clear, "confirmed"),
                declared,
                note=f"Self-report with the same adjustment: {in_words(_adjusted(own, 'self_reported'))}. "
                f"{_with_liability(clear, 'confirmed')}",
            )
        )
    return found


def diabetes_mix_up(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S20: type 2 diabetes recorded as type 1 brings its weight along; onset age and insulin tell them apart."""
    others = _others("type_1_diabetes")
    columns = (OUTCOME, *AUTOIMMUNE_SET, *others, "uses_insulin")
    extra = ("diagnosis", "type_1_diabetes", "onset_type_1_diabetes", "onset_type_2_diabetes")
    nodes = {node for column in columns for node in nodes_of(world, column)}.union(extra)
    cohort = simulate(world, n, seed, nodes=sorted(nodes))
    v = cohort.nodes
    table = table_of(world, v, columns)
    recorded = v["diagnosis"][:, TYPE_1]
    onset = np.where(v["type_1_diabetes"], v["onset_type_1_diabetes"], v["onset_type_2_diabetes"])
    by_rule = recorded & (onset < 30) & table["uses_insulin"].to_numpy(bool)
    table = table.assign(recorded=recorded, by_rule=by_rule)
    clear = table[by_rule | ~recorded]
    wrong = 1 - float(v["type_1_diabetes"][recorded].mean())
    return [
        Trap(
            _question("type 1 diabetes"),
            "crude, type 1 diabetes as recorded",
            crude_odds_ratio(table, "recorded", OUTCOME),
            effect(world, {"type_1_diabetes": 1}, {"type_1_diabetes": 0}, "dep", "odds ratio", n, seed),
            f"recorded, begun before 30 and on insulin, against not recorded; {ADJUSTED}, and the other seven diseases",
            _adjusted(clear, "by_rule", others),
            "odds ratio inflated through BMI; onset age and insulin rule",
            note=f"Of the recorded type 1 diabetes, {wrong:.0%} is not. As recorded with the same adjustment: "
            f"{in_words(_adjusted(table, 'recorded', others))}.",
        )
    ]


def additive_synergy(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S21: risks that multiply exactly show no interaction in a logistic model, and synergy on the additive scale."""
    rest = tuple(name for name in AUTOIMMUNE_SET if name != "hospital_infection_count")
    table = people(world, n, seed, (OUTCOME, ANY, *AUTOIMMUNE_SET))
    table = table[table["hospital_infection_count"] <= 1]
    table = table.assign(had_infection=table["hospital_infection_count"] == 1)
    pair = (ANY, "had_infection", OUTCOME, rest)
    by_odds = interaction(
        table, outcome=OUTCOME, exposure=ANY, modifier="had_infection", adjustment=rest, design=design_of(table)
    )
    product = by_odds["product of odds ratios"]
    excess = by_odds["relative excess risk due to interaction"]
    truth, of_odds = declared_effect(
        world, (ANY, "hospital_infection_count"), "depression_latent",
        ("relative excess risk due to interaction", "ratio of odds ratios"), n, seed,
    )  # fmt: skip
    return [
        Trap(
            "relative excess risk of current depression due to interaction of any autoimmune disease and one hospital "
            "infection (RERI, risks)",
            "product term of a logistic model less 1, read as the whole of the interaction",
            product_as_excess(table, *pair),
            truth,
            "RERI of standardised risks (g-computation over the four worlds), measured H1 set, people with at most one "
            "infection",
            joint_excess_risk(table, *pair),
            "multiplicative null, 'no interaction' against 'synergy'; report both scales (RERI 0.28)",
            tolerance=0.0,
            note=f"Product of odds ratios {in_words(product)}, in truth {of_odds.value:.2f}; RERI by conditional odds "
            f"ratios {in_words(excess)}.",
        )
    ]
