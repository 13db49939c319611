"""Notebook 03 on a cohort that lacks everything, and on one that has little: reasons and numbers, never an error."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from cohort.analysis import (
    adversity,
    adversity_controls,
    adversity_curves,
    adversity_effects,
    adversity_errors,
    adversity_over_time,
    adversity_paths,
    adversity_tables,
)
from cohort.analysis.design import design_of
from cohort.results import Estimate, NotTestable, Result

BARE = pd.DataFrame(
    {
        "participant_id": [str(place) for place in range(60)],
        "is_eligible": pd.array([True] * 60, dtype="boolean"),
        "sex": pd.Categorical(["female", "male"] * 30),
    }
)


def small(people: int = 900) -> pd.DataFrame:
    """Return people in whom trauma raises BMI, BMI raises CRP, and nearly all carry the Epstein-Barr virus."""
    rng = np.random.default_rng(9)
    trauma = rng.random(people) < 0.3
    bmi = 26 + 2 * trauma + 4 * rng.normal(size=people)
    ln_crp = 0.1 * trauma + 0.08 * (bmi - 26) + rng.normal(size=people)
    score = np.clip(np.round(4 + trauma + 0.3 * ln_crp + 3 * rng.normal(size=people)), 0, 27)
    carrier = np.arange(people) >= 15
    told = pd.array(trauma, dtype="boolean")
    told[rng.random(people) < 0.1] = pd.NA
    return pd.DataFrame(
        {
            "participant_id": [str(place) for place in range(people)],
            "is_eligible": pd.array([True] * people, dtype="boolean"),
            "sex": pd.Categorical(np.where(rng.random(people) < 0.5, "female", "male")),
            "age_years": rng.uniform(20, 70, people),
            "has_childhood_trauma": told,
            "bmi_kg_m2": bmi,
            "ln_crp": ln_crp,
            "phq9_total": score,
            "has_depression": pd.array(score >= 8, dtype="boolean"),
            "is_ebv_seropositive": pd.array(carrier, dtype="boolean"),
            "ebv_igg_au_ml": np.where(carrier, np.exp(4 + rng.normal(size=people)), 1.0),
        }
    )


def refused(results: list[Result]) -> bool:
    return all(isinstance(one, NotTestable) and one.reason for one in results)


def test_a_cohort_without_exposures_gets_reasons_and_tables() -> None:
    design, sets = design_of(BARE), adversity.adjustment_sets(BARE)
    found = adversity_effects.effects_of(BARE, design, sets)
    drawn = adversity_effects.imputations_of(found)
    filled = adversity_effects.imputed_effects(found, drawn)
    for table in (adversity_tables.outcomes_table(found), adversity_tables.exposures_table(found, filled, "ln_crp")):
        assert table.data.empty
    ways = adversity_paths.ways(found, sets, drawn)
    assert adversity_paths.ways_table(ways).data["part"].str.startswith("not testable").all()
    assert adversity_paths.hidden_table(adversity_paths.hidden_causes(found, ways)).data["none left at"].notna().all()
    assert refused(list(adversity_paths.risks(found, sets).values()))
    assert all(isinstance(one, NotTestable) for one in adversity_curves.curves(found, sets).values())
    waves = adversity_over_time.followed(found, {"person_table": BARE})
    assert refused(adversity_over_time.which_first(found, sets, waves))
    leaving = adversity_over_time.leaving(found, sets, waves)
    assert refused(adversity_over_time.remaining_effects(found, sets, waves, leaving))
    assert refused(adversity_errors.measured_with_error(found, sets, waves))
    assert isinstance(adversity_errors.not_returned(found, sets), NotTestable)
    assert refused(adversity_controls.siblings(found, sets, {}))
    assert refused(
        [*adversity_controls.negative_exposure(found, sets), *adversity_controls.negative_outcome(found, sets)]
    )


def test_a_virus_that_nearly_all_carry_tells_too_little_and_its_titre_more() -> None:
    table = small()
    # Of the fifteen who do not carry it, none is depressed: separated, and no infinite interval.
    table.loc[~table["is_ebv_seropositive"].astype(bool), "has_depression"] = False
    found = adversity.near_constant(table, design_of(table), adversity.adjustment_sets(table))
    serostatus, on_crp, on_depression = found
    if isinstance(serostatus, NotTestable):
        assert "insufficient information" in serostatus.reason
    else:
        assert all(math.isfinite(end) for end in serostatus.interval())
        assert "Firth" in dict(serostatus.details)["method"]
    assert isinstance(on_crp, Estimate)
    assert isinstance(on_depression, Estimate)
    assert on_depression.n == 885


def test_a_handful_without_the_virus_is_insufficient_information() -> None:
    table = small(120)
    table["has_depression"] = pd.array(table.index % 20 == 7, dtype="boolean")
    table["is_ebv_seropositive"] = pd.array(table.index != 0, dtype="boolean")
    serostatus = adversity.near_constant(table, design_of(table), adversity.adjustment_sets(table))[0]
    assert isinstance(serostatus, NotTestable)
    assert "insufficient information" in serostatus.reason


def test_the_parts_of_a_way_add_up_and_imputation_uses_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adversity_paths, "REPLICATES_IMPUTED", 6)
    table = small()
    design, sets = design_of(table), adversity.adjustment_sets(table)
    found = adversity_effects.effects_of(table, design, sets)
    drawn = adversity_effects.imputations_of(found, m=3)
    first = adversity_paths.ways(found, sets, drawn, replicates=20)[0]
    assert first.way.mediators == ("bmi_kg_m2",)
    values = {name: one.value for name, one in first.found.items() if isinstance(one, Estimate)}
    through = values["through Body mass index"]
    assert values["total effect"] == pytest.approx(values["direct effect"] + through)
    assert 0.08 < through < 0.26
    total, pooled = first.found["total effect"], first.joint["total effect"]
    assert isinstance(total, Estimate)
    assert isinstance(pooled, Estimate)
    assert pooled.n == 900 > total.n


def test_waves_stand_side_by_side_in_order_of_time() -> None:
    table = small(200)
    later = table[["participant_id"]].assign(visit="a", ln_crp=1.0, phq9_total=5.0, age_years=60.0)
    visits = pd.concat([table.assign(visit="b"), later[:150]])
    found = adversity_effects.effects_of(table, design_of(table), adversity.adjustment_sets(table))
    waves = adversity_over_time.followed(
        found, {"visit_table": visits.assign(age_years=visits["visit"].map({"b": 40.0, "a": 60.0}))}
    )
    assert isinstance(waves, adversity_over_time.Followed)
    assert waves.people["ln_crp_t1"].dropna().unique().tolist() == [1.0]
    assert int(waves.people["is_seen_t1"].sum()) == 150
