"""What the tests of subgroups share: the invented people that R and stepmix read, and what these printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

R_MODELS = Path(__file__).resolve().parent / "r_models"


@pytest.fixture(scope="session")
def invented() -> pd.DataFrame:
    """Return r_models/people.csv: three overlapping groups in the markers a to d."""
    return pd.read_csv(R_MODELS / "people.csv", encoding="utf-8")


@pytest.fixture(scope="session")
def model_pins() -> dict[str, Any]:
    """Return what r_models/pins.R printed: R 4.2.2, mclust 6.0.0, fpc 2.2-10, pROC 1.18.0, metafor 3.8-1."""
    return dict(json.loads((R_MODELS / "pins.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def stepmix_pins() -> dict[str, Any]:
    """Return what r_models/stepmix_pins.py wrote with stepmix 3.0.0."""
    return dict(json.loads((R_MODELS / "stepmix.json").read_text(encoding="utf-8")))
