"""Restricted cubic splines against R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.splines import QUANTILES, place_knots, spline_basis
from cohort.analysis.variables import InestimableError

HERE = Path(__file__).resolve().parent
AT = [20, 24.5, 27, 31, 36]


@pytest.fixture(scope="module")
def pins() -> dict[str, Any]:
    """Return what r/splines.R printed: R 4.2.2, Hmisc 4.8-0, survey 4.1-1, sandwich 3.0-2."""
    return dict(json.loads((HERE / "r" / "splines.json").read_text(encoding="utf-8")))


@pytest.fixture
def people() -> pd.DataFrame:
    """Return the invented people of mediation/r/mediation.csv."""
    return pd.read_csv(HERE / "mediation" / "r" / "mediation.csv", encoding="utf-8")


def test_knots_and_basis_agree_with_r(people: pd.DataFrame, pins: dict[str, Any]) -> None:
    for count in QUANTILES:
        assert place_knots(people["bmi"], count) == pytest.approx(pins[f"knots{count}"], abs=1e-9)
    np.testing.assert_allclose(spline_basis(AT, pins["knots4"]), pins["basis"], atol=1e-9)


def test_weighted_knots_are_those_of_the_repeated_people(people: pd.DataFrame) -> None:
    times = np.arange(len(people)) % 5 + 1
    repeated = place_knots(np.repeat(people["bmi"], times), 4)
    assert place_knots(people["bmi"], 4, times) == pytest.approx(repeated, abs=0.1)


def test_says_why_there_is_no_spline() -> None:
    with pytest.raises(InestimableError):
        place_knots([1.0, 1.0, 1.0, 2.0], 5)
    with pytest.raises(ValueError, match="three ascending"):
        spline_basis([1.0], [1.0, 2.0])
