"""Demands and what was found of them, as text."""

from __future__ import annotations

import math

import pandas as pd

from cohort.diagnosis import load_rules
from cohort.diagnosis.page import page


def test_what_has_no_error_of_its_own_stands_without_one() -> None:
    demands = [("S13", "titre", "right", "longest interval at most 13.82", 1.5, math.nan, True),
               ("S13", "titre", "right", "type I error at most 0.07", 0.08, 0.012, False)]  # fmt: skip
    checks = pd.DataFrame(demands, columns=["study", "method", "part", "demand", "value", "monte_carlo_se", "passes"])
    table = pd.DataFrame(
        {"study": "S13", "method": "titre", "part": "right", "people": 300, "scale": "log", "value": [0.0, 0.95],
         "diagnosand": ["truth", "coverage"], "monte_carlo_se": 0.01}
    )  # fmt: skip
    reasons = pd.DataFrame({"study": ["S13"], "method": ["titre"], "reason": ["chance"]})
    told = page(table, checks, reasons, load_rules())
    assert "| longest interval at most 13.82 | 1.500 | yes |" in told
    assert "| type I error at most 0.07 | 0.080 (0.012) | chance |" in told
    assert "1 of 2 demands hold." in told
