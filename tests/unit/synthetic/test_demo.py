"""The committed demo is what the script draws, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cohort.synthetic import draw_demo
from cohort.synthetic.demo import DEMO_PEOPLE


@pytest.fixture(scope="module")
def committed(repository: Path) -> Path:
    return repository / "synthetic_data" / "demo"


def _files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_drawn_anew_the_demo_has_the_same_bytes(committed: Path, tmp_path: Path) -> None:
    draw_demo(tmp_path)
    drawn = _files(tmp_path)
    assert list(drawn) == list(_files(committed))
    differing = [name for name, path in drawn.items() if path.read_bytes() != _files(committed)[name].read_bytes()]
    assert differing == []


def test_the_demo_is_small_and_plain(committed: Path) -> None:
    files = _files(committed)
    assert sum(path.stat().st_size for path in files.values()) <= 5_500_000  # five questionnaires, three visits
    assert all(b"\r" not in path.read_bytes() for path in files.values())
    people = pd.read_csv(committed / "participants.csv", dtype=str).pid.nunique()
    assert people == DEMO_PEOPLE >= 5000


def test_the_truth_of_the_demo_has_one_row_per_question(committed: Path) -> None:
    truth = pd.read_csv(committed / "truth" / "estimands.csv")
    assert not truth.duplicated(["estimand", "exposure", "outcome", "measure"]).any()
    assert truth["value"].notna().all()
    assert (truth["monte_carlo_se"] >= 0).all()
    # Without an error are only effects that no chance touches: none at all, or one number of an equation for everybody.
    moved = truth[truth["outcome"].isin(["has_depression", "depression_latent"]) & ~truth["value"].isin([0.0, 1.0])]
    assert len(moved) > 100
    assert (moved["monte_carlo_se"] > 0).all()
    latent = pd.read_csv(committed / "truth" / "latent.csv", dtype={"pid": str})
    assert set(latent.pid) == set(pd.read_csv(committed / "participants.csv", dtype=str).pid)
