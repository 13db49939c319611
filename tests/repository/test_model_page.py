"""The pages that tell the causal model tell the model that there is."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cohort.synthetic import list_scenarios
from cohort.synthetic.model import NODES


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("describe_model", repository / "scripts" / "describe_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["describe_model"] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_of_the_model_is_what_the_script_writes(script: ModuleType, repository: Path) -> None:
    assert (repository / "docs" / "model.md").read_text(encoding="utf-8") == script.text()


def test_every_node_has_its_row(repository: Path) -> None:
    page = (repository / "docs" / "model.md").read_text(encoding="utf-8")
    assert [name for name in NODES if f"| `{name}` |" not in page] == []


def test_every_scenario_stands_in_the_guide_with_what_is_true_and_what_it_shows(repository: Path) -> None:
    guide = (repository / "synthetic_data" / "README.md").read_text(encoding="utf-8")
    for scenario in list_scenarios():
        assert f"| `{scenario.name}` | {scenario.id} | {scenario.title} | {scenario.shows} |" in guide
