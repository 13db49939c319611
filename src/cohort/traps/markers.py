"""Traps about immune markers and depression: weight, time order, plates, drugs, infections, contraceptives."""

from __future__ import annotations

from cohort.synthetic import Scenario, Shift
from cohort.traps.estimators import (
    crude_odds_ratio,
    difference,
    per_sd,
    share,
    two_stage,
    wald_ratio,
    within_plates,
)
from cohort.traps.people import INFLAMMATION_SET, people
from cohort.traps.trap import Trap, Truth, in_words
from cohort.traps.truths import declared_effect, effect, population, share_in_population, truth_people

OUTCOME = "has_current_depression"
INFLAMMATION_WORDS = (
    "age, sex, education, smoking, BMI (apart in women), activity, diet, eight autoimmune diseases, cytomegalovirus, "
    "hospital infections, trauma form, prenatal infection, microbiome, earlier depression"
)
OBESE_FROM = 30.0
EXCLUDED_FROM = 10.0


def literature_inflammation(world: Scenario, n: int, seed: int) -> Trap:
    """S10: a small effect of inflammation behind a large crude association, and behind a marker measured with error."""
    table = people(world, n, seed, (OUTCOME, "ln_crp", "ln_il6", "has_acute_infection", *INFLAMMATION_SET))
    standardised = table.assign(crp_sd=table["ln_crp"] / table["ln_crp"].std())
    crude_d = difference(standardised, OUTCOME, "crp_sd")
    adjusted_d = difference(standardised, OUTCOME, "crp_sd", INFLAMMATION_SET)
    return Trap(
        "risk difference of current depression for one ln unit of chronic inflammation (its contribution to ln CRP)",
        "crude slope on ln CRP, one sample",
        difference(table, "ln_crp", OUTCOME),
        effect(world, {"inflam": Shift(1.0)}, {}, "dep", "risk difference", n, seed),
        f"ln CRP with ln IL-6 as its instrument against measurement error (two-stage least squares), acute infection, "
        f"{INFLAMMATION_WORDS}",
        two_stage(table, "ln_crp", "ln_il6", OUTCOME, ("has_acute_infection", *INFLAMMATION_SET)),
        "crude d of CRP about 0.26, adjusted about 0.04; recover the knobs",
        tolerance=0.0,
        note=f"ln CRP of the depressed against the others in SD: crude {in_words(crude_d)}, adjusted "
        f"{in_words(adjusted_d)}.",
    )


def bmi_confounding(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S3: body mass raises C-reactive protein and depression, inflammation does not depress."""
    table = people(world, n, seed, (OUTCOME, "ln_crp", "prs_crp_sd", "has_acute_infection", *INFLAMMATION_SET))
    sd = float(table["ln_crp"].std())
    naive = per_sd(table, "ln_crp", OUTCOME)
    crude_d = difference(table.assign(crp_sd=table["ln_crp"] / sd), OUTCOME, "crp_sd")
    declared = "d about 0.2-0.3; the set with BMI and earlier depression gives 0, Mendelian randomisation gives 0"
    by_gene = wald_ratio(crude_odds_ratio(table, "prs_crp_sd", OUTCOME), difference(table, "prs_crp_sd", "ln_crp"), sd)
    note = f"Crude difference of ln CRP between the depressed and the others in SD: {in_words(crude_d)}."
    return [
        Trap(
            "odds ratio of current depression for inflammation, per SD of ln CRP",
            "crude, ln CRP of one sample", naive,
            effect(world, {"inflam": Shift(sd)}, {}, "dep", "odds ratio", n, seed),
            f"adjusted for {INFLAMMATION_WORDS}", per_sd(table, "ln_crp", OUTCOME, INFLAMMATION_SET),
            declared, note=note,
        ),
        Trap(
            "odds ratio of current depression for C-reactive protein itself, per SD of ln CRP",
            "crude, ln CRP of one sample", naive,
            effect(world, {"crp_true": Shift(sd)}, {}, "dep", "odds ratio", n, seed),
            "Mendelian randomisation by the polygenic score of CRP (Wald ratio)", by_gene,
            declared, note=note,
        ),
    ]  # fmt: skip


def reverse_causation(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S7: depression inflames; who looks at one visit only cannot tell which came first."""
    waves = ("has_depression_wave_1", "has_depression_wave_2", "ln_crp_wave_1", "ln_crp_wave_2", "bmi_wave_1")
    table = people(world, n, seed, (OUTCOME, "ln_crp", "ln_il6", *waves, *INFLAMMATION_SET))
    sd = float(table["ln_crp_wave_1"].std())
    at_baseline = per_sd(table, "ln_crp", OUTCOME)
    before = (OUTCOME, "has_depression_wave_1", "bmi_wave_1", *INFLAMMATION_SET)
    declared = "cross-sectional odds ratio above 1; inflammation at wave 1 on depression at wave 2: 1, the reverse > 0"
    return [
        Trap(
            "odds ratio of depression at wave 2 for inflammation before it, per SD of ln CRP",
            "cross-section: depression at wave 2 on ln CRP of the same visit, crude",
            per_sd(table, "ln_crp_wave_2", "has_depression_wave_2"),
            effect(world, {"inflam_1": Shift(sd)}, {}, "dep_2", "odds ratio", n, seed),
            "depression at wave 2 on ln CRP of wave 1, given depression at baseline and at wave 1, BMI at wave 1, and "
            f"at baseline {INFLAMMATION_WORDS}",
            per_sd(table, "ln_crp_wave_1", "has_depression_wave_2", before),
            declared,
            note=f"Cross-section at baseline, crude, per SD: {in_words(at_baseline)}.",
        ),
        Trap(
            "difference in ln CRP two years later for current depression at baseline",
            "crude",
            difference(table, OUTCOME, "ln_crp_wave_1"),
            effect(world, {"dep": 1}, {"dep": 0}, "inflam_1", "mean difference", n, seed),
            f"given ln CRP and ln IL-6 at baseline, {INFLAMMATION_WORDS}",
            difference(table, OUTCOME, "ln_crp_wave_1", ("ln_crp", "ln_il6", *INFLAMMATION_SET)),
            declared,
        ),
    ]


def batch_effects(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S9: the depressed lie on plates that read high."""
    table = people(world, n, seed, (OUTCOME, "ln_il6", "plate"))
    sd = float(table["ln_il6"].std())
    table = table.assign(il6_sd=table["ln_il6"] / sd)
    without = effect(world, {"dep": 1}, {"dep": 0}, "il6_true", "mean difference", n, seed)
    by_plate = table.groupby("plate")[OUTCOME].mean()
    return [
        Trap(
            "difference in ln IL-6 between the depressed and the others, in SD of ln IL-6",
            "crude",
            difference(table, OUTCOME, "il6_sd"),
            Truth(without.value / sd, without.standard_error / sd),
            "plate as a fixed effect",
            within_plates(table, OUTCOME, "il6_sd"),
            "d about 0.2-0.3; the plate in the model gives 0, and a warning when case and plate are aliased",
            note=f"Share of depressed by plate: 5th to 95th percentile {by_plate.quantile(0.05):.0%} to "
            f"{by_plate.quantile(0.95):.0%}.",
        )
    ]


def serotonin_null(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S15: the drug empties the platelets, not the depression."""
    columns = (OUTCOME, "ln_platelet_serotonin", "is_antidepressant_user", "has_lifetime_depression", "ln_platelets")
    table = people(world, n, seed, (*columns, "httlpr_s_alleles"))
    free = table[~table["is_antidepressant_user"]]
    sd = float(free["ln_platelet_serotonin"].std())
    table = table.assign(serotonin_sd=table["ln_platelet_serotonin"] / sd)
    free = table[~table["is_antidepressant_user"]]
    truth = effect(world, {"dep": 1}, {"dep": 0}, "platelet_5ht", "mean difference", n, seed)
    users = table.groupby(OUTCOME)["is_antidepressant_user"].mean()
    return [
        Trap(
            "difference in ln platelet serotonin between the depressed and the others, in SD of those without a drug",
            "crude",
            difference(table, OUTCOME, "serotonin_sd"),
            Truth(truth.value / sd, truth.standard_error / sd),
            "people without an antidepressant, given earlier depression, platelets and 5-HTTLPR",
            difference(free, OUTCOME, "serotonin_sd", ("has_lifetime_depression", "ln_platelets", "httlpr_s_alleles")),
            "'deficiency' of d about -1; 0 within the drug-free, by earlier depression",
            note=f"On an antidepressant: {users[True]:.0%} of the depressed, {users[False]:.0%} of the others.",
        )
    ]


def acute_infections(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S17: winter infections raise CRP and tire; leaving out high CRP also leaves out obese women."""
    table = people(
        world, n, seed, ("phq9_somatic", "ln_crp", "ln_il6", "crp_mg_l", "has_acute_infection", *INFLAMMATION_SET)
    )
    table = table.assign(obese_woman=(table["is_female"] == 1) & (table["bmi_kg_m2"] >= OBESE_FROM))
    ill = table["has_acute_infection"].to_numpy(bool)
    high = table["crp_mg_l"].to_numpy() > EXCLUDED_FROM
    well = table[~ill]
    obese = table["obese_woman"].to_numpy(bool)
    v = population(world, ("sex", "bmi"), truth_people(n), seed, do={"acute_infection": 1})  # had everybody been ill
    declared = "effect of CRP on fatigue inflated; model the infection, excluding CRP > 10 also removes obese women"
    excluded = two_stage(table[~high], "ln_crp", "ln_il6", "phq9_somatic", INFLAMMATION_SET)
    return [
        Trap(
            "points of the somatic PHQ-9 items for one ln unit of chronic inflammation",
            "crude slope on ln CRP, one sample",
            difference(table, "ln_crp", "phq9_somatic"),
            declared_effect(world, ("chronic_inflammation_ln",), "phq9_somatic", ("mean difference",), n, seed)[0],
            "people without an acute infection: ln CRP with ln IL-6 as its instrument against measurement error "
            f"(two-stage least squares), {INFLAMMATION_WORDS}",
            two_stage(well, "ln_crp", "ln_il6", "phq9_somatic", INFLAMMATION_SET),
            declared,
            tolerance=0.0,
            note=f"With the same model where CRP above {EXCLUDED_FROM:.0f} mg/L is excluded instead: "
            f"{in_words(excluded)}.",
        ),
        Trap(
            "share of obese women among the acutely ill who are to be left out",
            f"those with CRP above {EXCLUDED_FROM:.0f} mg/L left out as acutely ill",
            share(obese[high]),
            share_in_population((v["sex"] == 1) & (v["bmi"] >= OBESE_FROM)),
            "those with a recorded acute infection left out",
            share(obese[ill]),
            declared,
            tolerance=0.0,
            note=f"Of those with CRP above {EXCLUDED_FROM:.0f} mg/L, {float(ill[high].mean()):.0%} have an acute "
            f"infection; obese women in all: {float(obese.mean()):.0%}.",
        ),
    ]


def contraceptive_artefact(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S18: the pill raises C-reactive protein by the liver and inflames nobody."""
    pill = "is_hormonal_contraceptive_user"
    table = people(world, n, seed, (pill, "ln_crp", "ln_il6", "age_years", "is_female"))
    women = table[(table["is_female"] == 1) & (table["age_years"] < 50)]
    return [
        Trap(
            "difference in chronic inflammation between users of the pill and other women below 50, in ln units",
            "crude difference in ln CRP",
            difference(women, pill, "ln_crp"),
            effect(world, {"oc_use": 1}, {"oc_use": 0}, "inflam", "mean difference", n, seed),
            "difference in ln IL-6, which the pill's effect on the liver leaves alone, given age",
            difference(women, pill, "ln_il6", ("age_years",)),
            "a cluster of 'inflamed young women'; normal IL-6 flags it as an effect on the liver",
        )
    ]
