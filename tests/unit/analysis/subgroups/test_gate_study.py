"""Claims about docs/subgroup_gate.md: stored digits are what the script draws, and the page is made from them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import yaml

from cohort.analysis.subgroups.gate import POWER
from cohort.analysis.subgroups.models import FALSE_GROUPS

ROOT = Path(__file__).resolve().parents[4]
FOLDER = ROOT / "docs" / "diagnosis" / "gate"
PLAN = yaml.safe_load((FOLDER / "plan.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return scripts/diagnose_gate.py as a module."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("diagnose_gate", ROOT / "scripts" / "diagnose_gate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_stored_cell_is_one_of_the_plan_with_as_many_replicates(script: ModuleType) -> None:
    for part, (section, _) in script.PARTS.items():
        planned = {cell[:3]: cell for cell in script.cells(PLAN, section)}
        stored = script.read_cells(part)
        column = {"others": "stability", "number": "said"}.get(part, "tiers")
        for row in stored.itertuples():
            assert (row.world, row.apart, row.n) in planned
            assert len(getattr(row, column)) == PLAN[part if part == "others" else section]["replicates"][row.n]


def test_the_page_says_what_is_stored(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "diagnosis" / "gate").mkdir(parents=True)
    reasons = (FOLDER / "reasons.csv").read_text(encoding="utf-8")
    (tmp_path / "diagnosis" / "gate" / "reasons.csv").write_text(reasons, encoding="utf-8")
    stored = {part: script.read_cells(part) for part in script.PARTS}
    script.write_page(PLAN, stored, tmp_path)
    made = (tmp_path / "subgroup_gate.md").read_text(encoding="utf-8")
    assert made == (ROOT / "docs" / "subgroup_gate.md").read_text(encoding="utf-8")


def test_what_the_notebook_says_of_errors_and_power_is_what_is_stored(script: ModuleType) -> None:
    others, type_1, power = (script.read_cells(part) for part in ("others", "type_1", "power"))

    def percent(column: pd.Series, digits: str) -> pd.Series:
        return column.map(lambda said: 100 * sum(said.count(digit) for digit in digits) / len(said))

    for rule, column in (("BIC", "bic_raw"), ("silhouette", "silhouette"), ("gap statistic", "gap"),
                         ("bootstrap Jaccard", "stability")):  # fmt: skip
        found = percent(others[column], "1")
        low, high = round(found.min()), round(found.max())
        assert FALSE_GROUPS[rule].startswith(f"{low} to {high} %" if low < high else f"{high} %")
    assert FALSE_GROUPS["the gate"] == f"at most {percent(type_1['tiers'], '23').max():.1f} %"
    by_marker = power[power["world"].str.endswith("by_marker")]
    for people, (missed, without_gap) in POWER.items():
        cells = by_marker[by_marker["n"] == people].set_index("apart")
        unseen, shallow = percent(cells.loc[1.5, "tiers"], "01"), percent(cells.loc[2.0, "tiers"], "012")
        assert missed == (round(unseen.min()), round(unseen.max()))
        assert without_gap == (round(shallow.min()), round(shallow.max()))


@pytest.mark.slow
@pytest.mark.parametrize(("part", "column"), [("type_1", "tiers"), ("power", "tiers"), ("number", "said")])
def test_the_first_replicates_are_drawn_again_with_the_same_digits(script: ModuleType, part: str, column: str) -> None:
    section, work = script.PARTS[part]
    stored = script.read_cells(part)
    if stored.empty:
        pytest.skip(f"no cell of {part} is stored")
    again = {**PLAN, section: {**PLAN[section], "replicates": {500: 6, 1000: 6, 2000: 2}}}
    for row in stored.iloc[[0, len(stored) // 2, -1]].itertuples():
        cell = next(cell for cell in script.cells(PLAN, section) if cell[:3] == (row.world, row.apart, row.n))
        assert getattr(row, column).startswith(work(again, section, cell)[column])
