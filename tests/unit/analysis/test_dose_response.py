"""Dose-response curves: against R, recovery, type-I error, imputation, and a curve with too few knots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special

from cohort.analysis.dose_response import DoseResponse, dose_response_curve, pooled_dose_response
from cohort.analysis.imputation import impute
from cohort.analysis.sampling import design_of
from cohort.analysis.splines import place_knots
from cohort.results import NotTestable

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


def curve(table: pd.DataFrame, **options: Any) -> DoseResponse:
    found = dose_response_curve(table, design=design_of(table), **({"exposure": "x", "outcome": "y"} | options))
    assert isinstance(found, DoseResponse), found
    return found


@pytest.mark.parametrize("kind", ["logistic", "linear", "survey"])
def test_curves_and_tests_agree_with_r(people: pd.DataFrame, pins: dict[str, Any], kind: str) -> None:
    row = np.arange(len(people))
    if kind == "survey":
        people = people.assign(survey_weight=1 + row % 7, survey_stratum=row // 100, survey_psu=row // 10)
    found = curve(
        people, outcome="crp" if kind == "linear" else "depressed", exposure="bmi", adjustment=["age"],
        knots=pins["knots4"], reference=25, values=AT,
    )  # fmt: skip
    pin = pins[kind]
    values = [one.value if kind == "linear" else np.log(one.value) for one in found.contrasts]
    assert values == pytest.approx(pin["estimate"], abs=1e-8)
    assert [one.standard_error for one in found.contrasts] == pytest.approx(pin["se"], rel=1e-6)
    assert found.any_association.statistic == pytest.approx(pin["any"], rel=1e-6)
    assert found.non_linearity.statistic == pytest.approx(pin["bent"], rel=1e-6)
    if kind != "logistic":
        assert found.non_linearity.df2 == pin["df"]
    if kind == "survey":
        assert found.non_linearity.p == pytest.approx(pin["p"], rel=1e-6)


def bent_world(rng: np.random.Generator, n: int, bend: float) -> pd.DataFrame:
    """Return a world in which a confounder z goes with x, and the outcome is flat below 0 but for it."""
    z = rng.normal(size=n)
    x = z + rng.normal(size=n)
    return pd.DataFrame({"x": x, "z": z, "y": bend * np.log1p(np.exp(2 * x)) / 2 + 0.5 * x + z + rng.normal(size=n)})


def test_recovers_a_curve() -> None:
    found = curve(bent_world(np.random.default_rng(1), 5000, 1.0), adjustment=["z"], reference=0, knots=5)
    shown = found.curve
    inner = shown[(shown["exposure"] > -2.5) & (shown["exposure"] < 2.5)]
    truth = np.log1p(np.exp(2 * inner["exposure"])) / 2 + 0.5 * inner["exposure"] - np.log(2) / 2
    assert (inner["estimate"] - truth).abs().max() < 0.12
    assert ((inner["lower"] <= truth) & (truth <= inner["upper"])).mean() > 0.8
    assert found.non_linearity.p < 0.001


def test_recovers_odds_ratios_along_a_yes_no_outcome() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=8000)
    table = pd.DataFrame({"x": x, "y": rng.random(8000) < special.expit(-1 + 0.4 * x**2)})
    found = curve(table, reference=0.0, values=[-1.5, 1.5], knots=5)
    for one in found.contrasts:
        assert abs(np.log(one.value) - 0.9) < 3 * one.standard_error


def share_called_bent(worlds: int, n: int) -> float:
    """Return in what share of worlds with a straight line the test calls it bent."""
    drawn = (bent_world(np.random.default_rng(one), n, 0.0) for one in np.random.SeedSequence(7).spawn(worlds))
    return sum(curve(world, adjustment=["z"]).non_linearity.p < 0.05 for world in drawn) / worlds


def test_a_straight_line_is_called_bent_in_one_world_of_twenty() -> None:
    assert share_called_bent(40, 200) <= 0.065 + 3 * np.sqrt(0.05 * 0.95 / 40)


@pytest.mark.slow
def test_a_straight_line_is_called_bent_in_no_more_worlds_than_that() -> None:
    assert abs(share_called_bent(1000, 400) - 0.05) <= 0.015 + 3 * np.sqrt(0.05 * 0.95 / 1000)


def test_waves_between_the_knots_are_beyond_it() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(-3, 3, 3000)
    table = pd.DataFrame({"x": x, "y": np.sin(4 * x) + rng.normal(size=3000)})
    shown = curve(table, knots=3, reference=0).curve
    truth = np.sin(4 * shown["exposure"])
    assert ((shown["lower"] <= truth) & (truth <= shown["upper"])).mean() < 0.5


def test_the_interval_has_no_width_at_the_reference(people: pd.DataFrame) -> None:
    shown = curve(people, outcome="depressed", exposure="bmi", reference=float(people["bmi"].median())).curve
    near = shown.loc[(shown["exposure"] - people["bmi"].median()).abs().idxmin()]
    assert near["upper"] / near["lower"] < 1.1
    assert shown["exposure"].min() >= people["bmi"].nsmallest(6).max()


def test_reports_in_a_table(people: pd.DataFrame) -> None:
    table = curve(people, outcome="depressed", exposure="bmi", adjustment=["age"]).table()
    assert len(table.data) == 2
    assert "Departure from a straight line: chi-square(2) =" in table.note


def test_imputation_is_carried_through(people: pd.DataFrame) -> None:
    gone = people.assign(bmi=people["bmi"].mask(np.random.default_rng(1).random(len(people)) < 0.2))
    design = design_of(gone)
    knots = place_knots(gone["bmi"].dropna())

    given: dict[str, Any] = {"outcome": "crp", "exposure": "bmi", "adjustment": ["age"], "knots": knots}
    tables = impute(gone, ["crp", "bmi", "age"], design=design, m=5, iterations=3, seed=1).tables()
    curves = [curve(table, reference=25, values=[22, 30], **given) for table in tables]
    found = pooled_dose_response(curves)
    assert isinstance(found, DoseResponse)
    whole = curve(people, reference=25, values=[22, 30], **given)
    for one, other in zip(found.contrasts, whole.contrasts, strict=True):
        assert one.n == 400
        assert abs(one.value - other.value) < 2 * one.standard_error
        assert dict(one.details)["imputations"] == "5"
    shown = found.curve.loc[(found.curve["exposure"] - 30).abs().idxmin()]
    assert shown["estimate"] == pytest.approx(found.contrasts[1].value, abs=0.05)
    assert found.non_linearity.df1 == 2
    with pytest.raises(ValueError, match="same knots"):
        pooled_dose_response([curves[0], curve(people, reference=26, **given)])
    refused = pooled_dose_response([curves[0], NotTestable("BMI", "nobody")])
    assert isinstance(refused, NotTestable)
    assert "1 of 2" in refused.reason


def test_says_why_there_is_no_curve(people: pd.DataFrame) -> None:
    design = design_of(people)
    for exposure, reason in (("ctq", "no variable"), ("obese", "two values"), ("smoking", "not hold numbers")):
        found = dose_response_curve(people, outcome="crp", exposure=exposure, design=design)
        assert isinstance(found, NotTestable)
        assert reason in found.reason
    bunched = people.assign(bmi=np.where(people.index < 300, 25.0, people["bmi"]))
    found = dose_response_curve(bunched, outcome="crp", exposure="bmi", design=design)
    assert isinstance(found, NotTestable)
    assert "share a value" in found.reason
