"""The person table is what perfect cleaning of the raw files gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cohort.cleaning import clean_cohort
from cohort.codebook import load_codebook
from cohort.intake import read_cohort
from cohort.study_file import load_study_file
from cohort.synthetic import person_table, simulate, write_cohort
from cohort.synthetic.export import raw_tables

N = 1200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("synthetic")
    write_cohort("literature_like", N, 4, target, with_truth=False)
    return target


def test_dtypes_are_those_of_the_codebook() -> None:
    variables = load_codebook().tables["person_table"]
    table = person_table(simulate("literature_like", 300, 4))
    for name in table:
        variable = variables[name]
        assert str(table[name].dtype) == variable.dtype, name
        if variable.categories:
            assert tuple(table[name].cat.categories) == variable.categories
            assert table[name].cat.ordered == variable.ordered


def test_raw_files_read_and_cleaned_give_the_person_table(folder: Path) -> None:
    codebook = load_codebook()
    study = load_study_file(folder / "study.yaml", codebook)
    raw = read_cohort(study, folder, codebook)
    assert raw.quarantine.empty
    cleaned = clean_cohort(raw.tables, codebook, eligible=study.eligible, baseline=study.baseline, ledger=raw.ledger)
    found = cleaned.tables["person_table"].sort_values("participant_id").reset_index(drop=True)
    expected = person_table(simulate("literature_like", N, 4))
    assert set(found) == set(expected)
    pd.testing.assert_frame_equal(found[list(expected)], expected, check_exact=False, rtol=1e-9)


def test_the_raw_files_hold_what_real_ones_do(folder: Path) -> None:
    laboratory = pd.read_csv(folder / "laboratory.csv", dtype=str)
    assert set(laboratory.loc[laboratory.site == "B", "crp_unit"]) == {"mg/dL"}
    assert set(laboratory.loc[laboratory.site != "B", "crp_unit"]) == {"mg/L"}
    assert {"<0.15", "<0.015"} >= set(laboratory.crp[laboratory.crp.str.startswith("<")]) != set()
    assert laboratory.duplicated().sum() == 0  # a clean export; defects are a layer of their own
    questionnaires = pd.read_csv(folder / "questionnaires.csv", dtype=str)
    assert set(questionnaires.visit) == {"t0", "t1", "t2"}
    questionnaires = questionnaires[questionnaires.visit == "t0"]
    assert set(questionnaires.filter(like="phq").melt()["value"].dropna()) == {"0", "1", "2", "3", "7", "9"}
    assert set(questionnaires.filter(like="ctq").melt()["value"].dropna()) == {"1", "2", "3", "4", "5", "99"}
    assert questionnaires.ctq1.isna().mean() == pytest.approx(0.1, abs=0.04)
    visits = pd.read_csv(folder / "visits.csv", dtype=str)
    visits = visits[visits.visit == "t0"]
    participants = pd.read_csv(folder / "participants.csv", dtype=str).drop_duplicates().set_index("pid")
    men = visits.pid.map(participants.sex) == "1"
    assert visits.loc[men, "pill"].isna().all()
    assert visits.loc[~men, "pill"].notna().all()
    assert participants.index.str.fullmatch(r"\d{8}").all()
    diagnoses = pd.read_csv(folder / "diagnoses.csv", dtype=str)
    assert set(diagnoses.pso) == {"1", "2", "9"}


def test_blood_is_missing_more_often_in_the_severely_depressed() -> None:
    nodes = simulate("literature_like", 60_000, 4).nodes
    high = nodes["severity"] > 2
    assert nodes["r_blood"][high].mean() < nodes["r_blood"][~high].mean() - 0.01


def test_raw_tables_repeat_no_matter_when_they_are_made() -> None:
    first, again = (raw_tables(simulate("literature_like", 300, 4)) for _ in range(2))
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, again[name])


def test_a_prorated_total_follows_the_codebook() -> None:
    cohort = simulate("literature_like", 3000, 4)
    table = person_table(cohort)
    answered = cohort.nodes["r_items"][:, :9]
    one_missing = np.flatnonzero(answered.sum(axis=1) == 8)
    assert len(one_missing) > 20
    for person in one_missing[:20]:
        given = cohort.nodes["phq9"][person][answered[person]]
        assert table["phq9_total"].iloc[person] == np.floor(9 * given.mean() + 0.5)
    assert table.loc[answered.sum(axis=1) <= 6, "phq9_total"].isna().all()


def test_relations_point_from_child_to_parent_and_name_each_pair_once(folder: Path) -> None:
    relations = pd.read_csv(folder / "relations.csv", dtype=str)
    assert set(relations.kind) == {"1", "2", "3"}
    assert not relations.duplicated(["pid", "relative"]).any()
    age = simulate("literature_like", N, 4).nodes["age"]
    children = relations[relations.kind == "2"]
    gap = age[children.relative.astype(int) - 1] - age[children.pid.astype(int) - 1]
    assert len(gap) > 30
    assert (gap > 5).all()


def test_follow_up_ends_at_the_last_wave_that_was_attended(folder: Path) -> None:
    follow_up = pd.read_csv(folder / "follow_up.csv", dtype=str).set_index("pid")
    visits = pd.read_csv(folder / "visits.csv", dtype=str)
    last = visits.groupby("pid").visit_date.max()
    assert (follow_up.left == last).all()
    assert ((follow_up.why == "1") == (visits.groupby("pid").visit.max() == "t2")).all()


def test_the_scores_of_all_five_instruments_follow_the_codebook() -> None:
    table = person_table(simulate("literature_like", 4000, 4))
    for score, most in (("phq9_total", 27), ("bdi2_total", 63), ("hamd17_total", 52), ("pss10_total", 40)):
        assert table[score].max() <= most
        assert table[score].min() >= 0
        assert table[score].nunique() > 15
    assert table["hamd17_total"].notna().mean() < 0.15  # only those whom a clinician saw
    stress = table[["pss10_total", "phq9_total"]].dropna().corr().iloc[0, 1]
    assert 0.3 < stress < 0.7
