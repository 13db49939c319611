"""What the tests of imputation share: people with values missing at random, of every kind of column."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def mixed_people() -> Callable[..., pd.DataFrame]:
    """Return a maker of people with a number, a count, yes/no, unordered and ordered words, each with gaps."""

    def make(n: int = 300, seed: int = 1, share: float = 0.2) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        z = rng.normal(size=n)
        table = pd.DataFrame(
            {
                "age": 50 + 10 * z,
                "crp": np.exp(0.5 * z + rng.normal(size=n)),
                "children": pd.array(rng.poisson(np.exp(0.2 * z)), dtype="Int64"),
                "ill": pd.array(rng.random(n) < 1 / (1 + np.exp(1 - z)), dtype="boolean"),
                "smoking": pd.Categorical.from_codes(
                    np.digitize(z + rng.logistic(size=n), [-0.5, 1.0]), ["never", "former", "current"]
                ),
                "education": pd.Categorical.from_codes(
                    np.digitize(z + rng.logistic(size=n), [-1.0, 1.0]),
                    ["low", "middle", "high", "unknown"],
                    ordered=True,
                ),
                "site": pd.array(np.where(rng.random(n) < 0.5, "north", "south"), dtype="str"),
                "sport": pd.array(rng.integers(0, 2, n), dtype="Int64"),
            },
            index=[f"p{number}" for number in range(n)],
        )
        for name in table.columns[1:]:
            gone = rng.random(n) < share
            table[name] = table[name].mask(gone)
        return table

    return make
