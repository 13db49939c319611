"""What the tests of study files share: the codebook, the fixtures, and a loader that gives back the problems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cohort.codebook import Codebook, load_codebook
from cohort.errors import Problem, StudyFileError
from cohort.study_file import load_study_file


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    """Return the codebook that ships."""
    return load_codebook()


@pytest.fixture(scope="session")
def study_files(repository: Path) -> Path:
    """Return the folder of study files."""
    return repository / "tests" / "fixtures" / "study_files"


@pytest.fixture
def problems_of(tmp_path: Path, codebook: Codebook) -> Callable[[str | bytes], list[Problem]]:
    """Return a function from the text of a study file to its problems, in the order in which they are told."""

    def load(text: str | bytes) -> list[Problem]:
        path = tmp_path / "study.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        try:
            load_study_file(path, codebook)
        except StudyFileError as error:
            return list(error.problems)
        return []

    return load


@pytest.fixture
def problems_after(
    study_files: Path, problems_of: Callable[[str | bytes], list[Problem]]
) -> Callable[..., list[Problem]]:
    """Return a function that changes one place of a sound study file and returns the problems of the result."""

    def change(old: str, new: str, file: str = "nhanes.yaml") -> list[Problem]:
        text = (study_files / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        return problems_of(text.replace(old, new))

    return change
