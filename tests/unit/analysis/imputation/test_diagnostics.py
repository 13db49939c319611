"""Claims about diagnostics: chains that agree and chains that don't, and observed values beside imputed ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.imputation import impute
from cohort.analysis.imputation.diagnostics import (
    convergence,
    observed_and_imputed_values,
    observed_beside_imputed,
    r_hat,
)


def test_r_hat_is_the_ratio_of_variances() -> None:
    chains = np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]])
    # Within 1, between means 2 and 3: 0.5; (2/3 * 1 + 0.5) / 1.
    assert r_hat(chains) == pytest.approx(np.sqrt(2 / 3 + 0.5))


def test_r_hat_of_chains_that_stand_still() -> None:
    assert np.isnan(r_hat(np.ones((3, 5))))
    assert np.isinf(r_hat(np.arange(3.0)[:, None] * np.ones(5)))
    assert np.isnan(r_hat(np.ones((1, 5))))


def test_chains_settle(mixed_people: Callable[..., pd.DataFrame]) -> None:
    table = mixed_people()
    imputations = impute(table, list(table.columns), m=10, iterations=20, seed=1)
    found = convergence(imputations)
    assert found["settled"].all()
    assert set(found["variable"]) == set(table.columns) - {"age"}
    drifting = imputations.trace.copy()
    drifting["mean"] += 10.0 * drifting["imputation"]
    worse = convergence(dataclasses.replace(imputations, trace=drifting))
    assert not worse["settled"].any()


def test_observed_and_imputed_stand_beside_each_other(mixed_people: Callable[..., pd.DataFrame]) -> None:
    table = mixed_people()
    imputations = impute(table, list(table.columns), m=5, iterations=3, seed=1)
    found = observed_beside_imputed(imputations)
    rows = found.data.set_index(["variable", "what"])
    known = table["crp"].dropna()
    assert rows.loc[("crp", "mean"), "among observed"] == pytest.approx(known.mean())
    assert rows.loc[("crp", "mean"), "observed"] == len(known)
    assert rows.loc[("crp", "mean"), "imputed"] == table["crp"].isna().sum()
    drawn = np.concatenate([t.loc[table["crp"].isna(), "crp"] for t in imputations.tables()])
    assert rows.loc[("crp", "mean"), "among imputed"] == pytest.approx(drawn.mean())
    assert rows.loc[("ill", "share of yes"), "among observed"] == pytest.approx(table["ill"].mean())
    assert ("smoking", "share of never") in rows.index
    assert found.counts == ("observed", "imputed")


def test_values_for_a_figure(mixed_people: Callable[..., pd.DataFrame]) -> None:
    table = mixed_people()
    imputations = impute(table, list(table.columns), m=5, iterations=1, seed=1)
    one, seen, drawn = observed_and_imputed_values(imputations, "smoking")
    assert one.words == ("never", "former", "current")
    assert drawn.shape == (5, table["smoking"].isna().sum())
    assert set(seen) == set(one.words)
    with pytest.raises(KeyError):
        observed_and_imputed_values(imputations, "age")
