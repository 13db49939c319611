"""The main job on the demo: one report that answers, and needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = (
    "00_cohort_and_data_quality",
    "01_autoimmunity_and_depression",
    "02_crp_subgroups",
    "03_trauma_and_infection",
)


def test_the_report_opens_with_verdicts_and_holds_all_notebooks(demo_report: Path) -> None:
    page = (demo_report / "index.html").read_text(encoding="utf-8")
    for name in NOTEBOOKS:
        assert f'id="{name}"' in page
    assert page.index('id="verdicts"') < page.index('id="figures"') < page.index(f'id="{NOTEBOOKS[0]}"')
    assert "Synthetic cohort with known truth" in page
    for claim in ("IP-09", "IP-10", "IP-11", "IP-12", "IP-24", "IP-40", "IP-26"):
        assert f"<td>{claim}</td>" in page


def test_the_report_loads_nothing_from_elsewhere(demo_report: Path) -> None:
    page = (demo_report / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"""(?:src|href)=["'](?!data:|#|tables/|figures/|cleaning_report\.html)[^"']*""", page) == []
    assert "@import" not in page
    assert not re.search(r"url\((?!data:)", page)
    assert "<link" not in page


def test_tables_figures_and_provenance_lie_beside_it(demo_report: Path) -> None:
    assert len(list((demo_report / "tables").glob("*.csv"))) >= 10
    pngs = {p.stem for p in (demo_report / "figures").glob("*.png")}
    assert len(pngs) >= 8
    assert pngs == {p.stem for p in (demo_report / "figures").glob("*.svg")}
    provenance = json.loads((demo_report / "provenance.json").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"[0-9a-f]{64}", source["sha256"]) for source in provenance["inputs"])
    assert (demo_report / "methods.txt").read_text(encoding="utf-8").startswith("The cohort is synthetic.")


def test_no_output_names_a_folder_of_the_machine(demo_report: Path) -> None:
    parts = [p for p in demo_report.parts if len(p) > 3]
    for path in [demo_report / "index.html", *(demo_report / "notebooks").glob("*.ipynb")]:
        text = path.read_text(encoding="utf-8")
        assert str(demo_report.parent) not in text
        assert parts[-2] not in text


def test_every_notebook_was_executed(demo_report: Path) -> None:
    for name in NOTEBOOKS:
        content = nbformat.read(demo_report / "notebooks" / f"{name}.ipynb", as_version=4)
        assert all(c.execution_count for c in content.cells if c.cell_type == "code")


def test_importing_the_package_takes_less_than_a_second() -> None:
    code = (
        "import time; t = time.perf_counter(); import cohort; assert time.perf_counter() - t < 1; import sys; "
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def has_no_network_to_give() -> bool:
    """Return whether this machine does not let a user cut the network off."""
    if shutil.which("unshare") is None:
        return True
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode != 0


@pytest.mark.slow
def test_a_second_run_without_a_network_replaces_the_first(demo_report: Path, repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    study = repository / "tests" / "fixtures" / "studies" / "long_laboratory" / "study.yaml"
    shutil.copytree(demo_report, out)
    (out / "index.html").write_text("old", encoding="utf-8")
    command = [sys.executable, "-m", "cohort.cli", "run", str(study), "--out", str(out)]
    if not has_no_network_to_give():
        command = ["unshare", "-rn", "sh", "-c", 'ip link set lo up 2>/dev/null || true; exec "$@"', "sh", *command]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "What this cohort says" in (out / "index.html").read_text(encoding="utf-8")
