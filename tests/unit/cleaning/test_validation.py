"""The quick look at a table and its schema: what the look passes, the schema passes too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cohort.cleaning import validation
from cohort.cleaning.validation import check_input, check_output
from cohort.codebook import Codebook
from cohort.errors import CohortError

FAULTS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "none": lambda visits: visits,
    "unknown column": lambda visits: visits.assign(shoe_size=1.0),
    "without a key": lambda visits: visits.drop(columns="visit"),
    "a missing key": lambda visits: visits.assign(visit=visits["visit"].mask(visits.index == 1)),
    "below the limit": lambda visits: visits.assign(age_years=visits["age_years"].where(visits.index != 0, -1.0)),
    "above the limit": lambda visits: visits.assign(bmi_kg_m2=visits["bmi_kg_m2"].where(visits.index != 0, 1e6)),
    "infinite": lambda visits: visits.assign(bmi_kg_m2=visits["bmi_kg_m2"].where(visits.index != 0, np.inf)),
    "an item beyond its limit": lambda visits: visits.assign(phq9_1=visits["phq9_1"].where(visits.index != 0, 99)),
    "text in place of numbers": lambda visits: visits.assign(age_years=visits["age_years"].astype("string")),
    "a number of another kind": lambda visits: visits.assign(phq9_1=visits["phq9_1"].astype("float64")),
    "words without order": lambda visits: visits.assign(smoking=visits["smoking"].astype("string")),
    "nothing but missing": lambda visits: visits.assign(age_years=np.nan),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_quick_look_passes_the_schema_passes(
    good: dict[str, pd.DataFrame], codebook: Codebook, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    tables = {"visits": FAULTS[fault](good["visits"])}

    def outcome() -> list[str]:
        told = []
        for check in (check_input, check_output):
            try:
                check(tables, codebook)
            except CohortError as error:
                told += [str(problem) for problem in error.problems]
        return told

    quick = outcome()
    monkeypatch.setattr(validation, "_is_plainly_canonical", lambda *_: False)
    monkeypatch.setattr(validation, "_is_plainly_clean", lambda *_: False)
    assert outcome() == quick
    assert (quick == []) == (fault in ("none", "nothing but missing"))
