"""A BIDS folder: levels and units of sidecars, sessions, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cohort.codebook import load_codebook
from cohort.errors import InputDataError
from cohort.intake import read_cohort
from cohort.intake.bids import bids_folder
from cohort.study_file import StudyFile

STUDY: dict[str, Any] = {
    "cohort_study": 1,
    "name": "bids",
    "title": "BIDS",
    "baseline": "ses-1",
    "files": {"bids": {"path": "set", "format": "bids"}},
    "variables": {
        "sex": {"file": "bids", "column": "sex"},
        "site": {"file": "bids", "column": "site", "where": {"source": ["participants"]}},
        "has_acute_infection": {"file": "bids", "column": "fever", "visit": {"column": "session_id"}},
    },
    "labs": {"crp": {"file": "bids", "column": "crp", "visit": {"column": "session_id"}, "site": {"column": "site"}}},
}


def dataset(folder: Path) -> Path:
    """Write a BIDS folder of three people and two sessions."""
    place = folder / "set"
    (place / "phenotype").mkdir(parents=True)
    files = {
        "participants.tsv": "participant_id\tsex\tsite\nsub-01\tf\tA\nsub-02\tm\tB\nsub-03\tn/a\tA\n",
        "participants.json": json.dumps(
            {"sex": {"Levels": {"f": {"Description": "Female", "TermURL": "urn:x"}, "m": "MALE", "n/a": "unknown"}}}
        ),
        "phenotype/blood.tsv": "participant_id\tsession_id\tcrp\tsite\nsub-01\tses-1\t0.15\tB\nsub-01\tses-2\tn/a\tB\n",
        "phenotype/blood.json": json.dumps(
            {"MeasurementToolMetadata": {"TermURL": "urn:y"}, "crp": {"Units": "mg/dL"}, "note": "text"}
        ),
        "phenotype/form.tsv": "participant_id\tsession_id\tfever\nsub-01\tses-1\t1\nsub-02\tses-1\t2\nsub-02\tn/a\t1\n",
        "phenotype/form.json": json.dumps({"fever": {"Levels": {"1": "yes", "2": "no"}}}),
    }
    for name, content in files.items():
        (place / name).write_text(content, encoding="utf-8", newline="")
    return place


def test_levels_that_are_words_of_the_codebook_need_no_codes(tmp_path: Path) -> None:
    dataset(tmp_path)
    raw = read_cohort(StudyFile.model_validate(STUDY), tmp_path, load_codebook())
    people = raw.tables["participants"]
    assert people["participant_id"].tolist() == ["sub-01", "sub-02", "sub-03"]
    assert people["sex"].astype(object).where(people["sex"].notna(), None).tolist() == ["female", "male", None]
    assert people["site"].tolist() == ["A", "B", "A"]
    visits = raw.tables["visits"].dropna(subset=["has_acute_infection"])
    assert visits[["participant_id", "has_acute_infection"]].to_numpy().tolist() == [
        ["sub-01", True],
        ["sub-02", False],
    ]
    labs = raw.tables["labs"]
    assert labs[["participant_id", "visit", "value", "site"]].to_numpy().tolist() == [["sub-01", "ses-1", 1.5, "B"]]
    blank = raw.ledger.entries.query("rule == 'blank'")["column"].tolist()
    assert "has_acute_infection" not in blank  # a session of the laboratory alone is no form left blank
    reasons = raw.ledger.entries.query("rule == 'labels_as_meanings'")["reason"].tolist()
    assert reasons == [
        "labels of the file are words of the codebook: f = female, m = male",
        "labels of the file are words of the codebook: 1 = true, 2 = false",
    ]


def test_a_row_whose_session_is_not_available_is_set_aside(tmp_path: Path) -> None:
    dataset(tmp_path)
    raw = read_cohort(StudyFile.model_validate(STUDY), tmp_path, load_codebook())
    assert raw.quarantine[["source", "row", "rule"]].to_numpy().tolist() == [["form", 3, "missing_visit"]]


def test_compressed_files_and_their_sidecars_belong_together(tmp_path: Path) -> None:
    place = dataset(tmp_path)
    (place / "phenotype" / "blood.tsv.gz").write_bytes(gzip.compress((place / "phenotype" / "blood.tsv").read_bytes()))
    (place / "phenotype" / "blood.tsv").unlink()
    folder = bids_folder(place, "set")
    assert [(part.source, part.path, dict(part.units)) for part in folder.parts if part.units] == [
        ("blood", "phenotype/blood.tsv.gz", {"crp": "mg/dL"})
    ]
    raw = read_cohort(StudyFile.model_validate(STUDY), tmp_path, load_codebook())
    assert raw.tables["labs"]["value"].tolist() == [1.5]


@pytest.mark.parametrize("content", ["{", "[1, 2]", "[" * 100_000])
def test_a_sidecar_that_is_no_mapping_is_refused(content: str, tmp_path: Path) -> None:
    place = dataset(tmp_path)
    (place / "participants.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputDataError, match=r"set/participants\.json: the sidecar"):
        bids_folder(place, "set")


def test_a_row_of_another_file_says_nothing_of_a_diagnosis(tmp_path: Path) -> None:
    dataset(tmp_path)
    entry = {"file": "bids", "present": {"sex": ["m"]}, "absent": [{"sex": ["f"]}, {"sex": "blank"}]}
    study = {**STUDY, "diagnoses": {"psoriasis": entry}}
    diagnoses = read_cohort(StudyFile.model_validate(study), tmp_path, load_codebook()).tables["diagnoses"]
    assert diagnoses["status"].tolist() == ["absent", "present", "absent"]
