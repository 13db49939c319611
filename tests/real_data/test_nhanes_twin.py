"""A dirty twin of the NHANES study passes the check and the main job, keeps the marginals, and holds nobody's row."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cohort.codebook import load_codebook
from cohort.intake import read_cohort
from cohort.report.statistics import summarise
from cohort.study import Study, open_study
from cohort.study_file import load_study_file
from cohort.synthetic.twin import write_statistics, write_twin

TEMPLATE = Path(__file__).resolve().parents[2] / "data_schema" / "studies" / "nhanes-2017-2020.yaml"
PEOPLE = 9000

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def statistics(nhanes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("statistics") / "statistics.yaml"
    write_statistics(summarise(TEMPLATE, root=nhanes), path)
    return path


@pytest.fixture(scope="module")
def clean(statistics: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    write_twin(TEMPLATE, folder, load_codebook(), n=PEOPLE, seed=1, statistics=statistics, defects="none")
    return folder


@pytest.fixture(scope="module")
def dirty(statistics: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dirty")
    write_twin(TEMPLATE, folder, load_codebook(), n=PEOPLE, seed=1, statistics=statistics)
    return folder


@pytest.fixture(scope="module")
def real(nhanes: Path) -> pd.DataFrame:
    return open_study(TEMPLATE, root=nhanes).person_table


@pytest.fixture(scope="module")
def twin(clean: Path) -> pd.DataFrame:
    return open_study(clean / "study.yaml").person_table


def adults(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["is_eligible"].astype(bool)]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cohort.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


# --- the check and the main job ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_dirty_twin_passes_the_check_and_the_main_job(dirty: Path, tmp_path: Path) -> None:
    checked = run("check", dirty / "study.yaml")
    assert checked.returncode == 0, checked.stderr
    assert "People: 9,000" in checked.stdout
    done = run("run", dirty / "study.yaml", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "index.html").is_file()


@pytest.mark.slow
def test_a_dirty_twin_of_the_study_file_alone_passes_the_check(tmp_path: Path) -> None:
    write_twin(TEMPLATE, tmp_path, load_codebook(), n=PEOPLE, seed=2)
    checked = run("check", tmp_path / "study.yaml")
    assert checked.returncode == 0, checked.stderr


@pytest.mark.slow
def test_a_dirty_twin_of_the_study_file_alone_passes_the_main_job(tmp_path: Path) -> None:
    write_twin(TEMPLATE, tmp_path / "twin", load_codebook(), n=PEOPLE, seed=2)
    done = run("run", tmp_path / "twin" / "study.yaml", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr


# --- marginals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["has_depression", "has_rheumatoid_arthritis", "has_thyroid_disease", "has_diabetes", "is_pregnant"]
)
def test_shares_are_those_of_the_real_adults(real: pd.DataFrame, twin: pd.DataFrame, name: str) -> None:
    shares = [adults(table)[name].astype("Float64").mean() for table in (real, twin)]
    assert shares[1] == pytest.approx(shares[0], abs=0.008)


@pytest.mark.parametrize("name", ["crp_mg_l", "bmi_kg_m2", "age_years", "platelets_10e9_l", "income_poverty_ratio"])
def test_quartiles_are_those_of_the_real_adults(real: pd.DataFrame, twin: pd.DataFrame, name: str) -> None:
    for probability in (0.25, 0.5, 0.75):
        quantiles = [adults(table)[name].quantile(probability) for table in (real, twin)]
        assert quantiles[1] == pytest.approx(quantiles[0], rel=0.03), probability


@pytest.mark.parametrize("name", ["sex", "ancestry_group", "education", "smoking", "depression_severity"])
def test_categories_are_as_frequent_as_in_the_real_adults(real: pd.DataFrame, twin: pd.DataFrame, name: str) -> None:
    first, second = (adults(table)[name].value_counts(normalize=True) for table in (real, twin))
    assert (first - second.reindex(first.index).fillna(0.0)).abs().max() < 0.01


def test_missing_values_are_as_frequent_as_in_the_real_people(real: pd.DataFrame, twin: pd.DataFrame) -> None:
    for choose in (adults, lambda table: table[~table["is_eligible"].astype(bool)]):
        first, second = (choose(table).isna().mean() for table in (real, twin))
        names = [name for name in first.index if not name.startswith("phq9_")]  # subscales need every item
        differences = (first - second)[names].abs()
        assert differences.max() < 0.02, differences.idxmax()


def test_results_below_the_limit_are_as_frequent(real: pd.DataFrame, twin: pd.DataFrame) -> None:
    below = [(adults(table)["crp_censoring"] == "below").mean() for table in (real, twin)]
    assert below[1] == pytest.approx(below[0], abs=0.003)


def test_inflammation_and_weight_still_go_together(twin: pd.DataFrame) -> None:
    both = adults(twin)[["crp_mg_l", "bmi_kg_m2"]].dropna()
    assert both.corr("spearman").iloc[0, 1] > 0.25


# --- nobody's row -----------------------------------------------------------------------------------------------


def people_of(folder: Path, study: Path) -> pd.DataFrame:
    """Return everything that the study reads of a person, a row each, without the identifier."""
    codebook = load_codebook()
    tables = read_cohort(load_study_file(study, codebook), folder, codebook).tables
    labs = tables["labs"].pivot_table(index="participant_id", columns="analyte", values="value")
    wide = tables["participants"].merge(tables["visits"], on="participant_id").merge(labs, on="participant_id")
    return wide.drop(columns=["participant_id", "visit"]).astype("str")


def test_no_row_of_the_twin_is_one_of_a_real_person(nhanes: Path, clean: Path) -> None:
    real, twin = people_of(nhanes, TEMPLATE), people_of(clean, clean / "study.yaml")
    assert list(real.columns) == list(twin.columns)
    assert not set(real.itertuples(index=False, name=None)) & set(twin.itertuples(index=False, name=None))
    # Nor do the columns agree that tell people apart best.
    few = ["survey_weight", "age_years", "bmi_kg_m2", "crp", "platelets"]
    whole = [set(table.loc[table[few].ne("nan").all(axis=1), few].itertuples(index=False)) for table in (real, twin)]
    assert not whole[0] & whole[1]


def test_no_identifier_of_a_real_person_stands_in_the_twin(nhanes: Path, clean: Path, real: pd.DataFrame) -> None:
    study: Study = open_study(clean / "study.yaml")
    assert not set(real["participant_id"]) & set(study.person_table["participant_id"])
    assert study.synthetic
    assert study.truth is None
