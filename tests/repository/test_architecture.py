"""The house stands as ARCHITECTURE.md draws it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "scripts" / "check_architecture.py"
    spec = importlib.util.spec_from_file_location("check_architecture", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_imports_go_one_way(checker: ModuleType) -> None:
    assert checker.broken_imports() == []


def test_the_module_map_and_the_dependencies_are_true(checker: ModuleType, repository: Path) -> None:
    text = (repository / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert checker.differences_of_map(text) == []
    assert checker.differences_of_dependencies(text) == []


def test_a_module_or_dependency_without_its_line_is_seen(checker: ModuleType, repository: Path) -> None:
    text = (repository / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert checker.differences_of_map(text.replace("| `results.py` |", "| results |"))
    assert checker.differences_of_dependencies(text.replace("| pandas |", "| panda |"))


def test_an_estimator_that_sees_the_truth_is_refused(
    checker: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "src" / "cohort"
    (package / "analysis").mkdir(parents=True)
    (package / "analysis" / "peek.py").write_text("from cohort.synthetic import true_effects\n", encoding="utf-8")
    (package / "results.py").write_text("import cohort.plots\n", encoding="utf-8")
    monkeypatch.setattr(checker, "PACKAGE", package)
    monkeypatch.setattr(checker, "ROOT", tmp_path)
    assert [line.split(": ")[1] for line in checker.broken_imports()] == [
        "'analysis' must not import 'synthetic'",
        "'results' must not import 'plots'",
    ]
