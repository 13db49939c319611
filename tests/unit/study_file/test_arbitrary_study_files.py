"""Whatever stands in a study file, it ends in a study or in problems in words; and a study that is valid can be opened.

Bytes and torn text are in ``test_reading.py``. Here the text is sound YAML whose entries are anything: of no shape at
all, or of a valid study with some of them replaced, renamed, added or taken away.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cohort.codebook import load_codebook
from cohort.errors import CohortError, StudyFileError
from cohort.study import open_study
from cohort.study_file import StudyFile, load_study_file

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
FEW = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
Place: TypeAlias = tuple[str | int, ...]

SECTIONS = sorted(StudyFile.model_fields)
WORDS = st.sampled_from(
    [*SECTIONS, "file", "column", "path", "visits", "cases", "where", "codes", "unit", "limit", "missing", "keep", "by",
     "nearest", "at_least", "below", "starts_with", "blank", "sex", "crp", "phq9", "psoriasis", "statin", "people",
     "demo",
     "mg/L", "parsec", "all", "source", "off", "2020-01-31", "ICD-10", "", " ", "../../etc/passwd", "a\nb", "\x85",
     "1", "-0"]
)  # fmt: skip
TEXTS = st.one_of(WORDS, st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**25), 10**25), st.integers(-2, 9), st.floats(), TEXTS, st.dates()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


def check_problems(error: CohortError) -> None:
    assert error.problems
    for problem in error.problems:
        assert problem.where
        assert problem.what
        assert "\n" not in str(problem)


def load(data: Any) -> StudyFile | None:
    """Return a study of plain data; None when it was refused with problems."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.yaml"
        path.write_bytes(yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass"))
        try:
            return load_study_file(path, load_codebook())
        except StudyFileError as error:
            check_problems(error)
            return None


@settings(FEW, max_examples=60)
@given(st.dictionaries(st.sampled_from(SECTIONS), VALUES, max_size=6))
def test_entries_of_any_shape_are_read_or_refused_in_words(sections: dict[str, Any]) -> None:
    asked = {"cohort_study": 1, "name": "any", "title": "Any", "files": {"people": {"path": "p.csv"}}, **sections}
    study = load(asked)
    assert study is None or set(asked) <= study.model_fields_set, "nothing that was written is passed over"


def places(data: Any, here: Place = ()) -> list[Place]:
    """Return the place of every entry of mappings and lists."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for step, inner in entries for place in ((*here, step), *places(inner, (*here, step)))]


def holder_of(data: Any, place: Place) -> Any:
    for step in place[:-1]:
        data = data[step]
    return data


@st.composite
def almost(draw: st.DrawFn, folder: Path) -> Any:
    """Return the data of a valid study with one to three entries changed."""
    data = yaml.safe_load(draw(st.sampled_from(sorted(folder.glob("*.yaml")))).read_text(encoding="utf-8"))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(data)))
        holder = holder_of(data, place)
        kind = draw(st.sampled_from(["replace", "like", "delete", "rename", "add"]))
        if kind == "replace":
            holder[place[-1]] = draw(VALUES)
        elif kind == "like":
            other = draw(st.sampled_from(places(data)))
            holder[place[-1]] = copy.deepcopy(holder_of(data, other)[other[-1]])
        elif kind == "delete":
            del holder[place[-1]]
        elif isinstance(holder, list):
            holder.append(draw(VALUES))
        else:
            holder[draw(TEXTS)] = holder.pop(place[-1]) if kind == "rename" else draw(VALUES)
        if not places(data):
            break
    return data


@settings(FEW, max_examples=60)
@given(almost(FIXTURES / "study_files"))
def test_an_almost_valid_study_is_read_or_refused_in_words(data: Any) -> None:
    study = load(data)
    assert study is None or set(data) <= study.model_fields_set, "nothing that was written is passed over"


@pytest.mark.parametrize("name", ["long_laboratory", "register_extract"])
@settings(FEW, max_examples=10)
@given(data=st.data())
def test_an_almost_valid_study_is_opened_or_refused_in_words(name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / name
        shutil.copytree(FIXTURES / "studies" / name, copied, ignore=shutil.ignore_patterns("expected"))
        study = copied / "study.yaml"
        study.write_text(
            yaml.safe_dump(data.draw(almost(copied)), allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
        try:
            open_study(study)
        except CohortError as error:
            check_problems(error)


@pytest.mark.parametrize("key", ["<<", "<list>", "<x>", "<0.15"])
def test_a_key_that_looks_like_a_mark_of_the_models_is_an_unknown_key(key: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    text = f"cohort_study: 1\nname: x\ntitle: X\n'{key}': 1\nfiles: {{a: {{path: a.csv, '{key}': 1}}}}\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        load_study_file(path, load_codebook())
    told = [str(problem) for problem in caught.value.problems]
    assert told[0].startswith(f"study.yaml, line 4, {key}: unknown key '{key}'.")
    assert told[1].startswith(f"study.yaml, line 5, files.a.{key}: unknown key '{key}'.")
