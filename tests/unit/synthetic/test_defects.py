"""Defects are planted where the study finds its values, at their rates, and the record of them is exact."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cohort.codebook import load_codebook
from cohort.errors import CohortError, InputDataError
from cohort.intake import read_cohort
from cohort.study_file import DataFile, InstrumentSource, LabSource, Source, StudyFile, UnitColumn, load_study_file
from cohort.synthetic.defects import (
    CATALOGUE,
    REFUSED_BY_INTAKE,
    Planting,
    catalogue_table,
    load_defect_plan,
    plant,
)
from cohort.synthetic.twin import Twin, make_twin

REPOSITORY = Path(__file__).resolve().parents[3]
STUDIES = REPOSITORY / "tests" / "fixtures" / "studies"
PEOPLE = 250

STUDY = """
cohort_study: 1
name: five-files
title: Five files
id: pid
files:
  participants: {path: participants.csv}
  visits: {path: visits.csv}
  questionnaires: {path: questionnaires.csv}
  laboratory: {path: laboratory.csv}
  diagnoses: {path: diagnoses.csv}
variables:
  sex: {file: participants, column: sex, codes: {1: male, 2: female}}
  birth_year: {file: participants, column: birth_year}
  site: {file: participants, column: site}
  parental_ses_sd: {file: participants, column: parent_ses}
  visit_date: {file: visits, column: visit_date}
  age_years: {file: visits, column: age}
  bmi_kg_m2: {file: visits, column: bmi, missing: {999: not measured}}
  activity_met_h_week: {file: visits, column: activity}
instruments:
  phq9:
    file: questionnaires
    items: [phq1, phq2, phq3, phq4, phq5, phq6, phq7, phq8, phq9]
    missing: {7: refused, 9: do not know}
  ctq_sf:
    file: questionnaires
    items: [CTQ]
    missing: {99: not answered}
labs:
  crp: {file: laboratory, where: {test: [CRP]}, column: result, unit: mg/L, limit: 0.15, LAB}
  il6: {file: laboratory, where: {test: [IL6]}, column: result, unit: {column: unit}, LAB}
  leukocytes: {file: laboratory, where: {test: [WBC]}, column: result, unit: 10^9/L, LAB}
diagnoses:
  psoriasis: {file: diagnoses, present: {pso: [1]}, absent: {pso: [2]}, onset_age: {column: pso_age}}
""".replace("CTQ]", ", ".join(f"ctq{number}" for number in range(1, 29)) + "]").replace(
    "LAB", "date: {column: drawn}, plate: {column: plate}, site: {column: site}"
)


@functools.cache
def twin() -> Twin:
    study_file = StudyFile.model_validate(yaml.safe_load(STUDY))
    return make_twin(study_file, load_codebook(), n=PEOPLE, seed=6)


def study() -> StudyFile:
    return twin().study


@functools.cache
def clean() -> dict[str, pd.DataFrame]:
    """Return the raw tables of a study of five files, with leading zeros in the identifiers."""
    return {name: table.assign(pid="00" + table["pid"]) for name, table in twin().tables.items()}


@functools.cache
def dirty() -> Planting:
    return plant(clean(), study(), load_codebook(), load_defect_plan(), seed=7)


def only(kind: str, rate: float | None = None, seed: int = 3) -> Planting:
    plan = load_defect_plan().only([kind])
    plan = plan if rate is None else plan.with_rates({kind: rate})
    return plant(clean(), study(), load_codebook(), plan, seed)


def test_every_kind_has_a_rate_with_its_source_and_says_whether_it_can_be_found() -> None:
    plan, table = load_defect_plan(), catalogue_table().set_index("kind")
    assert set(plan.rates) == set(CATALOGUE) == set(table.index)
    assert all(0 < rate <= 1 for rate in plan.rates.values())
    assert all(plan.sources[kind] for kind in CATALOGUE)
    assert ((table["why_not"] == "") == table["detectable"]).all()
    assert len(CATALOGUE) >= 20


def test_every_kind_is_planted_or_reported_with_a_reason() -> None:
    found = dirty()
    planted, not_planted = set(found.planted["kind"]), set(found.not_planted["kind"])
    assert planted | not_planted == set(CATALOGUE)
    assert not planted & not_planted
    assert found.not_planted.to_numpy().tolist() == [
        ["copy_forward", "no analyte is measured at two visits"],
        ["letter_case", "no text file has codes with letters"],
    ]


def test_the_dirty_tables_differ_from_the_clean_ones_in_the_recorded_cells_and_rows_alone() -> None:
    found = dirty()
    for name, before in clean().items():
        after, lines = found.tables[name], found.planted[found.planted["table"] == name]
        added = lines.loc[lines["column"] == "", "row"]
        changes = lines[lines["column"] != ""]
        restored = after.copy()
        for column, part in changes.groupby("column"):
            old = part[~part["row"].isin(added)]
            assert after.loc[old["row"], column].tolist() == old["after"].tolist()
            restored.loc[part["row"], column] = part["before"].to_numpy(dtype=object)
        pd.testing.assert_frame_equal(restored.drop(index=added).reset_index(drop=True), before)


def test_a_second_row_repeats_the_row_that_it_names_but_for_the_recorded_cells() -> None:
    found = dirty()
    copies = found.planted[found.planted["column"] == ""]
    assert set(copies["kind"]) == {"duplicate_exact", "duplicate_near", "duplicate_id_conflict"}
    for copy in copies.itertuples():
        table = found.tables[copy.table]
        own = found.planted[(found.planted["table"] == copy.table) & (found.planted["row"] == copy.row)]
        differs = {column for column in table if table.loc[copy.row, column] != table.loc[copy.row - 1, column]}
        assert differs == set(own["column"]) - {""}
        assert copy.after == f"copy of row {copy.row - 1}"


def test_a_cell_has_one_defect_at_most_and_its_id_stands_in_the_record() -> None:
    found = dirty()
    assert not found.planted.duplicated(["table", "row", "column"]).any()
    for name, part in found.planted.groupby("table"):
        assert part["id"].tolist() == found.tables[name].loc[part["row"], "pid"].tolist()


def test_the_same_seed_gives_the_same_bytes_and_the_clean_tables_stay_as_they_are() -> None:
    given = {name: table.astype("object") for name, table in clean().items()}
    again = plant(given, study(), load_codebook(), load_defect_plan(), seed=7)
    other = plant(clean(), study(), load_codebook(), load_defect_plan(), seed=8)
    assert again.planted.to_csv() == dirty().planted.to_csv()
    assert other.planted.to_csv() != again.planted.to_csv()
    for name, table in clean().items():
        pd.testing.assert_frame_equal(given[name], table.astype("object"))
        assert again.tables[name].to_csv() == dirty().tables[name].to_csv()


def test_a_kind_is_planted_in_the_same_way_whether_or_not_others_are() -> None:
    alone = only("day_month_swap", 0.05).planted
    plan = load_defect_plan().only(["sentinel", "day_month_swap"]).with_rates({"day_month_swap": 0.05})
    together = plant(clean(), study(), load_codebook(), plan, seed=3).planted
    rows = together[together["kind"] == "day_month_swap"].reset_index(drop=True)
    assert len(together) > len(rows) > 0
    pd.testing.assert_frame_equal(alone, rows)


@pytest.mark.parametrize("kind", ["sentinel", "impossible_value", "digit_preference", "sex_mismatch", "whitespace"])
def test_a_kind_of_cells_hits_its_share_of_the_cells(kind: str) -> None:
    few, many = only(kind, 0.02).planted, only(kind, 0.2).planted
    assert len(many) == pytest.approx(10 * len(few), rel=0.1)


def test_sex_is_changed_in_the_share_of_people_that_the_rate_says() -> None:
    planted = only("sex_mismatch", 0.05).planted
    assert len(planted) == round(0.05 * len(clean()["participants"]))
    assert (planted["before"] != planted["after"]).all()
    assert set(planted["after"]) == {"1", "2"}


def test_a_unit_is_mixed_up_for_one_analyte_at_one_site_and_the_label_stays() -> None:
    found = only("unit_mix_up", 0.001)
    table = found.tables["laboratory"]
    rows = table.loc[found.planted["row"]]
    assert rows[["test", "site"]].drop_duplicates().shape == (1, 2)
    (test, site), *_ = rows[["test", "site"]].drop_duplicates().to_numpy()
    assert len(rows) == ((clean()["laboratory"]["test"] == test) & (clean()["laboratory"]["site"] == site)).sum()
    pd.testing.assert_series_equal(table["unit"], clean()["laboratory"]["unit"])
    factors = load_defect_plan().unit_factors
    analyte = next(name for name, sources in study().labs.items() if sources[0].where == [{"test": [test]}])
    number = found.planted[["before", "after"]].apply(lambda texts: texts.str.lstrip("<").astype(float))
    ratio = (number["after"] / number["before"]).median()
    assert any(ratio == pytest.approx(factor, rel=1e-3) for factor in factors.get(analyte, factors["other"]))


def test_cortisol_and_tryptophan_have_factors_of_their_molar_mass() -> None:
    factors, analytes = load_defect_plan().unit_factors, load_codebook().analytes
    assert factors["cortisol"][0] == pytest.approx(10_000 / (analytes["cortisol"].molar_mass_g_mol or 0), rel=1e-3)
    assert factors["tryptophan"][0] == pytest.approx(1_000 / (analytes["tryptophan"].molar_mass_g_mol or 0), rel=1e-3)
    assert factors["cortisol"][0] * factors["cortisol"][1] == pytest.approx(1, rel=1e-4)


def test_reversed_items_are_turned_and_no_others() -> None:
    planted = only("unreversed_items", 0.01).planted
    turned = load_codebook().instruments["ctq_sf"].reversed
    assert set(planted["column"]) == {f"ctq{number}" for number in turned}
    assert (planted["before"].astype(int) + planted["after"].astype(int) == 6).all()
    assert "99" not in set(planted["before"])


def test_codings_shift_down_from_one_and_up_from_nought() -> None:
    planted = only("shifted_coding", 1.0).planted
    shift = planted["after"].astype(int) - planted["before"].astype(int)
    is_ctq = planted["column"].str.startswith("ctq")
    assert set(shift[is_ctq]) == {-1}
    assert set(shift[~is_ctq]) == {1}
    assert not set(planted["before"]) & {"99", "7", "9"}


def test_a_straight_line_has_one_answer_in_all_items() -> None:
    found = only("straight_lining", 0.02)
    for (_, row), part in found.planted.groupby(["table", "row"]):
        answers = set(part["after"])
        assert len(answers) == 1
        instrument = part["column"].iloc[0][:3]
        columns = [c for c in found.tables["questionnaires"] if c.startswith(instrument)]
        assert set(found.tables["questionnaires"].loc[row, columns]) == answers


def test_dates_are_swapped_lost_or_impossible() -> None:
    swapped = only("day_month_swap", 0.05).planted
    before, after = (swapped[key].str.split("-", expand=True) for key in ("before", "after"))
    assert (before[1] == after[2]).all()
    assert (before[2] == after[1]).all()
    assert set(only("date_sentinel", 0.05).planted["after"]) == {"1900-01-01"}
    impossible = only("date_impossible", 0.05).planted
    assert set(impossible["column"]) == {"birth_year", "visit_date", "drawn"}
    assert set(impossible.loc[impossible["column"] == "birth_year", "after"]) == {"2029"}


def test_a_coarse_limit_lies_above_the_result_that_it_replaces() -> None:
    planted = only("censored_text", 0.05).planted
    limit, value = planted["after"].str.removeprefix("<").astype(float), planted["before"].astype(float)
    assert planted["after"].str.startswith("<").all()
    assert (limit > value).all()
    assert {"<1", "<5"} <= set(planted["after"])


def test_results_are_carried_forward_between_waves_and_between_rows() -> None:
    codebook = load_codebook()
    waves = load_study_file(STUDIES / "spss_waves" / "study.yaml", codebook)
    made = make_twin(waves, codebook, n=200, seed=1)
    plan = load_defect_plan().only(["copy_forward"]).with_rates({"copy_forward": 0.1})
    found = plant(made.tables, waves, codebook, plan, 1)
    table = found.tables["cohort"]
    assert set(found.planted["column"]) == {"crp_t1"}
    for line in found.planted.itertuples():
        assert table.loc[line.row, "crp_t1"] == table.loc[line.row, "crp_t0"] == line.after
    long = load_study_file(STUDIES / "long_laboratory" / "study.yaml", codebook)
    made = make_twin(long, codebook, n=200, seed=1)
    found = plant(made.tables, long, codebook, plan, 1)
    assert set(found.planted["column"]) == {"result"}
    assert len(found.planted) >= 3


def test_a_file_of_numbers_takes_no_text() -> None:
    codebook = load_codebook()
    nhanes = load_study_file(REPOSITORY / "data_schema" / "studies" / "nhanes-2017-2020.yaml", codebook)
    made = make_twin(nhanes, codebook, n=300, seed=1)
    found = plant(made.tables, made.study, codebook, load_defect_plan(), seed=1)
    reasons = found.not_planted.set_index("kind")["reason"]
    assert reasons["decimal_comma"] == "the study has no column of numbers or laboratory results in a text file"
    binary = found.planted[(found.planted["table"] != "mcq") & (found.planted["column"] != "")]
    changed = binary.loc[binary["column"] != "SEQN", "after"]
    assert pd.to_numeric(changed, errors="coerce").notna().all()


def test_parts_of_a_stacked_file_are_tables_of_their_own() -> None:
    codebook = load_codebook()
    cycles = load_study_file(STUDIES / "nhanes_cycles" / "study.yaml", codebook)
    made = make_twin(cycles, codebook, n=300, seed=1)
    found = plant(made.tables, cycles, codebook, load_defect_plan().only(["unit_mix_up"]), seed=1)
    ((table, count),) = found.planted["table"].value_counts().items()
    assert table in {"crp/c2009", "crp/c2017"}
    assert count > 100


def test_a_table_of_no_file_of_the_study_is_an_error() -> None:
    with pytest.raises(CohortError, match="Did you mean 'visits'"):
        plant({"visit": clean()["visits"]}, study(), load_codebook(), load_defect_plan(), seed=1)


def small(**sources: object) -> tuple[StudyFile, dict[str, pd.DataFrame]]:
    """Return a study of one file with coded answers and results of two sites."""
    items = [f"q{number}" for number in range(1, 11)]
    words = {"never": 0, "almost": 1, "sometimes": 2, "fairly": 3, "very": 4}
    entry = InstrumentSource(file="all", items=items, codes=words)
    made = StudyFile(
        cohort_study=1,
        name="small",
        title="Small",
        id="id",
        files={"all": DataFile(path="all.csv", date_order="dmy")},
        variables={
            "sex": [Source(file="all", column="sex", codes={"F": "female", "M": "male"})],
            "site": [Source(file="all", column="site")],
            "visit_date": [Source(file="all", column="day")],
            "bmi_kg_m2": [Source(file="all", column="bmi")],
        },
        instruments={"pss10": [entry]},
        labs={"crp": [LabSource(file="all", column="crp", unit="mg/L", plate=UnitColumn(column="plate"))]},
    )
    rng = np.random.default_rng(1)
    n = 60
    columns: dict[str, object] = {
        "id": [f"{number:03d}" for number in range(n)],
        "sex": ["F", "M"] * 30,
        "site": ["A"] * 30 + ["B"] * 30,
        "day": ["07-03-2021"] * n,
        "bmi": [f"{bmi:.1f}" for bmi in rng.normal(26, 4, n)],
        "crp": ["<0.15", *(f"{crp:.2f}" for crp in rng.lognormal(0, 1, n - 1) + 0.15)],
        "plate": ["P1"] * 20 + ["P2"] * 40,
        **{item: rng.choice(list(words), n) for item in items},
    }
    return made, {"all": pd.DataFrame(columns, dtype="str")}


def test_words_for_answers_are_turned_into_words_and_their_coding_cannot_shift() -> None:
    made, tables = small()
    plan = load_defect_plan().only(["unreversed_items", "shifted_coding"])
    found = plant(tables, made, load_codebook(), plan, seed=1)
    assert set(found.planted["column"]) == {"q4", "q5", "q7", "q8"}
    pairs = set(zip(found.planted["before"], found.planted["after"], strict=True))
    assert pairs <= {("never", "very"), ("very", "never"), ("almost", "fairly"), ("fairly", "almost")}
    assert found.not_planted["kind"].tolist() == ["shifted_coding"]
    assert len(set(found.tables["all"].loc[found.planted["row"], "site"])) == 1


def test_days_keep_the_order_of_their_file_and_limits_stay_on_a_shifted_plate() -> None:
    made, tables = small()
    codebook = load_codebook()
    swapped = plant(tables, made, codebook, load_defect_plan().only(["day_month_swap"]), seed=1).planted
    assert set(swapped["after"]) == {"03-07-2021"}
    early = plant(tables, made, codebook, load_defect_plan().only(["date_impossible"]), seed=1).planted
    assert set(early["after"]) == {"07-03-1901"}
    shifted = plant(tables, made, codebook, load_defect_plan().only(["plate_shift"]), seed=2)
    plates = shifted.tables["all"].loc[shifted.planted["row"], "plate"]
    assert len(set(plates)) == 1
    assert "<0.15" not in set(shifted.planted["before"])
    ratio = shifted.planted["after"].astype(float) / shifted.planted["before"].astype(float)
    assert np.abs(np.log(ratio)).median() == pytest.approx(0.4, abs=0.02)


def test_identifiers_lose_their_zeros_or_are_left_out() -> None:
    made, tables = small()
    plan = load_defect_plan().only(["stripped_zeros"]).with_rates({"stripped_zeros": 1.0})
    stripped = plant(tables, made, load_codebook(), plan, seed=1).planted
    assert len(stripped) == 59
    assert (stripped["after"] == stripped["before"].str.lstrip("0")).all()
    blank = plant(tables, made, load_codebook(), load_defect_plan().only(["blank_id"]), seed=1).planted
    assert blank["after"].tolist() == [""]


@pytest.mark.parametrize("kind", sorted(set(CATALOGUE) - {"letter_case", "copy_forward"}))
def test_intake_reads_a_study_with_any_kind_of_defect_at_its_usual_rate(kind: str, tmp_path: Path) -> None:
    for name, table in only(kind).tables.items():
        table.to_csv(tmp_path / str(study().files[name].path), index=False, encoding="utf-8")
    assert not is_refused(study(), tmp_path)


def test_intake_refuses_a_study_in_which_many_rows_stand_there_twice(tmp_path: Path) -> None:
    for name, table in only("duplicate_near", rate=0.3).tables.items():
        table.to_csv(tmp_path / str(study().files[name].path), index=False, encoding="utf-8")
    assert is_refused(study(), tmp_path)
    assert "duplicate_near" in REFUSED_BY_INTAKE


@pytest.mark.parametrize("kind", ["letter_case", "name_case"])
def test_a_code_or_a_name_in_the_other_case_can_be_read(kind: str, tmp_path: Path) -> None:
    made, tables = small()
    found = plant(tables, made, load_codebook(), load_defect_plan().only([kind]), seed=1)
    assert set(found.planted["column"]) == {"sex" if kind == "letter_case" else "site"}
    found.tables["all"].to_csv(tmp_path / "all.csv", index=False, encoding="utf-8")
    assert not is_refused(made, tmp_path)


def is_refused(made: StudyFile, folder: Path) -> bool:
    try:
        read_cohort(made, folder, load_codebook())
    except InputDataError:
        return True
    return False


def test_every_mistake_in_a_plan_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    plan = tmp_path / "defects.yaml"
    plan.write_text(
        "cohort_defects: 2\nkinds:\n  sentinell: {rate: 0.1}\n  sentinel: {rate: 1.5, sauce: x}\n"
        "unit_factors: {crp: [1]}\nsentinels: [a]\nfactor: 3\n",
        encoding="utf-8",
    )
    with pytest.raises(CohortError) as caught:
        load_defect_plan(plan)
    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == 7
    assert (
        "defects.yaml, line 1, cohort_defects: only version 1 of the format is known. Write 'cohort_defects: 1'."
        in told
    )
    assert any("line 3" in problem and "Did you mean 'sentinel'?" in problem for problem in told)
    assert any("line 4" in problem and "no share between 0 and 1" in problem for problem in told)
    assert any("unknown key 'sauce'. Did you mean 'source'?" in problem for problem in told)
    assert any("line 7" in problem and "unknown key 'factor'" in problem for problem in told)


def test_a_plan_of_ones_own_changes_what_it_names(tmp_path: Path) -> None:
    plan = tmp_path / "mine.yaml"
    plan.write_text("cohort_defects: 1\nkinds: {sentinel: 0.25, duplicate_exact: {rate: 0}}\n", encoding="utf-8")
    mine = load_defect_plan(plan)
    assert (mine.rates["sentinel"], mine.rates["duplicate_exact"]) == (0.25, 0.0)
    assert mine.rates["sex_mismatch"] == load_defect_plan().rates["sex_mismatch"]
    with pytest.raises(CohortError, match="no kind of defect 'sentinels'"):
        mine.with_rates({"sentinels": 0.1, "sentinel": 2})
