"""What the tests of mediation share: invented people and what R made of them."""

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
def mediation_pins() -> dict[str, Any]:
    """Return what r/mediation.R printed: R 4.2.2, MASS 7.3-58.2, nnet 7.3-18."""
    return dict(json.loads((R / "mediation.json").read_text(encoding="utf-8")))


@pytest.fixture
def abused_people() -> pd.DataFrame:
    """Return the invented people of r/mediation.csv."""
    people = pd.read_csv(R / "mediation.csv", encoding="utf-8")
    words = pd.CategoricalDtype(["never", "former", "current"], ordered=True)
    return people.assign(smoking=people["smoking"].astype(words))


def _linear_world(
    rng: np.random.Generator, n: int, *, to_mediator: float = 1.0, hidden: float = 0.0, confounder: bool = True
) -> pd.DataFrame:
    """Return a world with a confounder c, exposure a, mediator m and outcome y: direct effect 0.5, m on y 0.4.

    With ``hidden`` an unmeasured cause raises m and y by so much.
    """
    c = rng.normal(size=n)
    a = (rng.random(n) < 1 / (1 + np.exp(-(0.8 * c if confounder else 0.0)))).astype(float)
    u = rng.normal(size=n)
    m = to_mediator * a + 0.5 * c + hidden * u + rng.normal(size=n)
    y = 0.5 * a + 0.4 * m + 0.3 * c + hidden * u + rng.normal(size=n)
    return pd.DataFrame({"c": c, "a": a, "m": m, "y": y})


@pytest.fixture
def linear_world() -> Callable[..., pd.DataFrame]:
    """Return a maker of linear worlds."""
    return _linear_world
