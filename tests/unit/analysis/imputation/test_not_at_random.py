"""Claims about values missing not at random: the imputation is biased, a delta repairs it, tipping points are found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from cohort.analysis import design_of, mean, mean_difference, proportion
from cohort.analysis.imputation import Variable, impute, imputed
from cohort.analysis.imputation.not_at_random import side_of_null, tipping_points
from cohort.results import Estimate, Result


def people_not_at_random(seed: int, n: int = 2000) -> pd.DataFrame:
    """Return people of whom those with a low value are missing: their mean is lower by 1 than z suggests."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    gone = rng.random(n) < 0.4
    x = z + rng.normal(size=n) - 1.0 * gone
    return pd.DataFrame({"z": z, "x": np.where(gone, np.nan, x), "truth": x})


def mean_of(table: pd.DataFrame) -> Result:
    return mean(table, "x", design_of(table))


def value(found: Result) -> float:
    assert isinstance(found, Estimate), found
    return found.value


@pytest.mark.parametrize("method", ["normal", "predictive mean matching"])
def test_what_is_not_missing_at_random_is_biased_and_the_right_delta_repairs_it(method: str) -> None:
    table = people_not_at_random(1)
    found = {
        delta: value(
            imputed(
                table,
                mean_of,
                ["z", Variable("x", method)],  # type: ignore[arg-type]
                design=design_of(table),
                m=10,
                iterations=1,
                seed=1,
                delta={"x": delta},
            )
        )
        for delta in (0.0, -1.0)
    }
    truth = table["truth"].mean()
    assert found[0.0] > truth + 0.3
    assert found[-1.0] == pytest.approx(truth, abs=0.08)


def test_a_delta_of_a_yes_no_variable_is_on_the_logit() -> None:
    rng = np.random.default_rng(1)
    n = 4000
    gone = rng.random(n) < 0.5
    ill = rng.random(n) < special.expit(-1 + 1.0 * gone)
    table = pd.DataFrame({"z": rng.normal(size=n), "ill": pd.array(ill, dtype="boolean")})
    table["ill"] = table["ill"].mask(gone)
    found = imputed(
        table,
        lambda t: proportion(t, "ill", design_of(t)),
        ["z", "ill"],
        design=design_of(table),
        m=10,
        iterations=1,
        seed=1,
        delta={"ill": 1.0},
    )
    assert value(found) == pytest.approx(ill.mean(), abs=0.03)
    assert isinstance(found, Estimate)
    assert dict(found.details)["delta added to imputed values"] == "ill +1"


def test_values_beyond_a_limit_stay_beyond_it_whatever_the_delta() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"z": rng.normal(size=500)})
    table["x"] = (table["z"] + rng.normal(size=500)).clip(lower=-1)
    table["c"] = np.where(table["x"] == -1, "below", "none")
    table.loc[:49, "x"] = np.nan
    drawn = [
        impute(table, ["z", Variable("x", censoring="c")], m=3, iterations=1, seed=1, delta={"x": d}).completed(0)["x"]
        for d in (0.0, 5.0)
    ]
    limited = (table["c"] == "below") & table["x"].notna()
    np.testing.assert_array_equal(drawn[0][limited], drawn[1][limited])
    np.testing.assert_allclose(drawn[0][:50] + 5, drawn[1][:50])


def test_tipping_points_are_found_and_told() -> None:
    rng = np.random.default_rng(5)
    n = 800
    x = pd.Series(rng.random(n) < 0.4)
    y = 0.3 * x + rng.normal(size=n)
    table = pd.DataFrame({"x": x, "y": y.where(~(x & (rng.random(n) < 0.4)))})

    def analysis(frame: pd.DataFrame) -> Result:
        return mean_difference(frame, outcome="y", exposure="x", design=design_of(frame))

    found = tipping_points(
        table,
        analysis,
        ["x", Variable("y", "normal")],
        variable="y",
        deltas=[-1.5, -1.0, -0.5, 0.5],
        design=design_of(table),
        seed=3,
        m=10,
        iterations=1,
    )
    rows = found.data.set_index("delta")
    assert rows.index.tolist() == [-1.5, -1.0, -0.5, 0.0, 0.5]
    assert rows["estimate"].is_monotonic_increasing
    assert rows.loc[0.0, "interval"] == "above"
    assert rows.loc[-1.0, "interval"] != "above"
    tipping = -0.5 if rows.loc[-0.5, "interval"] != "above" else -1.0
    assert found.note == f"The interval changes its side of no effect with {tipping:+g} added to imputed values of 'y'."
    # One imputed in six: an estimate moves by delta times the imputed share of the exposed.
    shift = rows.loc[-1.0, "estimate"] - rows.loc[0.0, "estimate"]
    assert shift == pytest.approx(-table.loc[table["x"], "y"].isna().mean(), abs=1e-6)


def test_sides_of_no_effect() -> None:
    def side(value: float) -> str:
        return side_of_null(Estimate("RA", "difference", value, 1.0, null=0.0))

    assert [side(v) for v in (-3.0, 0.0, 3.0)] == ["below", "includes no effect", "above"]
    assert side_of_null(Estimate("RA", "prevalence", 0.1, 0.01)) == ""
