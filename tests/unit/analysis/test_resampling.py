"""Bootstrap weights: people, clusters and units within strata vary as linearisation says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config

from cohort.analysis.resampling import Units, bootstrap, bootstrap_together, units_of
from cohort.analysis.sampling import design_of
from cohort.analysis.variables import InestimableError


@pytest.fixture
def survey() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    unit = np.arange(240) // 8
    values = rng.normal(size=240) + rng.normal(size=30)[unit]
    return pd.DataFrame({"survey_weight": rng.uniform(1, 3, 240), "survey_stratum": unit // 3, "survey_psu": unit,
                         "y": values})  # fmt: skip


def test_units_of_a_survey_vary_as_linearisation_says(survey: pd.DataFrame) -> None:
    design = design_of(survey)
    total = design.weight() * survey["y"].to_numpy()
    drawn, failed = bootstrap(
        lambda times: [float(total @ times)], units_of(design), replicates=2000, seed=np.random.SeedSequence(1)
    )
    linear = design.covariance(total[:, None], np.ones(240, dtype=bool))[0, 0]
    assert failed == 0
    assert drawn.var(ddof=1) == pytest.approx(linear, rel=0.12)
    assert drawn.mean() == pytest.approx(total.sum(), abs=4 * np.sqrt(linear / 2000))


def test_a_lone_unit_stays_and_people_without_weight_go(survey: pd.DataFrame) -> None:
    lone = survey.assign(survey_stratum=np.where(np.arange(240) < 8, -1, survey["survey_stratum"]))
    lone.loc[200:, "survey_weight"] = 0.0
    times = units_of(design_of(lone)).multipliers(np.random.default_rng(1), 20)
    assert (times[:, :8] == 1).all()
    assert (times[:, 200:] == 0).all()
    assert times.shape == (20, 240)


def test_people_and_clusters_are_drawn_whole() -> None:
    design = design_of(pd.DataFrame({"y": np.zeros(60)}))
    people = units_of(design).multipliers(np.random.default_rng(1), 5)
    assert (people.sum(axis=1) == 60).all()
    family = np.arange(60) // 3
    clusters = units_of(design, family)
    times = clusters.multipliers(np.random.default_rng(1), 5)
    assert (np.ptp(times.reshape(5, 20, 3), axis=2) == 0).all()
    assert clusters.words == "clusters"


def _flaky(share: float, units: Units) -> tuple[np.ndarray, int]:
    rng = np.random.default_rng(3)

    def statistic(times: np.ndarray) -> list[float]:
        if rng.random() < share:
            raise InestimableError("separation")
        return [float(times[0])]

    return bootstrap(statistic, units, replicates=200, seed=np.random.SeedSequence(1))


def test_many_samples_without_estimate_are_no_bootstrap() -> None:
    units = units_of(design_of(pd.DataFrame({"y": np.zeros(10)})))
    drawn, failed = _flaky(0.02, units)
    assert len(drawn) + failed == 200
    assert failed > 0
    with pytest.raises(InestimableError, match="of 200 bootstrap samples"):
        _flaky(0.2, units)


def test_replicates_together_are_those_of_one_by_one(survey: pd.DataFrame) -> None:
    units, y = units_of(design_of(survey)), survey["y"].to_numpy()
    given: dict[str, Any] = {"replicates": 60, "seed": np.random.SeedSequence(4)}
    alone, _ = bootstrap(lambda times: [float(times @ y), float(times.sum())], units, **given)
    given["seed"] = np.random.SeedSequence(4)
    with parallel_config(backend="threading"):  # processes take seconds to start
        together, failed = bootstrap_together(
            lambda times: np.column_stack([times @ y, times.sum(axis=1)]), units, workers=2, **given
        )
    assert failed == 0
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_a_replicate_that_is_no_number_has_no_estimate() -> None:
    units = units_of(design_of(pd.DataFrame({"y": np.zeros(10)})))

    def some(share: float) -> tuple[np.ndarray, int]:
        return bootstrap_together(
            lambda times: np.column_stack([np.where(times[:, 0] > share, np.nan, 1.0), times[:, 1]]),
            units,
            replicates=100,
            seed=np.random.SeedSequence(2),
        )

    drawn, failed = some(3)
    assert len(drawn) + failed == 100
    assert 0 < failed <= 5
    with pytest.raises(InestimableError, match="of 100 bootstrap samples"):
        some(0)
