"""The notebooks' questions: verdicts follow from the numbers, and an absent variable never breaks an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis import adversity, autoimmunity, inflammation, inflammation_batches, inflammation_subgroups
from cohort.analysis.design import design_of
from cohort.analysis.literature import published_estimates
from cohort.analysis.markers import marker_differences
from cohort.analysis.subgroups import discrete_subgroups, prepare_markers
from cohort.analysis.subgroups.gate import GateResult
from cohort.analysis.subgroups.judgement import gate_table, judge_subgroups
from cohort.results import Estimate, NotTestable, Result

NO_RESULTS = pd.DataFrame(
    columns=["participant_id", "visit", "analyte", "value", "censoring", "limit", "plate", "site", "sampling_hour"]
)


def cohort_of(people: int, seed: int, *, odds_ratio: float = 1.0, marker_shift: float = 0.0) -> pd.DataFrame:
    """Return people whose depression depends on thyroid disease, and whose CRP depends on depression, as asked for."""
    rng = np.random.default_rng(seed)
    ill = rng.random(people) < 0.10
    female = rng.random(people) < 0.5
    logit = -2.2 + np.log(odds_ratio) * ill + 0.5 * female
    depressed = rng.random(people) < 1 / (1 + np.exp(-logit))
    ln_crp = rng.normal(0.2, 1.0, people) + marker_shift * depressed
    return pd.DataFrame(
        {
            "participant_id": pd.array([str(i) for i in range(people)], dtype="string"),
            "is_eligible": pd.array([True] * people, dtype="boolean"),
            "sex": pd.Categorical(np.where(female, "female", "male"), categories=["female", "male"]),
            "age_years": rng.uniform(20, 80, people),
            "has_autoimmune_thyroid_disease": pd.array(ill, dtype="boolean"),
            "has_any_autoimmune_disease": pd.array(ill, dtype="boolean"),
            "has_depression": pd.array(depressed, dtype="boolean"),
            "crp_mg_l": np.exp(ln_crp),
            "ln_crp": ln_crp,
        }
    )


def primary(table: pd.DataFrame) -> dict[tuple[str, str], str]:
    design, sets = design_of(table), autoimmunity.adjustment_sets(table)
    found = autoimmunity.odds_ratios(table, design, sets)
    standard = autoimmunity.standardised(table, design, sets.full.variables)
    judged = autoimmunity.verdicts(table, design, sets, found, standard, synthetic=True)
    return {(verdict.claim, verdict.question): verdict.status for verdict in judged}


@pytest.mark.parametrize(
    ("truth", "direction", "size"),
    [
        (3.0, "supported", "supported"),
        (1.5, "supported", "contradicted"),
        (1.0, "no relevant effect", "contradicted"),
    ],
)
def test_a_large_cohort_tells_three_from_one_and_a_half_from_one(truth: float, direction: str, size: str) -> None:
    status = primary(cohort_of(60_000, 5, odds_ratio=truth))
    assert status["IP-10", "direction"] == direction
    assert status["IP-10", "size"] == size
    assert status["IP-11", "size"] == "not testable with this cohort"


def test_a_small_cohort_cannot_tell() -> None:
    status = primary(cohort_of(600, 5, odds_ratio=1.5))
    assert status["IP-10", "direction"] == "inconclusive"


def test_an_empty_codebook_of_people_answers_nothing_and_breaks_nothing() -> None:
    table = cohort_of(300, 1)[["participant_id", "is_eligible", "sex"]]
    design = design_of(table)
    sets = autoimmunity.adjustment_sets(table)
    results: list[Result] = [*autoimmunity.prevalence(table, design), *autoimmunity.variants(table, design, sets)]
    results += [r for found in autoimmunity.odds_ratios(table, design, sets).values() for r in found]
    results += inflammation.strata(table, design)
    results += [*inflammation.shift(table, design).values(), *inflammation.severe(table, design).values()]
    results += inflammation.exclusions(table, design, inflammation.adjustment(table))
    chosen = adversity.adjustment_sets(table)
    sections = [
        part(table, design, chosen)
        for part in (adversity.trauma, adversity.infection, adversity.lifestyle, adversity.prenatal)
    ]
    results += [result for section in sections for result in section.values()]
    cells = [one for groups in adversity.panels(table, design).values() for found in groups.values() for one in found]
    results += [*cells, *adversity.exposed(table, design), *adversity.near_constant(table, design, chosen)]
    results += adversity.interaction_rows(adversity.interactions(table, design, chosen))
    assert results
    assert all(isinstance(result, NotTestable) and result.reason for result in results)
    verdicts = adversity.verdicts(table, design, sections, synthetic=False)
    assert {verdict.status for verdict in verdicts} == {"not testable with this cohort"}


def seen_by(table: pd.DataFrame, labs: pd.DataFrame = NO_RESULTS) -> inflammation_batches.Laboratory:
    chosen = inflammation.adjustment(table)
    whole = inflammation_batches.with_laboratory(table, labs, baseline="t0")
    return inflammation_batches.laboratory(whole, labs, design_of(table), chosen, baseline="t0", seed=1)


def test_a_cohort_without_markers_is_refused_by_every_part_of_the_second_notebook() -> None:
    table = cohort_of(300, 1)[["participant_id", "is_eligible", "sex"]]
    found = inflammation_subgroups.ask_gates(seen_by(table), seed=1)
    assert judge_subgroups(found.gate, claim="IP-40").status == "not testable with this cohort"
    words = [
        gate_table(found.gate),
        found.table,
        inflammation_subgroups.number_table(found, seed=1),
        inflammation_subgroups.choices_table(inflammation_subgroups.models(found, seed=1)),
        inflammation_subgroups.replication_table(inflammation_subgroups.replicated(found, table, seed=1)),
        inflammation_subgroups.performance_table(inflammation_subgroups.panel(table, seed=1)),
        inflammation.retest(table.assign(visit="t0"), seed=1),
    ]
    assert all("not testable" in part.data.to_string() for part in words)
    results = inflammation_subgroups.external_validity(found, table, seed=1)
    results += inflammation.strata_by_others(table, design_of(table))
    assert results
    assert all(isinstance(result, NotTestable) for result in results)


def test_markers_on_plates_of_the_depressed_alone_are_refused_and_the_gate_with_them() -> None:
    table = cohort_of(1200, 6)
    rng = np.random.default_rng(1)
    markers = {column: np.exp(rng.standard_normal(1200)) for column in ("crp_mg_l", "il6_pg_ml", "tnf_alpha_pg_ml")}
    table = table.assign(**markers)
    names = {"crp_mg_l": "crp", "il6_pg_ml": "il6", "tnf_alpha_pg_ml": "tnf_alpha"}
    depressed = table["has_depression"].fillna(value=False).to_numpy(dtype=bool)

    def results(plate: np.ndarray) -> pd.DataFrame:
        parts = [
            pd.DataFrame(
                {
                    "participant_id": table["participant_id"],
                    "visit": "t0",
                    "analyte": names[column],
                    "value": values,
                    "plate": plate,
                    "site": "A",
                    "sampling_hour": 9.0,
                    "censoring": "none",
                    "limit": np.nan,
                }
            )
            for column, values in markers.items()
        ]
        return pd.concat(parts, ignore_index=True)

    own = np.where(depressed, rng.integers(5, size=1200), 5 + rng.integers(15, size=1200)).astype(str)
    seen = seen_by(table, results(own))
    assert set(seen.aliased) == set(markers)
    found = inflammation_subgroups.ask_gates(seen, seed=1)
    assert isinstance(found.gate, NotTestable)
    assert "aliased" in found.gate.reason
    differences = inflammation.differences(table, design_of(table), inflammation.adjustment(table))
    refused = inflammation_batches.refused_where_aliased(differences, seen)
    assert all(isinstance(results[0], NotTestable) and "aliased" in results[0].reason for results in refused.values())
    mixed = seen_by(table, results(rng.integers(20, size=1200).astype(str)))
    assert mixed.aliased == ()
    assert isinstance(inflammation_subgroups.ask_gates(mixed, seed=1).gate, GateResult)


def test_marker_difference_recovers_a_shift_and_its_null() -> None:
    covered, estimates = [], []
    for seed in range(60):
        table = cohort_of(800, seed, marker_shift=0.3)
        (found,) = marker_differences(table, design_of(table), markers=["crp_mg_l"], adjustment=["sex"])
        assert isinstance(found, Estimate)
        truth = 0.3 / float(table["ln_crp"].std())
        low, high = found.interval()
        covered.append(low <= truth <= high)
        estimates.append(found.value - truth)
    assert np.mean(covered) > 0.95 - 3 * np.sqrt(0.05 * 0.95 / 60)
    assert abs(np.mean(estimates)) < 3 * np.std(estimates) / np.sqrt(60)
    rejections = []
    for seed in range(60):
        table = cohort_of(400, 1000 + seed)
        (found,) = marker_differences(table, design_of(table), markers=["crp_mg_l"])
        assert isinstance(found, Estimate)
        rejections.append(found.p_value() < 0.05)
    assert np.mean(rejections) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


def test_marker_difference_is_confounded_when_a_common_cause_is_left_out() -> None:
    table = cohort_of(20_000, 3)
    pushed = np.where(table["sex"] == "female", 1.0, 0.0)
    table["crp_mg_l"] = np.exp(table["ln_crp"] + pushed)
    crude, adjusted = (
        marker_differences(table, design_of(table), markers=["crp_mg_l"], adjustment=held)[0] for held in ((), ("sex",))
    )
    assert isinstance(crude, Estimate)
    assert isinstance(adjusted, Estimate)
    assert crude.interval()[0] > 0
    assert adjusted.interval()[0] < 0 < adjusted.interval()[1]


def test_an_exposure_asked_of_women_only_is_not_adjusted_for_sex() -> None:
    table = cohort_of(4000, 9)
    rng = np.random.default_rng(1)
    asked = (table["sex"] == "female").to_numpy()
    table["has_pelvic_infection"] = pd.array(np.where(asked, rng.random(4000) < 0.1, None), dtype="boolean")
    sets = adversity.adjustment_sets(table)
    found = adversity.infection(table, design_of(table), sets)["Pelvic infection and depression"]
    assert isinstance(found, Estimate)
    assert "sex" not in found.adjustment


def test_published_values_belong_to_diseases_of_the_codebook() -> None:
    published = published_estimates("has_depression")
    assert published["Type 1 diabetes"] == (("Benros 2013", 1.77, 1.61, 1.94),)
    assert all(low < value < high for entries in published.values() for _, value, low, high in entries)


def test_only_a_gap_supports_discrete_subgroups() -> None:
    rng = np.random.default_rng(2)
    for shift, status in ((6.0, "supported"), (0.0, "inconclusive")):
        group = rng.random(900) < 0.5
        markers = rng.normal(size=(900, 4)) + shift * group[:, None]
        table = cohort_of(900, 4).assign(
            crp_mg_l=np.exp(markers[:, 0]),
            il6_pg_ml=np.exp(markers[:, 1]),
            tnf_alpha_pg_ml=np.exp(markers[:, 2]),
            igg_g_l=np.exp(markers[:, 3]),
        )
        gate = discrete_subgroups(prepare_markers(table, rng=rng), rng=rng)
        assert judge_subgroups(gate, claim="IP-40").status == status
