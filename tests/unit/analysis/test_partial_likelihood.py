"""Cox's partial likelihood: pinned to R's coxph, svycoxph and cox.zph, and to PHReg where that takes the right rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cohort.analysis.partial_likelihood import CoxFit, fit_cox
from cohort.analysis.sampling import FloatArray
from cohort.analysis.variables import InestimableError

Ties = Literal["efron", "breslow"]
COLUMNS = ["exposed", "z", "female"]


def fitted(rows: pd.DataFrame, ties: Ties, weights: FloatArray | None = None) -> CoxFit:
    matrix = rows[COLUMNS].to_numpy(dtype=float)
    ends = (rows[name].to_numpy(dtype=float) for name in ("start", "stop"))
    return fit_cox(matrix, *ends, rows["event"].to_numpy(dtype=bool), ties=ties, weights=weights)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_estimates_equal_coxph_with_late_entry_and_ties(
    r_data: Callable[[str], pd.DataFrame], incidence_pins: dict[str, Any], ties: Ties
) -> None:
    rows, pin = r_data("intervals"), incidence_pins["cox"][ties]
    fit = fitted(rows, ties)
    assert fit.coefficients == pytest.approx(pin["estimate"], rel=1e-9)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(pin["se"], rel=1e-9)
    assert fit.log_likelihood == pytest.approx(pin["log_likelihood"], rel=1e-12)
    assert fit.proportionality == pytest.approx(pin["proportionality"], rel=1e-7)
    assert fit.influence[:12, 0] == pytest.approx(pin["dfbeta"], rel=1e-8)
    assert fit.influence.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("unit", ["person", "family"])
def test_sums_of_influence_give_the_robust_variance_of_coxph(
    r_data: Callable[[str], pd.DataFrame], incidence_pins: dict[str, Any], ties: Ties, unit: str
) -> None:
    rows = r_data("intervals")
    unit_of = rows["id" if unit == "person" else "family"].to_numpy()
    sums = np.column_stack([np.bincount(unit_of, weights=column) for column in fitted(rows, ties).influence.T])
    pin = incidence_pins["cox"][ties][f"robust_{unit}"]
    assert np.sqrt(np.diag(sums.T @ sums)) == pytest.approx(pin, rel=1e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_weights_give_the_coefficients_of_svycoxph(
    r_data: Callable[[str], pd.DataFrame], incidence_pins: dict[str, Any], ties: Ties
) -> None:
    rows = r_data("intervals")
    fit = fitted(rows, ties, rows["weight"].to_numpy(dtype=float))
    assert fit.coefficients == pytest.approx(incidence_pins["survey_cox"][ties]["estimate"], rel=1e-9)
    scaled = fitted(rows, ties, 7 * rows["weight"].to_numpy(dtype=float))
    assert scaled.coefficients == pytest.approx(fit.coefficients, rel=1e-9)
    assert scaled.influence == pytest.approx(fit.influence, rel=1e-6, abs=1e-12)


def test_phreg_counts_a_row_at_the_time_it_starts_and_agrees_once_that_is_mended(
    r_data: Callable[[str], pd.DataFrame],
) -> None:
    rows = r_data("intervals")
    starts = rows["start"].to_numpy(dtype=float)
    ours = fitted(rows, "efron").coefficients

    def phreg(entry: FloatArray) -> FloatArray:
        model = sm.PHReg(rows["stop"], rows[COLUMNS], status=rows["event"], entry=entry, ties="efron")
        return np.asarray(model.fit().params)

    assert phreg(np.nextafter(starts, np.inf)) == pytest.approx(ours, rel=1e-5)
    # Why the likelihood is written here: off by more than a tenth of the log hazard ratio.
    assert abs(phreg(starts)[0] - ours[0]) > 0.02


def test_cutting_a_row_in_two_changes_nothing(r_data: Callable[[str], pd.DataFrame]) -> None:
    rows = r_data("intervals")
    middle = (rows["start"] + rows["stop"]) / 2
    halves = pd.concat([rows.assign(stop=middle, event=0), rows.assign(start=middle)], ignore_index=True)
    one, two = fitted(rows, "efron"), fitted(halves, "efron")
    assert two.coefficients == pytest.approx(one.coefficients, rel=1e-9)
    assert two.influence[: len(rows)] + two.influence[len(rows) :] == pytest.approx(one.influence, abs=1e-10)


def test_no_finite_estimate_is_refused(r_data: Callable[[str], pd.DataFrame]) -> None:
    rows = r_data("intervals")
    rows["event"] = rows["event"] * rows["exposed"]
    with pytest.raises(InestimableError, match="monotone"):
        fitted(rows, "efron")
    with pytest.raises(InestimableError, match="constant"):
        fitted(rows.assign(z=1.0), "efron")
    with pytest.raises(InestimableError, match="no events"):
        fitted(rows.assign(event=0), "efron")


def survival(rng: np.random.Generator, n: int, log_ratio: float, turn: float = np.inf) -> pd.DataFrame:
    """Return people with a hazard ratio that holds until an age, after which there is none."""
    x = (rng.random(n) < 0.3).astype(float)
    z = rng.normal(size=n)
    early = rng.exponential(8 / np.exp(log_ratio * x + 0.4 * z), n)
    late = turn + rng.exponential(8 / np.exp(0.4 * z), n)
    fails = np.where(early < turn, early, late)
    entry, leave = rng.uniform(0, 4, n), rng.uniform(5, 15, n)
    kept = fails > entry
    made = pd.DataFrame({"start": entry, "stop": np.minimum(fails, leave), "event": fails <= leave, "x": x, "z": z})
    return made[kept]


def fit_survival(rows: pd.DataFrame) -> CoxFit:
    return fit_cox(
        rows[["x", "z"]].to_numpy(), rows["start"].to_numpy(), rows["stop"].to_numpy(), rows["event"].to_numpy()
    )


def test_late_entry_is_recovered_and_a_null_is_held() -> None:
    rng = np.random.default_rng(30)
    replicates = 120
    logs, rejected, tested = np.zeros((replicates, 2)), 0, 0
    for k in range(replicates):
        fit = fit_survival(survival(rng, 250, 0.5))
        logs[k] = fit.coefficients[0], np.sqrt(fit.covariance[0, 0])
        tested += fit.proportionality[0] < 0.05
        none = fit_survival(survival(rng, 250, 0.0))
        rejected += abs(none.coefficients[0]) > 1.96 * np.sqrt(none.covariance[0, 0])
    spread = logs[:, 0].std() / np.sqrt(replicates)
    assert abs(logs[:, 0].mean() - 0.5) < 3 * spread
    covered = np.mean(np.abs(logs[:, 0] - 0.5) < 1.96 * logs[:, 1])
    allowed = 0.015 + 3 * np.sqrt(0.95 * 0.05 / replicates)
    assert abs(covered - 0.95) < allowed
    assert abs(rejected / replicates - 0.05) < allowed
    assert abs(tested / replicates - 0.05) < allowed


def test_hazards_that_are_not_proportional_are_found() -> None:
    fit = fit_survival(survival(np.random.default_rng(4), 4000, 1.2, turn=5.0))
    assert fit.proportionality[0] < 0.001
    assert fit.proportionality[1] > 0.001
