"""Whatever bytes and tables come in, intake and cleaning end in a cohort or in problems in words, and quote no cell.

A thousand times as many run in ``tests/end_to_end/test_mutations.py``, which is slow.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cohort.blocks import clean_in_blocks
from cohort.codebook import load_codebook
from cohort.errors import CohortError, InputDataError
from cohort.intake import RawCohort, read_cohort
from cohort.intake.readers import read_file
from cohort.study import Study, open_study
from cohort.study_file import DataFile, StudyFile

SECRET = "GEHEIM-4711"
FORMATS = ("csv", "tsv", "parquet", "xlsx", "sav", "dta", "xpt", "sas7bdat")
FEW = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TABLE = pd.DataFrame(
    {"id": ["a1", "a2", "a3"], "sex": [1.0, 2.0, 1.0], "bmi": [22.5, 31.0, 19.0], "note": [SECRET] * 3}
)
MAGIC = {
    "csv": b"id,sex,bmi\n", "tsv": b"id\tsex\tbmi\n", "parquet": b"PAR1", "xlsx": b"PK\x03\x04", "sav": b"$FL2",
    "dta": b"<stata_dta><header><release>118</release>", "xpt": b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!",
    "sas7bdat": bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011"),
}  # fmt: skip


def study_of(ending: str, **declared: Any) -> StudyFile:
    """Return a study of one file that uses its columns in many ways."""
    return StudyFile.model_validate(
        {
            "cohort_study": 1,
            "name": "arbitrary",
            "title": "Arbitrary",
            "id": "id",
            "files": {"people": {"path": f"people.{ending}", **declared}},
            "variables": {
                "sex": {"file": "people", "column": "sex", "codes": {1: "male", 2: "female"}, "keep": "first"},
                "bmi_kg_m2": {"file": "people", "column": "bmi", "keep": "last"},
            },
        }
    )


def check_problems(error: CohortError) -> None:
    assert error.problems
    for problem in error.problems:
        assert problem.where
        assert problem.what
        assert "GEHEIM" not in str(problem)
        assert "4711" not in str(problem)
        assert "\n" not in str(problem)


def read(content: bytes, ending: str, **declared: Any) -> RawCohort | None:
    """Return the cohort that a file holds; None when it was refused with problems."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"people.{ending}").write_bytes(content)
        try:
            return read_cohort(study_of(ending, **declared), Path(folder), load_codebook())
        except InputDataError as error:
            check_problems(error)
            return None


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, sas_data_set: Any) -> dict[str, bytes]:
    """Return the bytes of a valid file of each format."""
    folder = tmp_path_factory.mktemp("whole")
    TABLE.to_csv(folder / "f.csv", index=False)
    TABLE.to_csv(folder / "f.tsv", index=False, sep="\t")
    TABLE.to_parquet(folder / "f.parquet")
    TABLE.to_excel(folder / "f.xlsx", index=False)
    pyreadstat.write_sav(TABLE, str(folder / "f.sav"))
    pyreadstat.write_dta(TABLE, str(folder / "f.dta"))
    pyreadstat.write_xport(TABLE, str(folder / "f.xpt"))
    columns = [("id", "text", 4), ("sex", "number", 8), ("bmi", "number", 8), ("note", "text", 12)]
    (folder / "f.sas7bdat").write_bytes(sas_data_set(columns, TABLE.to_numpy().tolist()))
    files = {path.suffix[1:]: path.read_bytes() for path in folder.iterdir()}
    assert set(files) == set(FORMATS)
    for ending, content in files.items():
        cohort = read(content, ending)
        assert cohort is not None, ending
        assert cohort.tables["participants"]["participant_id"].tolist() == ["a1", "a2", "a3"], ending
    return files


@pytest.mark.parametrize("ending", FORMATS)
@settings(FEW, max_examples=25)
@given(data=st.data())
def test_any_bytes_are_read_or_refused(ending: str, data: st.DataObject) -> None:
    start = data.draw(st.sampled_from([b"", MAGIC[ending], MAGIC[data.draw(st.sampled_from(FORMATS))]]))
    content = start + data.draw(st.binary(max_size=400))
    packed = gzip.compress(content, mtime=0) if data.draw(st.booleans()) else content
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"people.{ending}"
        path.write_bytes(packed)
        try:
            raw, _, _ = read_file(path, path.name, study_of(ending).files["people"])
        except InputDataError as error:
            check_problems(error)
        else:
            assert len(raw.frame) + len(raw.ragged) > 0


@pytest.mark.parametrize("ending", FORMATS)
@settings(FEW, max_examples=12)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(ending: str, whole: dict[str, bytes], data: st.DataObject) -> None:
    changed = bytearray(whole[ending])
    end = data.draw(st.sampled_from([len(changed) - 1, min(len(changed) - 1, 600)]))
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, end))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        start = data.draw(st.integers(0, end))
        del changed[start : start + data.draw(st.integers(1, 3))]
    cohort = read(bytes(changed), ending)
    if cohort is not None:
        counted = cohort.rows.groupby(["file", "source"])["row"].nunique().to_dict()
        held = {(file.name, file.source): file.rows for file in cohort.sources if file.rows}
        assert counted == held, "every row of the file has one line in the account"


ODD = (
    "", " ", "1", "2", "1.0", "02", "1,5", "1.234,5", "1e400", "-1e308", "nan", "inf", "-inf", "NA", "9" * 400,
    "<0.15", ">",
    "2020-02-30", "31.12.2020", "0001-01-01", "9999-12-31", "=1+1", "@x", "٣", "½", "\x1b[31m", "a\nb", '"', "\u202e",
    "😀",
    "x" * 5_000, SECRET, f"{SECRET}@example.org", "4711.4711", "-4711", f"<{SECRET}", f"{SECRET}\n{SECRET}",
)  # fmt: skip
CELLS = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    st.floats().map(str),
    st.integers().map(str),
    st.dates().map(str),
)
HEADERS = st.lists(
    st.one_of(
        st.sampled_from(["id", "sex", "bmi", "ID", "", "note", "a,b", "\ufeffid", "a\nb", "x" * 300]),
        st.text(max_size=5),
    ),
    max_size=4,
).map(lambda more: ["id", "sex", "bmi", *more])


@st.composite
def tables(draw: st.DrawFn) -> tuple[bytes, dict[str, Any]]:
    """Return a small table as delimited text of some dialect, and what the study declares of it."""
    header = draw(HEADERS) if draw(st.integers(0, 4)) else draw(st.lists(st.text(max_size=8), max_size=4))
    width = max(len(header), 1)
    usual = [
        st.sampled_from(["a", "b", "c", "0a"]),
        st.sampled_from(["1", "2", ""]),
        st.sampled_from(["22.5", "31", ""]),
    ]
    columns = [(usual[i] if i < 3 and draw(st.booleans()) else CELLS) for i in range(width)]
    rows = [[draw(cells) for cells in columns] for _ in range(draw(st.integers(0, 6)))]
    if rows and draw(st.booleans()):
        rows.append(rows[0])
    if rows and not draw(st.integers(0, 4)):
        rows[-1] = [*rows[-1], SECRET]
    stream = io.StringIO()
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    csv.writer(
        stream, delimiter=delimiter, quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    ).writerows([header, *rows])
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"]))
    declared = draw(
        st.sampled_from(
            [
                {},
                {},
                {},
                {"delimiter": ";"},
                {"decimal": ","},
                {"date_order": "dmy"},
                {"missing": {"1": "refused"}},
                {"encoding": "ascii"},
            ]
        )
    )
    return stream.getvalue().encode(encoding, "replace"), declared


@settings(FEW, max_examples=30)
@given(tables())
def test_any_table_is_read_or_refused_and_no_row_is_lost(table: tuple[bytes, dict[str, Any]]) -> None:
    content, declared = table
    raw = read(content, "csv", **declared)
    if raw is not None:
        assert len(raw.rows) == raw.sources[0].rows


STUDY = """\
cohort_study: 1
name: arbitrary
title: Arbitrary
id: id
files: {people: {path: people.csv}}
variables:
  sex: {file: people, column: sex, codes: {1: male, 2: female}, keep: first}
  bmi_kg_m2: {file: people, column: bmi, keep: last}
  visit_date: {file: people, column: seen, keep: last}
  site: {file: people, column: place, keep: first}
labs:
  crp: {file: people, column: crp, unit: mg/L, limit: 0.15, date: {column: seen}, site: {column: place}, keep: all}
diagnoses:
  psoriasis: {file: people, present: {pso: [1]}, absent: {pso: [2]}}
"""
USUAL = {
    "id": "abcd",
    "sex": "12",
    "bmi": ["22.5", "31"],
    "seen": ["2020-03-01", "2021-01-02"],
    "place": "NS",
    "crp": "15",
    "pso": "12",
}


@settings(FEW, max_examples=8)
@given(st.data())
def test_any_cells_go_through_cleaning_without_an_exception(data: st.DataObject) -> None:
    odd = data.draw(st.lists(st.sampled_from([n for n in USUAL if n != "sex"]), max_size=3, unique=True))
    rows = [
        [
            data.draw(CELLS if name in odd and data.draw(st.booleans()) else st.sampled_from(list(usual)))
            for name, usual in USUAL.items()
        ]
        for _ in range(data.draw(st.integers(1, 6)))
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
        with (folder / "people.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([list(USUAL), *rows])
        try:
            study = open_study(folder / "study.yaml")
        except CohortError as error:
            check_problems(error)
        else:
            assert study.rows["rows"].sum() == study.provenance["inputs"][0]["rows"]


# --- what the mutations found ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["x" * 300 + ".csv", "a\0b.csv", "a\nb.csv", "nowhere/" * 900 + "a.csv", "pipe.csv"])
@pytest.mark.parametrize("form", [None, "bids", "redcap"])
def test_a_path_that_leads_to_no_file_is_refused(path: str, form: str | None, tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
    study = study_of("csv").model_copy(update={"files": {"people": DataFile(path=path, format=form)}})
    with pytest.raises(InputDataError) as caught:
        read_cohort(study, tmp_path, load_codebook())
    check_problems(caught.value)


def test_a_folder_among_the_files_of_a_redcap_export_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "export" / "folder.csv").mkdir(parents=True)
    study = study_of("csv").model_copy(update={"files": {"people": DataFile(path="export", format="redcap")}})
    with pytest.raises(InputDataError, match="found 0 and 0"):
        read_cohort(study, tmp_path, load_codebook())


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 400])
def test_a_number_beyond_all_numbers_is_none(number: str) -> None:
    raw = read(f"id,sex,bmi\na,1,{number}\nb,2,31\n".encode(), "csv")
    assert raw is not None
    assert raw.tables["visits"]["bmi_kg_m2"].isna().tolist() == [True, False]
    assert raw.ledger.entries.query("rule == 'not_a_number'")["participant_id"].tolist() == ["a"]


def open_with(folder: Path, rows: list[str], study: str = STUDY) -> Study:
    (folder / "study.yaml").write_text(study, encoding="utf-8")
    (folder / "people.csv").write_text("\n".join([",".join(USUAL), *rows]) + "\n", encoding="utf-8")
    return open_study(folder / "study.yaml")


def test_a_whole_number_beyond_exact_ones_is_taken_out_by_its_limits(tmp_path: Path) -> None:
    text = STUDY.replace("bmi_kg_m2: {file: people, column: bmi", "birth_year: {file: people, column: bmi")
    opened = open_with(tmp_path, ["a,1,1e25,2020-03-01,N,1,1", "b,2,1960,2020-03-01,N,1,1"], text)
    assert opened.person_table["birth_year"].isna().tolist() == [True, False]
    assert "range_hard" in opened.ledger.entries["rule"].to_list()


def test_nearest_to_a_date_that_nobody_has_keeps_a_row(tmp_path: Path) -> None:
    text = STUDY.replace("keep: all", "keep: {nearest: visit_date}")
    opened = open_with(tmp_path, ["a,1,22,,N,1,1", "a,1,22,,N,2,1", "b,2,22,,N,1,1"], text)
    assert opened.tables["labs"]["participant_id"].tolist() == ["a", "b"]


def test_follow_up_of_which_only_the_reason_is_there_is_told(tmp_path: Path) -> None:
    text = STUDY + "follow_up:\n  entry: {file: people, column: entred}\n  exit: {file: people, column: lft}\n"
    text += "  reason: {file: people, column: sex, codes: {1: end_of_study, 2: lost}}\n"
    with pytest.raises(InputDataError) as caught:
        open_with(tmp_path, ["a,1,22,2020-03-01,N,1,1", "b,2,22,2020-03-01,N,1,1"], text)
    told = "\n".join(str(problem) for problem in caught.value.problems)
    assert "'entred'" in told
    assert "'lft'" in told


@pytest.mark.parametrize(("name", "people"), [("long_laboratory", 1), ("register_extract", 2), ("nhanes_cycles", 1)])
def test_blocks_of_which_some_lack_a_file_or_a_word_give_the_same(
    name: str, people: int, repository: Path, tmp_path: Path
) -> None:
    study = repository / "tests" / "fixtures" / "studies" / name / "study.yaml"
    whole = open_study(study)
    clean_in_blocks(study, tmp_path / "out", people_per_block=people)
    in_blocks = open_study(tmp_path / "out")
    for table, frame in whole.tables.items():
        same = [frame.astype("str"), in_blocks.tables[table][list(frame.columns)].astype("str")]
        first, second = (one.sort_values(list(one.columns)).to_numpy().tolist() for one in same)
        assert first == second, table


def test_half_a_surrogate_pair_in_a_sidecar_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "participants.tsv").write_text("participant_id\tsex\tbmi\nsub-1\t1\t22\n", encoding="utf-8")
    (tmp_path / "participants.json").write_text('{"bmi": {"Units": "\\ud800"}}', encoding="utf-8")
    study = study_of("csv").model_copy(update={"files": {"people": DataFile(path=".", format="bids")}, "id": None})
    with pytest.raises(InputDataError, match="no valid JSON"):
        read_cohort(study, tmp_path, load_codebook())
