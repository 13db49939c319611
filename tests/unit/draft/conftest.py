"""Columns, files and folders that drafts are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.codebook import Codebook, load_codebook
from cohort.draft import Draft, DraftVocabulary, draft_study, load_vocabulary
from cohort.draft.columns import Column
from cohort.draft.evidence import Evidence
from cohort.study_file import StudyFile, load_study_file

MakeColumn = Callable[..., Column]
MakeDraft = Callable[..., Draft]


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return load_codebook()


@pytest.fixture(scope="session")
def vocabulary() -> DraftVocabulary:
    return load_vocabulary()


@pytest.fixture(scope="session")
def evidence(vocabulary: DraftVocabulary) -> Evidence:
    return Evidence(vocabulary)


@pytest.fixture
def column() -> MakeColumn:
    """Return what makes a column of some cells."""

    def make(cells: Any, name: str = "x", **more: Any) -> Column:
        return Column("file", name, pd.Series(cells), **more)

    return make


@pytest.fixture
def people() -> pd.DataFrame:
    """Return sixty people with an id, an age and a sex in words."""
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "record_id": [f"P{k:03}" for k in range(60)],
            "age": random.integers(20, 80, 60),
            "sex": random.choice(["male", "female"], 60),
        }
    )


@pytest.fixture
def draft(tmp_path: Path) -> MakeDraft:
    """Return what writes tables as CSV and drafts a study of them."""

    def make(files: Mapping[str, pd.DataFrame], **more: Any) -> Draft:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        for name, frame in files.items():
            frame.to_csv(folder / f"{name}.csv", index=False)
        return draft_study([folder], out=tmp_path / "study.yaml", **more)

    return make


@pytest.fixture
def loaded(tmp_path: Path, codebook: Codebook) -> Callable[[Draft], StudyFile]:
    """Return what reads the text of a draft as a study file."""

    def load(made: Draft) -> StudyFile:
        path = tmp_path / "study.yaml"
        path.write_text(made.text, encoding="utf-8")
        return load_study_file(path, codebook)

    return load
