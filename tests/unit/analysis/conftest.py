"""What the tests of analysis share: the simulated survey that R's results are pinned to."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.results import Estimate, Result

R = Path(__file__).resolve().parent / "r"


@pytest.fixture(scope="session")
def pins() -> dict[str, Any]:
    """Return what r/pins.R printed: R 4.2.2, survey 4.1.1."""
    return dict(json.loads((R / "pins.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def incidence_pins() -> dict[str, Any]:
    """Return what r/incidence.R printed: R 4.2.2, survival 3.5-3, survey 4.1-1, sandwich 3.0-2, brglm2 0.9."""
    return dict(json.loads((R / "incidence.json").read_text(encoding="utf-8")))


@pytest.fixture
def r_data() -> Callable[[str], pd.DataFrame]:
    """Return a reader of the invented data that r/incidence.R read, by the name of the file."""
    return lambda name: pd.read_csv(R / f"{name}.csv", encoding="utf-8")


@pytest.fixture
def risk_cohort(r_data: Callable[[str], pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the risk table and the people of r/intervals.csv: depression after any autoimmune disease."""
    rows = r_data("intervals")
    intervals = rows.rename(columns={"exposed": "is_exposed"}).assign(
        participant_id=rows["id"].astype(str), outcome="lifetime_depression", exposure="any_autoimmune_disease"
    )
    people = rows.drop_duplicates("id").assign(participant_id=lambda t: t["id"].astype(str)).reset_index(drop=True)
    return intervals, people[["participant_id", "z", "female", "family", "weight", "stratum", "psu"]]


@pytest.fixture
def simulate_onsets() -> Callable[..., tuple[pd.DataFrame, pd.DataFrame]]:
    """Return a maker of lives in which an exposure that begins in time multiplies a rate that rises with age."""

    def make(
        rng: np.random.Generator, n: int, log_ratio: float, *, detection: float = 0.0
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        # With detection, some of the outcome is found within the first year of the exposure, whatever caused it.
        z = rng.normal(size=n)
        turn = rng.uniform(20, 90, n)
        entry, leave = rng.uniform(25, 45, n), rng.uniform(50, 75, n)
        # The hazard 0.0004 age exp(0.5 z) is integrated and inverted, before and after the exposure begins.
        rate = 0.0004 * np.exp(0.5 * z)
        left = rng.exponential(size=n)
        before = rate * turn**2 / 2
        fails = np.where(
            left < before, np.sqrt(2 * left / rate), np.sqrt(turn**2 + 2 * (left - before) / (rate * np.exp(log_ratio)))
        )
        found = (rng.random(n) < detection) & (turn > entry) & (turn < np.minimum(fails, leave))
        fails = np.where(found, turn + 0.5 * rng.random(n), fails)
        kept = fails > entry
        stop = np.minimum(fails, leave)
        ids = np.array([f"p{i}" for i in range(n)])
        splits = kept & (turn > entry) & (turn < stop)
        event = fails <= leave
        one = pd.DataFrame(
            {"participant_id": ids, "start": entry, "stop": np.where(splits, turn, stop), "event": event & ~splits,
             "is_exposed": turn <= entry}
        )[kept]  # fmt: skip
        two = pd.DataFrame(
            {"participant_id": ids, "start": turn, "stop": stop, "event": event, "is_exposed": True}
        )[splits]  # fmt: skip
        rows = pd.concat([one, two]).assign(outcome="lifetime_depression", exposure="any_autoimmune_disease")
        return rows, pd.DataFrame({"participant_id": ids, "z": z})

    return make


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


@pytest.fixture
def check_ratio(simulate_onsets: Callable[..., tuple[pd.DataFrame, pd.DataFrame]]) -> Callable[..., None]:
    """Return a check that an estimator of a ratio of hazards or rates recovers a truth and holds its level."""

    def check(estimator: Callable[..., Result], question: object) -> None:
        rng = np.random.default_rng(77)
        replicates = 30
        logs, covered, rejected = [], 0, 0
        for _ in range(replicates):
            for truth in (0.6, 0.0):
                rows, people = simulate_onsets(rng, 500, truth)
                result = estimator(rows, people, question, adjustment=["z"], design=design_of(people))
                assert isinstance(result, Estimate)
                low, high = result.interval()
                holds = low < math.exp(truth) < high
                if truth:
                    logs.append(math.log(result.value))
                    covered += holds
                else:
                    rejected += not holds
        allowed = 0.015 + 3 * math.sqrt(0.95 * 0.05 / replicates)
        assert abs(np.mean(logs) - 0.6) < 3 * np.std(logs) / math.sqrt(replicates)
        assert abs(covered / replicates - 0.95) < allowed
        assert rejected / replicates < 0.05 + allowed

    return check
