"""Derived tables follow the derivations of the codebook."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.cleaning import clean_cohort
from cohort.cleaning.derived import crp_strata
from cohort.cleaning.validation import dtype_of
from cohort.codebook import Codebook

Tables = dict[str, pd.DataFrame]


def person(tables: Tables, codebook: Codebook, **options: Any) -> pd.DataFrame:
    return clean_cohort(tables, codebook, **options).tables["person_table"].set_index("participant_id")


def test_every_table_holds_columns_of_the_codebook_in_its_order_and_dtypes(good: Tables, codebook: Codebook) -> None:
    clean = clean_cohort(good, codebook)
    assert list(clean.tables) == list(codebook.tables)
    for name, frame in clean.tables.items():
        variables = codebook.tables[name]
        assert list(frame.columns) == [column for column in variables if column in frame]
        for column in frame:
            assert frame[column].dtype == dtype_of(variables[column]), (name, column)


def test_the_person_table_has_everybody_and_only_what_can_be_derived(good: Tables, codebook: Codebook) -> None:
    table = person(good, codebook)
    assert table.index.tolist() == ["1", "2", "3", "4", "5", "6"]
    assert {"sex", "bmi_kg_m2", "baseline_date", "phq9_total", "crp_mg_l", "is_eligible"} <= set(table.columns)
    assert {"phq9_1", "ctq_total", "has_childhood_trauma", "has_psoriasis", "il6_pg_ml", "visit"}.isdisjoint(table)


def test_a_cohort_of_participants_alone_gives_a_person_table(good: Tables, codebook: Codebook) -> None:
    table = person({"participants": good["participants"]}, codebook)
    assert table.columns.tolist() == ["sex", "birth_year", "education", "is_eligible"]
    assert table["is_eligible"].all()


def test_a_person_without_a_baseline_visit_stays_with_missing_values(good: Tables, codebook: Codebook) -> None:
    later = good["visits"].copy()
    later.loc[0, "visit"] = "t1"
    clean = clean_cohort({**good, "visits": later}, codebook)
    table = clean.tables["person_table"].set_index("participant_id")
    assert len(table) == 6
    assert pd.isna(table.loc["1", "bmi_kg_m2"])
    assert table.loc["1", "crp_mg_l"] == 0.15  # the blood was taken at baseline
    visits = clean.tables["visit_table"]
    assert sorted(zip(visits["participant_id"], visits["visit"], strict=True))[:2] == [("1", "t0"), ("1", "t1")]
    assert len(visits) == 7


def test_the_baseline_visit_is_the_one_that_the_study_names(good: Tables, codebook: Codebook) -> None:
    second = good["visits"].assign(visit=pd.array(["t1"] * 6, dtype="string"), bmi_kg_m2=30.0)
    both = {**good, "visits": pd.concat([good["visits"], second], ignore_index=True)}
    assert person(both, codebook).loc["1", "bmi_kg_m2"] == 22.5
    assert person(both, codebook, baseline="t1").loc["1", "bmi_kg_m2"] == 30.0


def test_crp_keeps_censoring_limit_logarithm_and_stratum(good: Tables, codebook: Codebook) -> None:
    table = person(good, codebook)
    assert table["crp_stratum"].tolist() == ["<1", "1-3", "1-3", ">3-10", ">10", "1-3"]
    assert table.loc["1", ["crp_censoring", "crp_limit_mg_l"]].tolist() == ["below", 0.15]
    assert table["crp_limit_mg_l"].notna().sum() == 1
    assert table["ln_crp"].tolist() == pytest.approx(np.log([0.15, 1.0, 3.0, 3.5, 12.0, 2.0]))


def test_a_crp_of_zero_has_no_logarithm_but_a_stratum(good: Tables, codebook: Codebook) -> None:
    labs = good["labs"].copy()
    labs.loc[1, "value"] = 0.0
    clean = clean_cohort({**good, "labs": labs}, codebook)
    row = clean.tables["person_table"].loc[1]
    assert np.isnan(row["ln_crp"])
    assert row["crp_stratum"] == "<1"
    assert "crp_zero" in set(clean.ledger.entries["rule"])


def test_a_censored_crp_that_may_lie_in_several_strata_has_none() -> None:
    words = ("<1", "1-3", ">3-10", ">10")
    limits = np.array([1.0, 3.0, 10.0, 12.0, 3.0])
    below = np.array([True, True, False, False, False])
    strata = crp_strata(limits, below, ~below, words)
    assert [None if pd.isna(s) else s for s in strata] == ["<1", None, ">10", ">10", None]


def test_serology_counts_from_the_cut_off_and_knows_what_censoring_leaves_open(
    good: Tables, build: Any, codebook: Codebook
) -> None:
    labs = build(
        "labs", participant_id=["1", "2", "3", "4", "5", "6"], visit=["t0"] * 6, analyte=["cmv_igg"] * 6,
        value=[10.0, 9.9, 10.0, 20.0, 200.0, 5.0], censoring=["none", "none", "below", "below", "above", "above"],
    )  # fmt: skip
    positive = person({**good, "labs": labs}, codebook)["is_cmv_seropositive"]
    assert positive.isna().tolist() == [False, False, False, True, False, True]
    assert positive.dropna().tolist() == [True, False, False, True]


def test_the_ratio_of_cells_is_missing_where_no_lymphocyte_was_counted(
    good: Tables, build: Any, codebook: Codebook
) -> None:
    labs = build(
        "labs", participant_id=["1", "1", "2", "2"], visit=["t0"] * 4, analyte=["neutrophils", "lymphocytes"] * 2,
        value=[4.0, 2.0, 4.0, 0.0],
    )  # fmt: skip
    ratio = person({**good, "labs": labs}, codebook)["neutrophil_lymphocyte_ratio"]
    assert ratio["1"] == 2.0
    assert ratio.drop("1").isna().all()


def test_a_disease_is_present_absent_or_missing(good: Tables, codebook: Codebook) -> None:
    table = person(good, codebook)
    assert table["has_rheumatoid_arthritis"].fillna(value=False).tolist() == [True] + [False] * 5
    assert table["has_rheumatoid_arthritis"].isna().tolist() == [False, False, False, True, False, False]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("present", "absent"), True),
        (("unknown", "present"), True),
        (("unknown", "absent"), False),
        (("unknown", "unknown"), None),
    ],
)
def test_any_source_that_says_present_wins_and_then_any_that_says_absent(
    good: Tables, build: Any, codebook: Codebook, statuses: tuple[str, str], expected: bool | None
) -> None:
    diagnoses = build(
        "diagnoses", participant_id=["1", "1"], disease=["psoriasis"] * 2, source=["self_report", "register"],
        status=list(statuses),
    )  # fmt: skip
    has = person({**good, "diagnoses": diagnoses}, codebook)["has_psoriasis"]
    assert (None if pd.isna(has["1"]) else bool(has["1"])) is expected
    assert has.drop("1").isna().all()


def test_autoimmune_diseases_are_counted_and_missing_when_none_is_present_and_one_unknown(
    good: Tables, build: Any, codebook: Codebook
) -> None:
    ids = ["1", "2", "3", "4"]
    diagnoses = build(
        "diagnoses",
        participant_id=ids * 3,
        disease=["psoriasis"] * 4 + ["celiac_disease"] * 4 + ["diabetes"] * 4,
        source=["self_report"] * 12,
        status=["present", "present", "absent", "absent"] + ["present", "unknown", "absent", "unknown"]
        + ["present"] * 4,  # diabetes is no autoimmune disease of the codebook
    )  # fmt: skip
    table = person({**good, "diagnoses": diagnoses}, codebook)
    count, any_one = table["autoimmune_disease_count"], table["has_any_autoimmune_disease"]
    assert count[ids].fillna(-1).tolist() == [2, 1, 0, -1]
    assert count[["5", "6"]].isna().all()
    assert any_one[["1", "2", "3"]].tolist() == [True, True, False]
    assert any_one[["4", "5", "6"]].isna().all()


def test_depression_and_its_severity_follow_the_cut_offs_of_the_phq9(good: Tables, codebook: Codebook) -> None:
    table = person(good, codebook)
    assert table["phq9_total"].tolist() == [0, 9, 18, 27, 9, 0]
    assert table["has_depression"].tolist() == [False, False, True, True, False, False]
    assert table["depression_severity"].tolist()[:4] == ["none", "mild", "moderately_severe", "severe"]


def test_childhood_trauma_needs_one_subscale_at_its_moderate_cut_off(good: Tables, codebook: Codebook) -> None:
    reversed_items = codebook.instruments["ctq_sf"].reversed
    lowest = {i: (5 if i in reversed_items else 1) for i in range(1, 29)}
    sexual_abuse_8 = {**lowest, 20: 2, 21: 2, 23: 2}
    unknown = {**lowest, 9: None, 11: None}
    rows = [lowest, sexual_abuse_8, unknown, {**unknown, 20: 5}, lowest, lowest]
    items = {f"ctq_{i}": pd.array([row[i] for row in rows], dtype="Int64") for i in range(1, 29)}
    trauma = person({**good, "visits": good["visits"].assign(**items)}, codebook)["has_childhood_trauma"]
    assert trauma.isna().tolist() == [False, False, True, False, False, False]
    assert trauma.dropna().tolist() == [False, True, True, False, False]


def test_an_antidepressant_counts_when_its_use_covers_the_baseline_visit(good: Tables, codebook: Codebook) -> None:
    user = person(good, codebook)["is_antidepressant_user"]
    # 1 uses it from before to after, 4 starts later, 5 stopped before, 3 was not asked.
    assert user.isna().tolist() == [False, False, True, False, False, False]
    assert user.dropna().tolist() == [True, False, False, False, False]


def test_every_drug_group_of_the_study_gets_its_column_and_no_other_does(
    good: Tables, build: Any, codebook: Codebook
) -> None:
    for asked in (list(codebook.drugs), ["statin", "insulin"]):
        n = len(asked)
        medications = build("medications", participant_id=["1"] * n, drug=asked, status=["present"] * n)
        table = person({**good, "medications": medications}, codebook)
        columns = [name for name in table if name in codebook.drug_columns.values()]
        assert set(columns) == {codebook.drug_columns[drug] for drug in asked}
        assert table.loc["1", columns].all()
        assert table.loc["2":, columns].isna().all(axis=None)


def test_use_of_a_drug_is_told_apart_from_use_of_another_at_the_same_person(
    good: Tables, build: Any, codebook: Codebook
) -> None:
    medications = build(
        "medications",
        participant_id=["1", "1", "2", "2", "3"],
        drug=["statin", "nsaid", "statin", "nsaid", "nsaid"],
        status=["present", "absent", "present", "present", "unknown"],
        start_date=["2009-01-01", None, "2015-01-01", "2010-07-01", None],
        stop_date=[None, None, None, "2010-07-01", None],
    )
    table = person({**good, "medications": medications}, codebook)
    # The visit is on 1 July 2010: the statin of 2 starts later, the drug that starts and stops on that day is used.
    assert table["is_statin_user"].tolist()[:2] == [True, False]
    assert table["is_nsaid_user"].tolist()[:2] == [False, True]
    assert table[["is_statin_user", "is_nsaid_user"]].iloc[2:].isna().all(axis=None)
    assert "is_antidepressant_user" not in table


def test_a_study_without_medications_has_no_column_of_users(good: Tables, codebook: Codebook) -> None:
    good.pop("medications")
    assert not set(codebook.drug_columns.values()) & set(person(good, codebook))


@pytest.mark.parametrize("disease", ["type_2_diabetes", "accidental_injury"])
def test_type_2_diabetes_and_accidents_do_not_count_as_autoimmune(
    good: Tables, build: Any, codebook: Codebook, disease: str
) -> None:
    ids, n = ["1", "2", "3", "4", "5", "6"], 6
    asked = build(
        "diagnoses", participant_id=ids * 2, disease=[disease] * n + ["psoriasis"] * n, source=["register"] * 2 * n,
        status=["present", "present", "unknown", "absent", "absent", "absent"] + ["absent", "present"] + ["absent"] * 4,
    )  # fmt: skip
    table = person({**good, "diagnoses": asked}, codebook)
    assert table[f"has_{disease}"].fillna(value=False).tolist() == [True, True, False, False, False, False]
    assert table[f"has_{disease}"].isna().tolist() == [False, False, True, False, False, False]
    assert table["autoimmune_disease_count"].tolist() == [0, 1, 0, 0, 0, 0]
    assert table["has_any_autoimmune_disease"].tolist() == [False, True, False, False, False, False]
    alone = person({**good, "diagnoses": asked.loc[asked["disease"] == disease]}, codebook)
    assert {"autoimmune_disease_count", "has_any_autoimmune_disease"}.isdisjoint(alone)


def test_genes_controls_and_the_infection_of_the_father_come_from_the_participants(
    good: Tables, build: Any, codebook: Codebook
) -> None:
    people = build(
        "participants", participant_id=["1", "2"], prs_depression_sd=[0.5, -1.25], prs_il6_sd=[0.0, 9.0],
        httlpr_s_alleles=[2, 3], has_paternal_infection=[True, None], is_screened_control=[False, True],
    )  # fmt: skip
    clean = clean_cohort({"participants": people}, codebook)
    table = clean.tables["person_table"].set_index("participant_id")
    assert table.loc["1"].drop("is_eligible").tolist() == [0.5, 0.0, 2, False, True]
    assert table["prs_depression_sd"].tolist() == [0.5, -1.25]
    assert table.loc["2", ["prs_il6_sd", "httlpr_s_alleles", "has_paternal_infection"]].isna().all()
    ledger = clean.ledger.entries
    assert set(ledger.loc[ledger["rule"] == "range_hard", "column"]) == {"prs_il6_sd", "httlpr_s_alleles"}


def test_platelet_serotonin_stands_beside_the_other_results(good: Tables, build: Any, codebook: Codebook) -> None:
    labs = build(
        "labs", participant_id=["1", "2", "3"], visit=["t0"] * 3, analyte=["platelet_serotonin"] * 3,
        value=[2.8, 0.2, 705.0], unit=["nmol/10^9"] * 3, censoring=["none", "below", "none"], limit=[None, 0.2, None],
    )  # fmt: skip
    table = person({**good, "labs": labs}, codebook)
    assert table["platelet_serotonin_nmol_10e9"].tolist()[:2] == [2.8, 0.2]
    assert pd.isna(table.loc["3", "platelet_serotonin_nmol_10e9"])  # a mass that nobody converted cannot be true


def test_scores_stand_in_the_visits_and_prorating_is_told_in_the_ledger(good: Tables, codebook: Codebook) -> None:
    visits = good["visits"].copy()
    visits.loc[2, "phq9_9"] = pd.NA
    clean = clean_cohort({**good, "visits": visits}, codebook)
    assert clean.tables["visits"].loc[2, ["phq9_total", "phq9_items_answered"]].tolist() == [18.0, 8]
    lines = clean.ledger.entries
    assert lines.loc[lines["rule"] == "score_prorated", "count"].tolist() == [1]
