"""What the tests of analysis share: the simulated survey that R's results are pinned to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

R = Path(__file__).resolve().parent / "r"


@pytest.fixture(scope="session")
def pins() -> dict[str, Any]:
    """Return what r/pins.R printed: R 4.2.2, survey 4.1.1."""
    return dict(json.loads((R / "pins.json").read_text(encoding="utf-8")))


@pytest.fixture
def survey_people() -> pd.DataFrame:
    """Return r/people.csv as a person table; the domain is people of 20 and older."""
    table = pd.read_csv(R / "people.csv", encoding="utf-8").rename(
        columns={"weight": "survey_weight", "stratum": "survey_stratum", "psu": "survey_psu"}
    )
    table["smoking"] = pd.Categorical(table["smoking"], ["never", "former", "current"])
    for column in ("ill", "ra", "female", "infection"):
        table[column] = table[column].astype("Int64").astype("boolean")
    table["is_eligible"] = (table["age"] >= 20).astype("boolean")
    return table


@pytest.fixture
def simulate_people() -> Callable[..., pd.DataFrame]:
    """Return a maker of people: confounder z, exposure x, modifier m and outcome y with known log odds ratios."""

    def make(
        rng: np.random.Generator,
        n: int,
        *,
        x_on_y: float = 0.0,
        z_on_x: float = 0.8,
        z_on_y: float = 0.7,
        m_on_y: float = 0.0,
        xm_on_y: float = 0.0,
        intercept: float = -1.5,
    ) -> pd.DataFrame:
        z = rng.normal(size=n)
        x = rng.random(n) < 1 / (1 + np.exp(1.0 - z_on_x * z))
        m = rng.random(n) < 0.3
        logit = intercept + x_on_y * x + z_on_y * z + m_on_y * m + xm_on_y * x * m
        y = rng.random(n) < 1 / (1 + np.exp(-logit))
        score = 0.5 + x_on_y * x + z_on_y * z + rng.normal(size=n) * np.exp(0.3 * z)
        return pd.DataFrame({"z": z, "x": x, "m": m, "y": y, "score": score})

    return make
