"""`cohort draft` on the NHANES files, against the study template that people wrote."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from cohort.draft import draft_study

SECONDS = 60
"""On a busy machine; it takes about five seconds alone."""


@pytest.fixture(scope="module")
def scoring(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_draft", repository / "scripts" / "score_draft.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_at_least_four_fifths_are_right_and_none_is_wrong(scoring: ModuleType, nhanes: Path) -> None:
    begun = time.monotonic()
    score = scoring.score_nhanes(nhanes)
    assert time.monotonic() - begun < SECONDS
    assert score.share("right") >= 0.8
    assert score.without_items().share("right") >= 0.8
    assert score.wrong == []
    assert set(score.beyond) <= set(scoring.EQUIVALENT)


def test_the_limit_of_crp_is_found_behind_the_value_that_was_stored_for_it(nhanes: Path) -> None:
    made = draft_study([nhanes / "P_HSCRP.XPT"], use_data_sets=False)
    (crp,) = [p for p in made.proposals if p.target == "crp"]
    assert crp.is_live
    assert (crp.entry["limit"], crp.entry["below"]) == (0.15, {"LBDHRPLC": [1]})
