"""A cohort is written block by block: the same bytes for any number of workers and any chunk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from cohort.errors import CohortError
from cohort.synthetic import write_cohort
from cohort.synthetic.node import BLOCK_SIZE

N = 9 * BLOCK_SIZE + 300


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return every cell as the text that a CSV file would hold; blank for missing."""
    return pd.DataFrame({name: table[name].astype("string").fillna("").astype(str) for name in table}, dtype=str)


def _digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one") / "cohort"
    write_cohort("literature_like", N, 5, folder, ending="parquet", truth_people=2000)
    return folder


@pytest.mark.parametrize(("workers", "chunk"), [(1, 7), pytest.param(2, 1, marks=pytest.mark.slow), (2, 7)])
def test_the_same_seed_gives_the_same_bytes(one_by_one: Path, tmp_path: Path, workers: int, chunk: int) -> None:
    write_cohort("literature_like", N, 5, tmp_path, ending="parquet", truth_people=2000, workers=workers, chunk=chunk)
    assert _digest(tmp_path) == _digest(one_by_one)


def test_another_seed_gives_other_bytes_in_every_file_of_data(one_by_one: Path, tmp_path: Path) -> None:
    write_cohort("literature_like", N, 6, tmp_path, ending="parquet", truth_people=2000)
    same = {name for name, digest in _digest(tmp_path).items() if _digest(one_by_one)[name] == digest}
    assert same == {"study.yaml"}


def test_a_clinic_is_written_the_same_by_two_workers(tmp_path: Path) -> None:
    for workers in (1, 2):
        count = write_cohort("clinic_selection", 500, 5, tmp_path / str(workers), workers=workers, with_truth=False)
        assert count == 500
    assert _digest(tmp_path / "1") == _digest(tmp_path / "2")


def test_both_formats_hold_the_same_cells(tmp_path: Path) -> None:
    for ending in ("csv", "parquet"):
        write_cohort("literature_like", 300, 5, tmp_path / ending, ending=ending, with_truth=False)
    for file in ("participants", "visits", "questionnaires", "laboratory", "diagnoses", "follow_up", "relations"):
        text = pd.read_csv(tmp_path / "csv" / f"{file}.csv", dtype=str, keep_default_na=False)
        table = _as_text(pd.read_parquet(tmp_path / "parquet" / f"{file}.parquet", dtype_backend="numpy_nullable"))
        pd.testing.assert_frame_equal(text, table, check_dtype=False)


def test_row_groups_hold_whole_blocks_of_people(one_by_one: Path) -> None:
    file = pq.ParquetFile(one_by_one / "participants.parquet")
    assert file.metadata.num_rows == N
    assert file.num_row_groups == 1  # sixteen blocks fit into one


def test_a_dirty_world_is_written_with_a_record_of_each_defect(tmp_path: Path) -> None:
    write_cohort("dirty_data", 600, 5, tmp_path / "dirty", truth_people=2000)
    write_cohort("literature_like", 600, 5, tmp_path / "clean", with_truth=False)
    planted = pd.read_csv(tmp_path / "dirty" / "truth" / "defects.csv", dtype=str, keep_default_na=False)
    assert {"sentinel", "unit_mix_up", "duplicate_exact", "unreversed_items", "decimal_comma"} <= set(planted["kind"])
    for file, lines in planted[planted["column"] != ""].groupby("table"):
        dirty = pd.read_csv(tmp_path / "dirty" / f"{file}.csv", dtype=str, keep_default_na=False)
        clean = pd.read_csv(tmp_path / "clean" / f"{file}.csv", dtype=str, keep_default_na=False)
        for line in lines.sample(min(len(lines), 40), random_state=1).itertuples():
            assert dirty[line.column].iloc[int(line.row)] == line.after
        changed = planted[(planted["table"] == file) & (planted["column"] == "") & (planted["after"] != "")]
        assert len(dirty) == len(clean) + len(changed)


def test_a_dirty_export_is_text(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="a dirty export is text, not parquet"):
        write_cohort("dirty_data", 10, 5, tmp_path, ending="parquet")
