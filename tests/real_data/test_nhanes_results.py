"""The main numbers on NHANES 2017-2020 equal those that R's survey package gives; the R script lies in ``r/``."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from cohort.analysis import odds_ratio, proportion
from cohort.results import Estimate
from cohort.study import Study, open_study

PINS = json.loads((Path(__file__).parent / "r" / "nhanes_pins.json").read_text(encoding="utf-8"))
TEMPLATE = Path(__file__).resolve().parents[2] / "data_schema" / "studies" / "nhanes-2017-2020.yaml"
ADJUSTMENT = ("age_years", "sex", "bmi_kg_m2", "smoking")

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def study(nhanes: Path) -> Study:
    return open_study(TEMPLATE, root=nhanes)


@pytest.mark.parametrize("group", ["all", "women", "men"])
def test_prevalence_of_depression_equals_svymean(study: Study, group: str) -> None:
    table = study.person_table
    domain = table["is_eligible"] & (table["phq9_items_answered"] == 9)
    if group != "all":
        domain &= table["sex"] == {"women": "female", "men": "male"}[group]
    found = proportion(table, "has_depression", study.design, domain=domain)
    assert isinstance(found, Estimate)
    pinned = PINS["depression_all_items"][group]
    assert found.value == pytest.approx(pinned["share"], abs=1e-9)
    assert found.standard_error == pytest.approx(pinned["se"], abs=1e-9)
    assert found.interval() == pytest.approx((pinned["lower"], pinned["upper"]), abs=1e-8)
    assert found.n == pinned["n"]


def test_prevalence_is_the_published_one(study: Study) -> None:
    table = study.person_table
    found = proportion(
        table, "has_depression", study.design, domain=table["is_eligible"] & (table["phq9_items_answered"] == 9)
    )
    assert isinstance(found, Estimate)
    assert f"{100 * found.value:.3f} ({100 * found.standard_error:.3f})" == "8.449 (0.471)"


@pytest.mark.parametrize("disease", ["rheumatoid_arthritis", "thyroid_disease"])
def test_adjusted_odds_ratio_equals_svyglm(study: Study, disease: str) -> None:
    found = odds_ratio(
        study.person_table,
        outcome="has_depression",
        exposure=f"has_{disease}",
        adjustment=ADJUSTMENT,
        design=study.design,
    )
    assert isinstance(found, Estimate)
    pinned = PINS["adjusted"][disease]
    assert math.log(found.value) == pytest.approx(pinned["log_or"], abs=1e-6)
    assert found.standard_error == pytest.approx(pinned["se"], abs=1e-6)
    assert found.n == pinned["n"]
    lower, upper = found.interval()
    assert (math.log(lower), math.log(upper)) == pytest.approx((pinned["lower"], pinned["upper"]), abs=1e-6)


def test_no_source_row_is_lost(study: Study) -> None:
    used = study.rows.groupby("file")["rows"].sum().to_dict()
    read = {source["name"]: source["rows"] for source in study.provenance["inputs"]}
    assert used == read
