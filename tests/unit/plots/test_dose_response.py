"""Dose-response figures: readable anywhere, no single person at the foot, and a reason where there is no curve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from scipy import special

from cohort.analysis.dose_response import DoseResponse, dose_response_curve
from cohort.analysis.sampling import design_of
from cohort.disclosure import Disclosure
from cohort.plots import draw_dose_response, figure
from cohort.results import NotTestable

STRICT = Disclosure(5, 5)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    bmi = np.append(rng.normal(26, 4, 999), 61.7).round(1)
    ill = rng.random(1000) < special.expit(-1 + 0.1 * (bmi - 26))
    return pd.DataFrame({"bmi_kg_m2": bmi, "has_depression": ill, "ln_crp": 0.1 * bmi + rng.normal(size=1000)})


def found(people: pd.DataFrame, outcome: str) -> DoseResponse:
    curve = dose_response_curve(people, outcome=outcome, exposure="bmi_kg_m2", design=design_of(people))
    assert isinstance(curve, DoseResponse)
    return curve


@pytest.mark.parametrize("outcome", ["has_depression", "ln_crp"])
@pytest.mark.parametrize("share", [1, 2])
def test_every_text_has_its_place(
    people: pd.DataFrame,
    outcome: str,
    share: int,
    outside: Callable[[Axes], list[str]],
    overlapping: Callable[[Axes], list[tuple[str, str]]],
) -> None:
    place = None if share == 1 else figure(10, 4.5).subplots(1, 2)[0]
    curve = found(people, outcome)
    truth = curve.curve[["exposure", "estimate"]]
    ax = draw_dose_response(curve, people["bmi_kg_m2"], disclosure=STRICT, truth=truth, ax=place)
    assert outside(ax) == []
    assert overlapping(ax) == []
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_window_extent().x1 <= ax.get_window_extent().x1 + 20


def test_the_ends_hold_no_single_person(people: pd.DataFrame) -> None:
    ax = draw_dose_response(found(people, "has_depression"), people["bmi_kg_m2"], disclosure=STRICT)
    assert ax.get_xlim()[1] < 45
    strip = ax.child_axes[0]
    assert max(bar.get_x() + bar.get_width() for bar in strip.patches) < 45  # type: ignore[attr-defined]
    assert strip.get_xlim() == ax.get_xlim()


def test_the_curve_stands_above_the_people_and_closes_at_the_reference(people: pd.DataFrame) -> None:
    curve = found(people, "ln_crp")
    ax = draw_dose_response(curve, people["bmi_kg_m2"], disclosure=STRICT)
    bottom = ax.transAxes.inverted().transform(ax.transData.transform((26, curve.curve["lower"].min())))[1]
    assert bottom > 0.16
    mark = next(line for line in ax.get_lines() if line.get_marker() == "o")
    assert mark.get_xydata()[0].tolist() == [curve.reference, 0.0]


def test_says_why_there_is_no_curve() -> None:
    ax = draw_dose_response(NotTestable("Childhood trauma", "this cohort has no variable 'ctq'"), disclosure=STRICT)
    assert "no variable" in ax.texts[0].get_text()
