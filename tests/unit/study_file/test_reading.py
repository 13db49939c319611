"""Text that is no study file is told in one message, and nothing in it is ever executed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort.codebook import Codebook, load_codebook
from cohort.errors import Problem, StudyFileError
from cohort.study_file import StudyFile, load_study_file
from cohort.study_file.reading import read_yaml

Load = Callable[[str | bytes], list[Problem]]

BOMB = "\n".join(
    [
        "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 6)),
    ]
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "study.yaml: the file is empty."),
        (b"\n  \n", "study.yaml: the file is empty."),
        (b"# only a remark\n", "study.yaml: the file is empty."),
        (b"- a\n- b\n", "study.yaml, line 1: the file holds a list in place of 'key: value' lines."),
        (b"id,age\n1,20\n", "study.yaml, line 1: the file holds plain text in place of 'key: value' lines."),
        (b"a: 1\n\x00\x01HEADER", "study.yaml, line 2: the file holds control characters."),
        ("a: 1\ntitle: caf\xe9".encode("latin-1"), "study.yaml, line 2: the file is not UTF-8 text."),
        ("a: 1".encode("utf-16"), "study.yaml: the file is written in UTF-16."),
        (b"a: 1\n" + b"#" * 2_100_000, "study.yaml: the file is too large for a study file."),
        (BOMB.encode(), "the file becomes too large when its aliases are written out."),
        (b"a: &a [*a]\n", "study.yaml, line 1: an anchor ('&name') contains itself."),
        (b"a: &a {<<: *a}\n", "study.yaml, line 1: an anchor ('&name') contains itself."),
        (b"[" * 5000, "study.yaml: the file is nested too deep."),
        (b"a: " + b"[" * 60 + b"]" * 60, "study.yaml, line 1: the file is nested too deep."),
        (b"a: 1\nb:\n\t- x\n", "study.yaml, line 3: a tab stands where YAML takes only spaces."),
        (b"<<: 3\n", "study.yaml, line 1: '<<' takes a mapping or a list of mappings."),
        (b"%YAML 3.0\n---\na: 1\n", "study.yaml, line 1: "),
        (b"a: !x!y 1\n", "study.yaml, line 1: this kind of '!' tag is not allowed."),
    ],
)
def test_what_is_no_study_file_is_told_in_one_message(content: bytes, said: str, problems_of: Load) -> None:
    (problem,) = problems_of(content)
    assert said in str(problem)
    assert problem.fix


def test_a_folder_a_missing_file_and_a_locked_file_are_told(tmp_path: Path, codebook: Codebook) -> None:
    def told(path: Path) -> str:
        with pytest.raises(StudyFileError) as caught:
            load_study_file(path, codebook)
        assert len(caught.value.problems) == 1
        return str(caught.value)

    assert "this is a folder, not a study file. Name the study.yaml inside it." in told(tmp_path)
    assert "nope.yaml: the study file does not exist." in told(tmp_path / "nope.yaml")
    assert "does not exist" in told(tmp_path / ("x" * 300)) or "cannot be read" in told(tmp_path / ("x" * 300))
    locked = tmp_path / "locked.yaml"
    locked.write_text("cohort_study: 1\n", encoding="utf-8")
    locked.chmod(0)
    if not os.access(locked, os.R_OK):
        assert "cannot be read (permission denied)" in told(locked)


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(
    study_files: Path, tmp_path: Path, codebook: Codebook
) -> None:
    text = (study_files / "nhanes.yaml").read_text(encoding="utf-8")
    path = tmp_path / "study.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_study_file(path, codebook) == load_study_file(study_files / "nhanes.yaml", codebook)


def data(tmp_path: Path, text: str) -> object:
    path = tmp_path / "any.yaml"
    path.write_text(text, encoding="utf-8")
    return read_yaml(path).data


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        ("007", "007"),
        ("0o7", "0o7"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12", 12),
        ("-9", -9),
        ("0.15", 0.15),
        (".5", 0.5),
        ("1e3", 1000.0),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("~", None),
        ("", None),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("9" * 40, "9" * 40),
        ("<0.15", "<0.15"),
    ],
)
def test_scalars_are_those_of_yaml_1_2_and_codes_stay_text(written: str, value: object, tmp_path: Path) -> None:
    found = data(tmp_path, f"a: {written}\n")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)  # type: ignore[index]


def test_keys_are_text(tmp_path: Path) -> None:
    assert data(tmp_path, "{1: a, 2.0: b, no: c, 2020-01-01: d, true: e, 01: f}") == {
        "1": "a", "2": "b", "no": "c", "2020-01-01": "d", "true": "e", "01": "f",
    }  # fmt: skip


def test_anchors_and_merge_keys_are_written_out_with_their_own_lines(tmp_path: Path) -> None:
    path = tmp_path / "any.yaml"
    path.write_text("base: &base\n  file: a\n  keep: first\nother:\n  <<: *base\n  keep: last\n", encoding="utf-8")
    text = read_yaml(path)
    assert text.data["other"] == {"keep": "last", "file": "a"}
    assert text.positions["other", "keep"].line == 6
    assert text.positions["other", "file"].line == 2


def test_a_tag_never_runs_anything(tmp_path: Path, problems_of: Load) -> None:
    sign = tmp_path / "ran"
    text = f"cohort_study: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{sign}']]\n"
    assert "a '!' tag asks for an object" in str(problems_of(text)[0])
    assert not sign.exists()


def outcome(content: bytes) -> StudyFile | StudyFileError:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.yaml"
        path.write_bytes(content)
        try:
            return load_study_file(path, load_codebook())
        except StudyFileError as error:
            return error


@settings(max_examples=60, deadline=None, database=None)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=80).map(lambda text: text.encode("utf-8", "ignore"))))
def test_any_bytes_end_in_a_study_or_in_problems(content: bytes) -> None:
    result = outcome(content)
    assert isinstance(result, StudyFileError)
    assert result.problems


SYNTAX = (*" \n\t:{}[],#|>'\"", "", "\n  ", ": ", "- ", "&a ", "*a", "!x ", "<<: ", "? ")
WORDS = (
    "null",
    "~",
    "true",
    "no",
    "0",
    "-1",
    "1e9",
    "1.0",
    "file",
    "column",
    "by",
    "cases",
    "codes",
    "source",
    "blank",
    "mg/L",
)
SHAPES = ("[[]]", "{}", "{a: {b: [1]}}", "{by: source}", "\u2028", "keep: {nearest: x}", "limit: {by: source, a: }")
SCRAPS = st.sampled_from([*SYNTAX, *WORDS, *SHAPES])


@settings(max_examples=120, deadline=None, database=None)
@given(
    name=st.sampled_from(["stacked_cycles.yaml", "register.yaml", "waves.yaml"]),
    where=st.floats(0, 1),
    cut=st.integers(0, 30),
    scraps=st.lists(SCRAPS, max_size=3),
)
def test_any_damage_to_a_study_ends_in_a_study_or_in_problems_with_words(
    name: str, where: float, cut: int, scraps: list[str]
) -> None:
    folder = Path(__file__).parents[2] / "fixtures" / "study_files"
    text = (folder / name).read_text(encoding="utf-8")
    start = int(where * len(text))
    result = outcome((text[:start] + "".join(scraps) + text[start + cut :]).encode())
    if isinstance(result, StudyFileError):
        assert result.problems
        assert all(problem.where.startswith("study.yaml") and problem.what for problem in result.problems)
        assert "pydantic" not in str(result)
