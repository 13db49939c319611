"""A clean twin read back by intake gives the values it was made from; its marginals are those of the statistics."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cohort.cleaning import clean_cohort
from cohort.codebook import load_codebook
from cohort.errors import CohortError
from cohort.intake import RawCohort, read_cohort
from cohort.study_file import StudyFile, load_study_file
from cohort.synthetic.simulate import simulate
from cohort.synthetic.tables import person_table
from cohort.synthetic.twin import (
    ColumnStatistics,
    FileStatistics,
    GroupStatistics,
    Statistics,
    Twin,
    VariableStatistics,
    load_statistics,
    make_twin,
    write_statistics,
    write_tables,
    write_twin,
)
from cohort.synthetic.twin.marginals import matched_numbers
from cohort.synthetic.twin.questions import INVALID, ask_cases, ask_condition, ask_status
from cohort.synthetic.twin.study_text import study_text

REPOSITORY = Path(__file__).resolve().parents[3]
FIXTURES = REPOSITORY / "tests" / "fixtures"
NHANES = REPOSITORY / "data_schema" / "studies" / "nhanes-2017-2020.yaml"
VALID = [
    *sorted(FIXTURES.glob("studies/*/study.yaml")),
    *sorted(path for path in FIXTURES.glob("study_files/*.yaml") if path.stem != "seven_errors"),
    NHANES,
    REPOSITORY / "synthetic_data" / "demo" / "study.yaml",
]
PEOPLE = 250


@functools.cache
def twin_of(path: Path) -> Twin:
    codebook = load_codebook()
    return make_twin(load_study_file(path, codebook), codebook, n=PEOPLE, seed=11)


def read_back(twin: Twin, folder: Path) -> RawCohort:
    write_tables(twin, twin.tables, folder)
    return read_cohort(twin.study, folder, load_codebook())


def study_of(text: str, folder: Path) -> StudyFile:
    """Return a study with one file ``all`` from its entries in YAML."""
    path = folder / "study.yaml"
    head = "cohort_study: 1\nname: small\ntitle: Small\nid: pid\n"
    files = "" if "files:" in text else "files:\n  all: {path: all.csv}\n"
    path.write_text(head + files + text, encoding="utf-8")
    return load_study_file(path, load_codebook())


def differences(made: dict[str, pd.DataFrame], read: dict[str, pd.DataFrame]) -> list[str]:
    """Return every value that is not the same in both, as text; a row without any value counts for nothing."""
    found = []
    for name, table in made.items():
        keys = [key for key in load_codebook().primary_keys[name] if key in table and key in read[name]]
        left, right = (longer(one, keys) for one in (table, read[name]))
        both = left.merge(right, on=[*keys, "column"], how="outer", suffixes=("_made", "_read"))
        for line in both.itertuples():
            if not same(line.cell_made, line.cell_read):
                found.append(f"{name}: {line}")
    return found


def longer(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    plain = table.astype("object").where(table.notna(), None)
    long = plain.melt(id_vars=keys, var_name="column", value_name="cell").dropna(subset=["cell"])
    return long.astype(dict.fromkeys(keys, "object"))


def same(made: object, read: object) -> bool:
    if pd.isna(made) or pd.isna(read):  # type: ignore[call-overload]
        return False
    if isinstance(made, (int, float)) and isinstance(read, (int, float)):
        return made == pytest.approx(read, rel=1e-9, abs=1e-12)
    return bool(made == read) or str(made) == str(read)


# --- the way there and back -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", VALID, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_clean_twin_read_back_gives_the_values_that_went_in(path: Path, tmp_path: Path) -> None:
    twin = twin_of(path)
    raw = read_back(twin, tmp_path)
    assert differences(twin.canonical, raw.tables) == []
    assert raw.quarantine.empty
    assert len(raw.tables["participants"]) == PEOPLE
    filled = [name for name, table in twin.canonical.items() if len(table)]
    assert len(filled) >= 2


@pytest.mark.parametrize("path", VALID, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_clean_twin_goes_through_cleaning_without_an_error(path: Path, tmp_path: Path) -> None:
    twin = twin_of(path)
    raw = read_back(twin, tmp_path)
    clean = clean_cohort(
        raw.tables, load_codebook(), eligible=twin.study.eligible, baseline=twin.study.baseline, ledger=raw.ledger
    )
    assert len(clean.tables["person_table"]) == PEOPLE
    errors = clean.ledger.entries.query("severity == 'error'")
    assert set(errors["rule"]) <= {"onset_after_last_observed"}


@pytest.mark.parametrize("path", VALID, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_column_that_the_study_names_exists_and_every_wanted_variable_has_values(
    path: Path, tmp_path: Path
) -> None:
    twin = twin_of(path)
    raw = read_back(twin, tmp_path)
    for name in twin.study.variables:
        table = "participants" if name in raw.tables["participants"] else "visits"
        assert raw.tables[table][name].notna().any(), name
    assert set(raw.tables["labs"]["analyte"]) == set(twin.study.labs)
    for disease in twin.study.diagnoses:
        assert disease in set(raw.tables["diagnoses"]["disease"])


FORMATS = {
    "csv": "{path: all.csv}",
    "semicolons": '{path: all.csv, delimiter: ";", decimal: ",", date_order: dmy, encoding: latin-1}',
    "packed": "{path: deep/all.tsv.gz, date_order: mdy}",
    "parquet": "{path: all.parquet}",
    "xpt": "{path: all.xpt}",
    "sav": "{path: all.sav}",
    "dta": "{path: all.dta}",
    "xlsx": "{path: all.xlsx, sheet: values}",
    "txt": "{path: all.txt, format: csv}",
}


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_keeps_codes_numbers_days_and_censored_results(form: str, tmp_path: Path) -> None:
    text = f"""
files:
  all: {FORMATS[form]}
variables:
  sex: {{file: all, column: sex, codes: {{vrouw: female, man: male}}}}
  visit_date: {{file: all, column: day}}
  bmi_kg_m2: {{file: all, column: bmi, missing: {{999: not measured}}}}
  age_years: {{file: all, column: age_in_months, unit: months}}
  is_pregnant: {{file: all, column: pregnant}}
labs:
  crp: {{file: all, column: crp_mg_dl_result, unit: mg/dL, limit: 0.02}}
diagnoses:
  psoriasis: {{file: all, present: {{pso: [ja]}}, absent: {{pso: [nee]}}, onset_age: {{column: pso_age}}}}
"""
    codebook = load_codebook()
    twin = make_twin(study_of(text, tmp_path), codebook, n=150, seed=5)
    raw = read_back(twin, tmp_path / "out")
    assert differences(twin.canonical, raw.tables) == []
    assert raw.quarantine.empty
    assert (raw.tables["labs"]["censoring"] == "below").any()


def test_what_the_causal_model_drew_is_what_stands_in_the_files(tmp_path: Path) -> None:
    model = person_table(simulate("literature_like", PEOPLE, 11))
    raw = read_back(twin_of(NHANES), tmp_path)
    people = raw.tables["participants"]
    assert people["sex"].astype("object").tolist() == model["sex"].astype("object").tolist()
    visits = raw.tables["visits"]
    assert visits["age_years"].tolist() == np.minimum(model["age_years"], 80).tolist()
    known = model["bmi_kg_m2"].notna() & visits["bmi_kg_m2"].notna()
    assert visits.loc[known, "bmi_kg_m2"].tolist() == model.loc[known, "bmi_kg_m2"].tolist()
    items = visits[[f"phq9_{number}" for number in range(1, 10)]].astype("float64")
    whole = items.notna().all(axis=1) & model["phq9_total"].notna()
    assert whole.sum() > 0.7 * PEOPLE
    assert items[whole].sum(axis=1).tolist() == model.loc[whole, "phq9_total"].tolist()


def test_rows_that_keep_passes_over_stand_in_the_file(tmp_path: Path) -> None:
    twin = twin_of(FIXTURES / "studies" / "long_laboratory" / "study.yaml")
    raw = read_back(twin, tmp_path)
    reasons = raw.rows.query("file == 'lab'")["reason"].value_counts()
    assert reasons["another row of the same person was kept"] > 10
    assert {"t0", "t0_2"} == set(raw.tables["labs"].query("analyte == 'cortisol'")["visit"])


def test_register_rows_have_as_many_records_as_the_study_asks_for(tmp_path: Path) -> None:
    codebook = load_codebook()
    study = load_study_file(FIXTURES / "studies" / "register_extract" / "study.yaml", codebook)
    raw = read_back(make_twin(study, codebook, n=3000, seed=1), tmp_path)
    diabetes = raw.tables["diagnoses"].query("disease == 'type_1_diabetes'")
    present = diabetes[diabetes["status"] == "present"]
    assert len(present) > 5
    assert (present["record_count"] >= 2).all()
    assert present["code"].str.startswith("E10").all()
    assert (diabetes["status"] == "absent").sum() > 0.9 * 3000
    assert (diabetes["status"] == "unknown").sum() > 5
    assert len(raw.tables["relations"]) > 5
    assert (raw.tables["follow_up"]["exit_date"] > raw.tables["follow_up"]["entry_date"]).all()


def test_the_same_seed_gives_the_same_tables() -> None:
    codebook = load_codebook()
    study = load_study_file(NHANES, codebook)
    again = make_twin(study, codebook, n=PEOPLE, seed=11)
    other = make_twin(study, codebook, n=PEOPLE, seed=12)
    for name, table in twin_of(NHANES).tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert not other.tables["demo"].equals(again.tables["demo"])


def test_too_few_people_for_a_file_are_refused() -> None:
    codebook = load_codebook()
    study = load_study_file(FIXTURES / "studies" / "register_extract" / "study.yaml", codebook)
    with pytest.raises(CohortError, match="none of 1 people has a row in it") as caught:
        make_twin(study, codebook, n=1, seed=5)
    assert {problem.where for problem in caught.value.problems} == {"file 'drugs'", "file 'kin'"}


def test_a_codebook_disease_that_contains_one_of_the_model_holds_its_people(tmp_path: Path) -> None:
    text = """
variables:
  sex: {file: all, column: sex}
diagnoses:
  autoimmune_thyroid_disease: {file: all, present: {a: [1]}, absent: {a: [0]}}
  thyroid_disease: {file: all, present: {b: [1]}, absent: {b: [0]}}
"""
    codebook = load_codebook()
    twin = make_twin(study_of(text, tmp_path), codebook, n=3000, seed=2)
    wide = twin.canonical["diagnoses"].pivot_table(
        index="participant_id", columns="disease", values="status", aggfunc="first"
    )
    both = wide[(wide != "unknown").all(axis=1)]
    of_those = both.loc[both["autoimmune_thyroid_disease"] == "present", "thyroid_disease"]
    assert len(of_those) > 50
    assert set(of_those) == {"present"}


# --- conditions -------------------------------------------------------------------------------------------------


def wide_conditions(count: int) -> str:
    named = ", ".join(f"{{d{number}: [1]}}" for number in range(count))
    free = ", ".join(f"d{number}: [2]" for number in range(count))
    return f"""
variables:
  sex: {{file: all, column: sex}}
diagnoses:
  psoriasis: {{file: all, present: [{named}], absent: {{{free}}}}}
  celiac_disease: {{file: all, present: {{d0: [1]}}, absent: {{d0: [2]}}}}
"""


@pytest.mark.parametrize("count", [4, 30])
def test_conditions_over_many_columns_are_met(count: int, tmp_path: Path) -> None:
    codebook = load_codebook()
    twin = make_twin(study_of(wide_conditions(count), tmp_path), codebook, n=PEOPLE, seed=3)
    raw = read_back(twin, tmp_path / "out")
    assert differences(twin.canonical, raw.tables) == []
    status = raw.tables["diagnoses"].query("disease == 'psoriasis'")["status"].value_counts()
    assert status["absent"] > 0.8 * PEOPLE
    assert status["present"] >= 3


def test_two_answers_that_one_column_cannot_give_become_one_and_are_noted() -> None:
    twin = twin_of(NHANES)
    diagnoses = twin.canonical["diagnoses"].pivot_table(
        index="participant_id", columns="disease", values="status", aggfunc="first"
    )
    both = (diagnoses["rheumatoid_arthritis"] == "present") & (diagnoses["psoriatic_arthritis"] == "present")
    assert not both.any()
    assert any("file 'mcq'" in note and "could not say" in note for note in twin.notes)


def test_answers_that_intake_would_refuse_are_never_given() -> None:
    cells = {"a": np.array(["1", "1", "2", ""], dtype=object), "b": np.array(["1", "2", "2", "9"], dtype=object)}
    nothing = np.full(4, None, dtype=object)
    two = ask_cases({"x": [{"a": ["1"]}], "y": [{"b": ["1"]}]}, {"x": "x", "y": "y"}, nothing, {}, None)
    assert two.answer(cells).tolist() == [INVALID, "x", None, None]
    blank = ask_condition([{"a": "blank"}, {"b": "blank"}], nothing, {"9": "do not know"}, None)
    assert blank.answer(cells).tolist() == [False, False, False, True]

    class Torn:
        present, absent, unknown = [{"a": ["1"]}], [{"b": ["1"]}], None

    assert ask_status(Torn(), nothing, {}, None).answer(cells).tolist() == [INVALID, "present", "unknown", "unknown"]


# --- statistics -------------------------------------------------------------------------------------------------

SURVEY = """
variables:
  sex: {file: all, column: sex, codes: {1: male, 2: female}, missing: {9: refused}}
  education: {file: all, column: edu, codes: {1: low, 2: low, 3: middle, 4: high}, missing: {9: refused}}
  bmi_kg_m2: {file: all, column: bmi, missing: {999: not measured}}
  smoking: {file: all, cases: {never: {s1: [2]}, former: {s1: [1], s2: [3]}, current: {s1: [1], s2: [1, 2]}}}
instruments:
  phq9: {file: all, items: [p1, p2, p3, p4, p5, p6, p7, p8, p9], missing: {7: refused}}
labs:
  crp: {file: all, column: crp, unit: mg/L, limit: 0.3, below: {flag: [1]}}
diagnoses:
  psoriasis: {file: all, present: {pso: [1]}, absent: {pso: [2]}}
"""


def survey_statistics() -> Statistics:
    columns = {
        "sex": ColumnStatistics(0.01, {"1": 0.39, "2": 0.58, "9": 0.02}),
        "edu": ColumnStatistics(0.0, {"1": 0.3, "2": 0.1, "3": 0.3, "4": 0.2, "9": 0.1}),
        "bmi": ColumnStatistics(0.05, {"999": 0.15}, decimals=2),
        "p1": ColumnStatistics(0.1, {"7": 0.05, "0": 0.5, "1": 0.2, "2": 0.1, "3": 0.05}),
        "p9": ColumnStatistics(0.1, {"7": 0.0, "0": 0.88, "1": 0.02}),
        "crp": ColumnStatistics(0.2),
    }
    variables = {
        "sex": VariableStatistics(shares={"male": 0.4, "female": 0.6}),
        "education": VariableStatistics(shares={"low": 0.444, "middle": 0.333, "high": 0.222}),
        "bmi_kg_m2": VariableStatistics(quantiles={0.05: 21.0, 0.25: 25.0, 0.5: 28.0, 0.75: 33.0, 0.95: 44.0}),
        "smoking": VariableStatistics(missing=0.1, shares={"never": 0.5, "former": 0.2, "current": 0.3}),
        "phq9_total": VariableStatistics(shares={"0": 0.4, "3": 0.3, "8": 0.15, "12": 0.1, "20": 0.05}),
        "crp_mg_l": VariableStatistics(quantiles={0.1: 0.3, 0.5: 2.0, 0.9: 9.0}, below=0.1),
        "has_psoriasis": VariableStatistics(missing=0.2, shares={"true": 0.25, "false": 0.75}),
    }
    return Statistics("small", {"all": GroupStatistics(1.0, {"all": FileStatistics(1.0, 1.0, columns)}, variables)})


def test_marginals_are_those_of_the_statistics(tmp_path: Path) -> None:
    codebook = load_codebook()
    twin = make_twin(study_of(SURVEY, tmp_path), codebook, n=4000, seed=1, statistics=survey_statistics())
    table = twin.tables["all"]
    shares = table["sex"].value_counts(normalize=True)
    assert shares["9"] == pytest.approx(0.02, abs=0.006)
    assert shares["1"] / (shares["1"] + shares["2"]) == pytest.approx(0.4, abs=0.001)
    edu = table["edu"].value_counts(normalize=True)
    assert edu["1"] / (edu["1"] + edu["2"]) == pytest.approx(0.75, abs=0.03)
    assert edu["9"] == pytest.approx(0.1, abs=0.001)
    assert (table["bmi"] == "").mean() == pytest.approx(0.05, abs=0.01)
    assert (table["bmi"] == "999").mean() == pytest.approx(0.15, abs=0.01)
    assert table["bmi"].str.fullmatch(r"\d+\.\d\d|999|").all()
    raw = read_back(twin, tmp_path / "out")
    visits, labs = raw.tables["visits"], raw.tables["labs"]
    assert visits["bmi_kg_m2"].median() == pytest.approx(28.0, abs=0.15)
    assert visits["bmi_kg_m2"].quantile(0.95) == pytest.approx(44.0, abs=0.5)
    assert visits["smoking"].isna().mean() == pytest.approx(0.1, abs=0.001)
    assert (visits["smoking"] == "current").sum() / visits["smoking"].notna().sum() == pytest.approx(0.3, abs=0.001)
    assert labs["value"].median() == pytest.approx(2.0, abs=0.05)
    assert (labs["censoring"] == "below").mean() == pytest.approx(0.1, abs=0.001)
    assert len(labs) == pytest.approx(0.8 * 4000, abs=1)
    psoriasis = raw.tables["diagnoses"]["status"].value_counts(normalize=True)
    assert psoriasis["unknown"] == pytest.approx(0.2, abs=0.001)
    assert psoriasis["present"] == pytest.approx(0.2, abs=0.001)
    clean = clean_cohort(raw.tables, codebook)
    total = clean.tables["person_table"]["phq9_total"]
    assert (total >= 10).sum() / total.notna().sum() == pytest.approx(0.15, abs=0.015)
    assert (table["p1"] == "7").mean() == pytest.approx(0.05, abs=0.01)
    assert (table["p9"] == "7").sum() == 0
    p1, p9 = ((table[item].isin(["1", "2", "3"])).mean() for item in ("p1", "p9"))
    assert p1 > 2 * p9


def test_ranks_stay_when_the_marginals_change(tmp_path: Path) -> None:
    codebook = load_codebook()
    study = study_of(SURVEY, tmp_path)
    known, plain = (
        correlation(make_twin(study, codebook, n=3000, seed=1, statistics=s)) for s in (survey_statistics(), None)
    )
    assert plain > 0.25
    assert known == pytest.approx(plain, abs=0.08)


def correlation(twin: Twin) -> float:
    """Return Spearman's correlation of CRP and body mass index."""
    bmi = twin.canonical["visits"].set_index("participant_id")["bmi_kg_m2"].astype(float)
    crp = twin.canonical["labs"].set_index("participant_id")["value"].astype(float)
    both = pd.concat([bmi, crp], axis=1).dropna()
    return float(stats.spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic)


def test_groups_of_eligibility_keep_their_own_marginals(tmp_path: Path) -> None:
    text = "eligible:\n  - {variable: age_years, at_least: 20}\nvariables:\n  age_years: {file: all, column: age}\n"
    eligible = GroupStatistics(0.6, {}, {"age_years": VariableStatistics(quantiles={0.1: 20, 0.5: 50, 0.9: 75})})
    others = GroupStatistics(0.4, {}, {"age_years": VariableStatistics(quantiles={0.1: 1, 0.5: 8, 0.9: 19})})
    known = Statistics("small", {"eligible": eligible, "not_eligible": others})
    study = study_of(text, tmp_path)
    ages = make_twin(study, load_codebook(), n=2000, seed=1, statistics=known).canonical["visits"]["age_years"]
    assert (ages.astype(float) >= 20).mean() == pytest.approx(0.6, abs=0.03)
    assert ages[ages.astype(float) >= 20].median() == pytest.approx(50, abs=1)
    assert ages[ages.astype(float) < 20].median() == pytest.approx(8, abs=1)
    assert (ages == 20).mean() > 0.05
    assert (ages == 19).mean() > 0.03


def test_presence_and_visits_follow_the_statistics(tmp_path: Path) -> None:
    text = """
files:
  people: {path: people.csv}
  visits: {path: visits.csv}
variables:
  sex: {file: people, column: sex}
  bmi_kg_m2: {file: visits, column: bmi, visit: {column: wave}}
baseline: w1
"""
    files = {
        "people": FileStatistics(1.0, 1.0),
        "visits": FileStatistics(0.5, 1.6, {"wave": ColumnStatistics(0.0, {"w1": 0.625, "w2": 0.375})}),
    }
    known = Statistics("small", {"all": GroupStatistics(1.0, files)})
    twin = make_twin(study_of(text, tmp_path), load_codebook(), n=1000, seed=1, statistics=known)
    assert len(twin.tables["people"]) == 1000
    assert twin.tables["visits"]["wave"].value_counts().to_dict() == {"w1": 500, "w2": pytest.approx(300, abs=25)}


def test_statistics_written_and_read_again_are_the_same(tmp_path: Path) -> None:
    study = study_of(SURVEY, tmp_path)
    group = survey_statistics().groups["all"]
    dates = VariableStatistics(missing=0.1, quantiles={0.5: 18000.0})
    more = {**group.variables, "baseline_date": dates, "survey_weight": VariableStatistics(zero=0.1, mean=2.0, sd=1.0)}
    known = Statistics("small", {"all": replace(group, variables=more)}, people=120, minimum_count=5)
    write_statistics(known, tmp_path / "s.yaml")
    assert "2019-04-14" in (tmp_path / "s.yaml").read_text(encoding="utf-8")
    assert load_statistics(tmp_path / "s.yaml", study, load_codebook()) == known


def test_zeros_and_moments_are_met() -> None:
    rng, values = np.random.default_rng(1), np.arange(1000.0)
    half = matched_numbers(values, VariableStatistics(quantiles={0.5: 2.0, 0.9: 5.0}, zero=0.2), rng)
    assert (half == 0).mean() == 0.2
    assert np.median(half) == pytest.approx(2.0, abs=0.01)
    skewed = matched_numbers(values, VariableStatistics(mean=3.0, sd=4.0), rng, limits=(0, np.inf))
    assert (skewed.mean(), skewed.std()) == pytest.approx((3.0, 4.0), rel=0.1)
    assert stats.skew(skewed) > 2


def test_every_mistake_in_statistics_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    study = study_of(SURVEY, tmp_path)
    path = tmp_path / "s.yaml"
    path.write_text(
        """cohort_statistics: 1
study: other
groups:
  all:
    files:
      all:
        columns:
          bmii: {blank: 0.1}
          edu: {blank: 0.5, codes: {1: 0.9}}
    variables:
      sexx: {missing: 0.1}
      sex: {shares: {femal: 0.5}}
      bmi_kg_m2: {quantiles: {0.5: 30, 0.9: 20}}
      crp_mg_l: {missing: 1.2}
""",
        encoding="utf-8",
    )
    with pytest.raises(CohortError) as caught:
        load_statistics(path, study, load_codebook())
    told = [str(problem) for problem in caught.value.problems]
    lines = [int(problem.split("line ")[1].split(",")[0]) for problem in told]
    assert lines == [2, 8, 9, 11, 12, 13, 14]
    assert "Did you mean 'bmi'?" in told[1]
    assert "Did you mean 'sex'?" in told[3]
    assert "Did you mean 'female'?" in told[4]
    assert "rise" in told[5]


# --- the folder -------------------------------------------------------------------------------------------------


def test_the_study_file_keeps_its_comments_and_is_marked_as_synthetic() -> None:
    twin = twin_of(NHANES)
    text = study_text(NHANES, twin.study)
    assert "# An XPT file stores no row count" in text
    assert 'title: "Synthetic twin: NHANES 2017 to March 2020"' in text
    assert "synthetic: true" in text
    assert f"demo: {{path: P_DEMO.XPT, rows: {PEOPLE}}}" in text


def test_paths_that_lead_elsewhere_are_led_into_the_folder(tmp_path: Path) -> None:
    text = """root: /does/not/exist
files:
  all: {path: ../../secure/all.sas7bdat, rows: 7}   # a remark
  more: {path: {a: /data/a.csv, b: "C:\\\\data\\\\b.csv"}}
variables:
  sex: {file: all, column: sex}
  bmi_kg_m2: {file: more, column: bmi}
"""
    study_of(text, tmp_path)
    report = write_twin(tmp_path / "study.yaml", tmp_path / "out", load_codebook(), n=40, seed=1, defects="none")
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {"secure/all.xpt", "data/a.csv", "data/b.csv", "study.yaml"} <= files
    assert any("sas7bdat cannot be written" in note for note in report.notes)
    written = load_study_file(tmp_path / "out" / "study.yaml", load_codebook())
    assert (written.synthetic, written.root, written.files["all"].rows) == (True, ".", 40)
    assert "# a remark" in (tmp_path / "out" / "study.yaml").read_text(encoding="utf-8")
    assert len(read_cohort(written, tmp_path / "out", load_codebook()).tables["participants"]) == 40


def test_two_identifiers_for_one_path_are_refused(tmp_path: Path) -> None:
    text = """
files:
  a: {path: all.csv}
  b: {path: all.csv, id: other}
variables:
  sex: {file: a, column: sex}
  bmi_kg_m2: {file: b, column: bmi}
"""
    with pytest.raises(CohortError, match="under another identifier"):
        make_twin(study_of(text, tmp_path), load_codebook(), n=10, seed=1)


@pytest.mark.parametrize("defects", ["default", "none"])
def test_the_folder_tells_which_defects_were_planted(defects: str, tmp_path: Path) -> None:
    demo = REPOSITORY / "synthetic_data" / "demo" / "study.yaml"
    report = write_twin(demo, tmp_path, load_codebook(), n=PEOPLE, seed=2, defects=defects)  # type: ignore[arg-type]
    planted = pd.read_csv(tmp_path / "truth" / "defects.csv", dtype="str", keep_default_na=False, encoding="utf-8")
    assert planted["kind"].value_counts().to_dict() == report.planted
    assert (len(planted) > 100) == (defects == "default")
    study = load_study_file(tmp_path / "study.yaml", load_codebook())
    raw = read_cohort(study, tmp_path, load_codebook())
    for name, part in planted.query("column != ''").groupby("table"):
        table = pd.read_csv(
            tmp_path / str(study.files[str(name)].path), dtype="str", keep_default_na=False, encoding="utf-8"
        )
        for line in part.head(50).itertuples():
            assert table.loc[int(line.row), line.column] == line.after
    assert raw.rows.query("status == 'merged'").empty == (defects == "none")


def names_of(tables: Sequence[str]) -> list[str]:
    return sorted(tables)


def test_parts_of_folders_and_stacked_files_are_named_after_their_source() -> None:
    assert names_of(twin_of(FIXTURES / "studies" / "bids_study" / "study.yaml").tables) == [
        "bids/measures",
        "bids/participants",
    ]
    assert names_of(twin_of(FIXTURES / "studies" / "nhanes_cycles" / "study.yaml").tables) == [
        "crp/c2009",
        "crp/c2017",
        "demo/c2009",
        "demo/c2017",
        "smq",
    ]
