"""Columns of NHANES are known by their names, where its signs are seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from cohort.draft import Draft
from cohort.study_file import StudyFile

MakeDraft = Callable[..., Draft]
RANDOM = np.random.default_rng(1)


def nhanes(**more: object) -> pd.DataFrame:
    n = 300
    return pd.DataFrame(
        {
            "SEQN": range(1000, 1000 + n),
            "RIAGENDR": RANDOM.integers(1, 3, n),
            "RIDAGEYR": np.minimum(RANDOM.integers(20, 90, n), 80),
            "LBXCRP": np.round(np.exp(RANDOM.normal(-1.5, 1, n)), 2),
            **more,
        }
    )


def test_codes_and_units_that_its_codebooks_document_are_used(
    draft: MakeDraft, loaded: Callable[[Draft], StudyFile]
) -> None:
    made = draft({"demo": nhanes()})
    study = loaded(made)
    assert made.data_set == "nhanes"
    assert study.variables["sex"][0].codes == {"1": "male", "2": "female"}
    assert study.variables["age_years"][0].top_coded_at == 80
    assert study.labs["crp"][0].unit == "mg/dL"


def test_the_same_names_in_another_study_are_not_taken_for_known(draft: MakeDraft) -> None:
    made = draft({"demo": nhanes().rename(columns={"SEQN": "record_id"})})
    assert made.data_set is None
    assert not any(p.is_live and p.target == "sex" for p in made.proposals)


def test_a_finer_column_takes_the_place_of_a_coarser_one(draft: MakeDraft) -> None:
    both = nhanes(RIDRETH1=RANDOM.integers(1, 6, 300), RIDRETH3=RANDOM.choice([1, 2, 3, 4, 6, 7], 300))
    (found,) = [p for p in draft({"demo": both}).proposals if p.target == "ancestry_group"]
    assert found.columns == ("RIDRETH3",)
    (found,) = [p for p in draft({"demo": both.drop(columns="RIDRETH3")}).proposals if p.target == "ancestry_group"]
    assert found.columns == ("RIDRETH1",)


def test_an_age_at_onset_written_as_zero_for_all_others_is_left_out(draft: MakeDraft) -> None:
    ages = np.where(RANDOM.random(300) < 0.1, 50, 0)
    made = draft({"demo": nhanes(MCQ160M=RANDOM.integers(1, 3, 300), MCD180M=ages)})
    (found,) = [p for p in made.proposals if p.target == "thyroid_disease"]
    assert "onset_age" not in found.entry
