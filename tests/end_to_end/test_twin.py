"""A twin from the command line: of a study file alone or with statistics, checked and cleaned like a real study."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from cohort.codebook import load_codebook
from cohort.report.statistics import LEAST_COUNT, summarise
from cohort.study import open_study
from cohort.study_file import load_study_file
from cohort.synthetic.twin import Statistics, load_statistics, write_twin

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "synthetic_data" / "demo" / "study.yaml"
NHANES = REPOSITORY / "data_schema" / "studies" / "nhanes-2017-2020.yaml"


@pytest.fixture(scope="module")
def building(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a study that passes for real: a clean NHANES twin that says it is not synthetic."""
    folder = tmp_path_factory.mktemp("building") / "study"
    write_twin(NHANES, folder, load_codebook(), n=3000, seed=5, defects="none")
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    text = text.replace("synthetic: true", "synthetic: false").replace("synthetic twin", "study")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    shutil.rmtree(folder / "truth")
    return folder


@pytest.fixture(scope="module")
def statistics(building: Path) -> Statistics:
    return summarise(building / "study.yaml")


# --- simulate --like --------------------------------------------------------------------------------------------


def test_a_dirty_twin_is_checked_and_cleaned(cohort_here, tmp_path: Path) -> None:
    done = cohort_here("simulate", "--like", DEMO, "--n", "600", "--seed", "2", "--out", tmp_path / "twin")
    assert done.returncode == 0, done.stderr
    assert "planted sentinel:" in done.stdout
    assert (tmp_path / "twin" / "truth" / "defects.csv").is_file()
    study = tmp_path / "twin" / "study.yaml"
    done = cohort_here("check", study)
    assert done.returncode == 0, done.stderr
    assert "Synthetic twin: " in done.stdout
    done = cohort_here("clean", study, "--out", tmp_path / "clean")
    assert done.returncode == 0, done.stderr
    ledger = pd.read_parquet(tmp_path / "clean" / "ledger.parquet")
    assert {"exact_copy", "range_hard", "sentinel_number", "date_sentinel"} <= set(ledger["rule"])


@pytest.mark.slow
def test_a_clean_twin_holds_no_defects_and_a_twin_with_all_of_them_can_be_read(cohort_here, tmp_path: Path) -> None:
    done = cohort_here("simulate", "--like", DEMO, "--n", "300", "--clean-twin", "--out", tmp_path / "clean")
    assert done.returncode == 0, done.stderr
    planted = pd.read_csv(tmp_path / "clean" / "truth" / "defects.csv", encoding="utf-8")
    assert planted.empty
    done = cohort_here("simulate", "--like", DEMO, "--n", "300", "--defects", "all", "--out", tmp_path / "all")
    assert done.returncode == 0, done.stderr
    assert "planted duplicate_id_conflict:" in done.stdout
    done = cohort_here("check", tmp_path / "all" / "study.yaml")
    assert done.returncode == 0, done.stderr
    assert "duplicate_conflicting" in done.stdout


def test_the_same_seed_gives_the_same_bytes(cohort_here, tmp_path: Path) -> None:
    for name in ("one", "two"):
        done = cohort_here("simulate", "--like", DEMO, "--n", "200", "--seed", "9", "--out", tmp_path / name)
        assert done.returncode == 0, done.stderr
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) >= 8
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file


WATCHED = """
import sys
from pathlib import Path
study, named, out = Path(sys.argv[1]), set(sys.argv[2].split("|")), Path(sys.argv[3])
def watch(event, arguments):
    if event == "open" and Path(str(arguments[0])).name in named and not Path(str(arguments[0])).is_relative_to(out):
        raise SystemExit(f"opened {arguments[0]}")
sys.addaudithook(watch)
from cohort.codebook import load_codebook
from cohort.synthetic.twin import write_twin
write_twin(study, out, load_codebook(), n=200, seed=1)
print("never opened")
"""


@pytest.mark.parametrize("there", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_files_that_the_study_names_are_never_opened(building: Path, tmp_path: Path, there: bool) -> None:
    study = tmp_path / "study.yaml"
    root = building if there else tmp_path / "no" / "such" / "folder"
    text = (building / "study.yaml").read_text(encoding="utf-8")
    study.write_text(text.replace("root: .", f"root: {root}"), encoding="utf-8")
    files = load_study_file(study, load_codebook()).files
    named = "|".join(path for file in files.values() for path in file.sources().values())
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(study), named, str(tmp_path / "out")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.strip() == "never opened", done.stderr


def test_a_mistake_in_the_statistics_leaves_nothing_behind(cohort_here, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "cohort_statistics: 1\ngroups:\n  all:\n    variables:\n      sexx: {missing: 2}\n", encoding="utf-8"
    )
    done = cohort_here("simulate", "--like", DEMO, "--statistics", tmp_path / "s.yaml", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "s.yaml, line 5" in done.stderr
    assert "Did you mean 'sex'?" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.yaml"]


# --- summarise --------------------------------------------------------------------------------------------------


def test_statistics_are_written_and_read_and_a_file_is_not_replaced(
    cohort_here, building: Path, tmp_path: Path
) -> None:
    out = tmp_path / "statistics.yaml"
    done = cohort_here("summarise", building / "study.yaml", "--out", out)
    assert done.returncode == 0, done.stderr
    study = load_study_file(building / "study.yaml", load_codebook())
    assert load_statistics(out, study, load_codebook()).study == "nhanes-2017-2020"
    done = cohort_here("summarise", building / "study.yaml", "--out", out)
    assert done.returncode == 1
    assert "exists already" in done.stderr


def test_no_identifier_and_no_extreme_value_stands_in_the_statistics(
    cohort_here, building: Path, tmp_path: Path
) -> None:
    out = tmp_path / "statistics.yaml"
    assert cohort_here("summarise", building / "study.yaml", "--out", out).returncode == 0
    text = out.read_text(encoding="utf-8")
    opened = open_study(building / "study.yaml")
    ids = set(opened.person_table["participant_id"])
    assert not ids & set(re.findall(r"\d{5,}", text))
    told = yaml.safe_load(text)["groups"]["eligible"]["variables"]
    adults = opened.person_table[opened.person_table["is_eligible"]]
    for name in ("bmi_kg_m2", "crp_mg_l", "platelets_10e9_l", "survey_weight"):
        values = adults[name].dropna().astype(float)
        quantiles = told[name]["quantiles"]
        for probability, value in quantiles.items():
            assert value == float(f"{value:.3g}")
            assert min((values <= value).sum(), (values >= value).sum()) >= LEAST_COUNT, (name, probability)


def test_small_counts_are_left_out_and_shares_rest_on_rounded_counts(building: Path, statistics: Statistics) -> None:
    opened = open_study(building / "study.yaml")
    people = opened.person_table[opened.person_table["is_eligible"]]
    group = statistics.groups["eligible"]
    rounded = 5 * round(len(people) / 5)
    for name in ("ancestry_group", "smoking", "phq9_total", "education"):
        known = people[name].dropna()
        counts = known.astype("object").value_counts()
        shares = group.variable(name).shares
        large = [count for count in counts if count >= LEAST_COUNT]
        total = max(5 * round(len(known) / 5), sum(5 * round(count / 5) for count in large))
        assert len(shares) > 0
        for word, count in counts.items():
            key = f"{word:g}" if isinstance(word, float) else str(word)
            assert (key in shares) == (count >= LEAST_COUNT), (name, word, count)
            if count >= LEAST_COUNT:
                assert shares[key] == pytest.approx(5 * round(count / 5) / total, abs=1e-4)
    rare = people["phq9_total"].value_counts()
    assert (rare < LEAST_COUNT).any()
    assert group.share == pytest.approx(rounded / (5 * round(len(opened.person_table) / 5)), abs=1e-4)


def test_texts_and_free_numbers_are_never_told(statistics: Statistics) -> None:
    for group in statistics.groups.values():
        demo, crp = group.files["demo"].columns, group.files["crp"].columns
        assert demo["RIDAGEYR"].codes == {}
        assert demo["SDMVSTRA"].codes == {}
        assert set(crp["LBXHSCRP"].codes) == set()
        assert set(demo["RIDRETH3"].codes) <= {"1", "2", "3", "4", "6", "7"}
        assert set(group.files["mcq"].columns["MCQ195"].codes) <= {"0", "1", "2", "3", "4", "9"}


@pytest.mark.parametrize("kind", ["register_extract", "long_laboratory", "bids_study", "redcap_export", "spss_waves"])
def test_statistics_of_every_kind_of_study_make_a_twin(cohort_here, kind: str, tmp_path: Path) -> None:
    study = REPOSITORY / "tests" / "fixtures" / "studies" / kind / "study.yaml"
    write_twin(study, tmp_path / "first", load_codebook(), n=400, seed=3)
    done = cohort_here("summarise", tmp_path / "first" / "study.yaml", "--out", tmp_path / "s.yaml")
    assert done.returncode == 0, done.stderr
    again = ("simulate", "--like", study, "--statistics", tmp_path / "s.yaml", "--n", "300", "--clean-twin")
    done = cohort_here(*again, "--out", tmp_path / "second")
    assert done.returncode == 0, done.stderr
    found = open_study(tmp_path / "second" / "study.yaml")
    assert len(found.person_table) == 300
    assert found.quarantine.empty


def test_a_twin_with_statistics_has_the_marginals_of_the_study(
    cohort_here, building: Path, statistics: Statistics, tmp_path: Path
) -> None:
    out, file = tmp_path / "twin", tmp_path / "statistics.yaml"
    assert cohort_here("summarise", building / "study.yaml", "--out", file).returncode == 0
    done = cohort_here(
        *("simulate", "--like", building / "study.yaml", "--statistics", file, "--n", "3000", "--seed", "8"),
        *("--clean-twin", "--out", out),
    )
    assert done.returncode == 0, done.stderr
    real, twin = (open_study(folder / "study.yaml").person_table for folder in (building, out))
    assert twin["is_eligible"].mean() == pytest.approx(real["is_eligible"].mean(), abs=0.03)
    adults = [table[table["is_eligible"]] for table in (real, twin)]
    for name in ("has_depression", "has_thyroid_disease", "has_diabetes"):
        shares = [table[name].astype("Float64").mean() for table in adults]
        assert shares[1] == pytest.approx(shares[0], abs=0.015), name
    for name in ("crp_mg_l", "bmi_kg_m2", "age_years", "leukocytes_10e9_l"):
        medians = [table[name].median() for table in adults]
        assert medians[1] == pytest.approx(medians[0], rel=0.03), name
    for name in ("crp_mg_l", "phq9_total", "education", "smoking", "is_pregnant", "has_rheumatoid_arthritis"):
        missing = [table[name].isna().mean() for table in adults]
        assert missing[1] == pytest.approx(missing[0], abs=0.02), name
