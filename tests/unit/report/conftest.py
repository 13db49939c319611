"""A small real-like study whose counts need protection."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.cleaning import Flow
from cohort.disclosure import Disclosure
from cohort.ledger import Ledger
from cohort.study import Study


@pytest.fixture
def study() -> Study:
    people = pd.DataFrame(
        {
            "participant_id": pd.array([f"p{i}" for i in range(103)], dtype="string"),
            "is_eligible": pd.array([True] * 103, dtype="boolean"),
            "has_depression": pd.array([True] * 3 + [False] * 100, dtype="boolean"),
            "age_years": np.linspace(20, 80, 103),
        }
    )
    ledger = Ledger.empty().add(rule="range_hard", severity="error", action="set_missing", table="visits",
                                column="bmi_kg_m2", count=3)  # fmt: skip
    return Study(
        name="small",
        title="A small cohort",
        synthetic=False,
        tables={"person_table": people},
        ledger=ledger,
        quarantine=pd.DataFrame(columns=["rule", "reason"]),
        flow=Flow((), ()),
        rows=pd.DataFrame({"file": ["a"], "source": ["a"], "status": ["used"], "reason": [""], "rows": [103]}),
        disclosure=Disclosure(5, 5),
        provenance={"inputs": [], "cohort_version": "0", "python": "3", "libraries": {}},
    )
