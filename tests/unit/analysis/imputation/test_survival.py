"""Claims about the cumulative hazard: R's numbers, delayed entry, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.imputation.survival import nelson_aalen
from cohort.analysis.variables import InestimableError

R = Path(__file__).resolve().parent / "r"


@pytest.fixture
def pins() -> dict[str, Any]:
    """Return what r/pins.R printed: R 4.2.2, mice 3.15.0, survival 3.5.3."""
    return dict(json.loads((R / "pins.json").read_text(encoding="utf-8")))


@pytest.fixture
def followed() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": [2.0, 3, 3, 5, 6, 6, 8, 9, 11, 12],
            "event": pd.array([1, 1, 0, 1, 0, 1, 1, 0, 1, 0], dtype="Int64"),
            "entry": [0.0, 1, 0, 2, 0, 4, 3, 0, 5, 2],
        },
        index=list("abcdefghij"),
    )


def test_hazard_agrees_with_mice_and_survfit(followed: pd.DataFrame, pins: dict[str, Any]) -> None:
    found = nelson_aalen(followed["time"], followed["event"])
    np.testing.assert_allclose(found, pins["nelson_aalen"], rtol=1e-12)
    np.testing.assert_allclose(found, pins["plain"], rtol=1e-12)
    assert found.index.equals(followed.index)


def test_hazard_with_delayed_entry_is_that_between_entry_and_end(followed: pd.DataFrame, pins: dict[str, Any]) -> None:
    found = nelson_aalen(followed["time"], followed["event"], followed["entry"])
    np.testing.assert_allclose(found, pins["delayed"], rtol=1e-12)


def test_missing_follow_up_stays_missing_and_changes_nobody_else(followed: pd.DataFrame) -> None:
    more = pd.concat([followed, pd.DataFrame({"time": [np.nan], "event": [1], "entry": [0.0]})])
    found = nelson_aalen(more["time"], more["event"])
    assert np.isnan(found.iloc[-1])
    np.testing.assert_array_equal(found.iloc[:-1], nelson_aalen(followed["time"], followed["event"]))


def test_an_end_before_the_entry_is_refused(followed: pd.DataFrame) -> None:
    with pytest.raises(InestimableError, match="after the end"):
        nelson_aalen(followed["time"], followed["event"], followed["entry"] + 5)
