"""Rules about laboratory results: units of a site, coarse limits, plates, and results carried forward."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.cleaning import RULES, apply_rules
from cohort.cleaning.rule import Applied
from cohort.codebook import Codebook

Build = Callable[..., pd.DataFrame]
Tables = dict[str, pd.DataFrame]
SIZE = 100


@pytest.fixture
def laboratory(good: Tables, build: Build) -> Callable[..., Tables]:
    """Return a function that makes results of one analyte at some sites: {site: factor}."""

    def make(analyte: str, unit: str, factors: dict[str, float], **columns: Any) -> Tables:
        rng = np.random.default_rng(1)
        sites = np.repeat(list(factors), SIZE)
        ids = [f"p{number:04d}" for number in range(len(sites))]
        values = np.exp(rng.normal(0.5, 0.8, len(sites))) * np.repeat(list(factors.values()), SIZE)
        empty = {table: frame.iloc[:0] for table, frame in good.items()}
        given = {"value": values.tolist(), "site": sites.tolist(), **columns}
        labs = build("labs", participant_id=ids, visit=["t0"] * len(ids), analyte=[analyte] * len(ids),
                     unit=[unit] * len(ids), **given)  # fmt: skip
        return {**empty, "participants": build("participants", participant_id=ids), "labs": labs}

    return make


def apply(tables: Tables, codebook: Codebook, rule: str) -> Applied:
    return apply_rules(tables, codebook, [one for one in RULES if one.id == rule])


@pytest.mark.parametrize(
    ("analyte", "unit", "factor", "words"),
    [
        ("crp", "mg/L", 0.1, "1/10 times that of the other sites, as in mg/dL in place of mg/L"),
        ("cortisol", "nmol/L", 1 / 27.59, "1/27.59 times that of the other sites, as in ug/dL in place of nmol/L"),
        ("leukocytes", "10^9/L", 1000.0, "1000 times that of the other sites, as in 1/uL in place of 10^9/L"),
        ("il6", "pg/mL", 10.0, "10 times that of the other sites, as with a decimal point one place off"),
    ],
)
def test_a_site_in_another_unit_is_set_missing_and_the_unit_proposed(
    laboratory: Callable[..., Tables], codebook: Codebook, analyte: str, unit: str, factor: float, words: str
) -> None:
    tables = laboratory(analyte, unit, {"A": 1.0, "B": factor, "C": 1.1})
    applied = apply(tables, codebook, "unit_by_site")
    (line,) = applied.ledger.entries.to_dict("records")
    assert line["reason"].startswith(f"{analyte} at site B is {words}")
    assert (line["action"], line["count"], pd.isna(line["participant_id"])) == ("set_missing", SIZE, True)
    missing = applied.tables["labs"]["value"].isna()
    assert missing.to_numpy().tolist() == (tables["labs"]["site"] == "B").to_numpy().tolist()
    kept = [json.loads(text) for text in applied.quarantine["content"]]
    assert len(kept) == SIZE
    assert kept[0]["value"] == pytest.approx(tables["labs"].loc[SIZE, "value"], rel=1e-12)


def test_of_two_sites_either_may_be_off_so_both_are_flagged(
    laboratory: Callable[..., Tables], codebook: Codebook
) -> None:
    tables = laboratory("crp", "mg/L", {"A": 1.0, "B": 0.1})
    applied = apply(tables, codebook, "unit_by_site")
    assert applied.ledger.entries["action"].tolist() == ["flag", "flag"]
    pd.testing.assert_frame_equal(applied.tables["labs"], tables["labs"])


@pytest.mark.parametrize("factors", [{"A": 1, "B": 6, "C": 1}, {"A": 1, "B": 1.2, "C": 0.8}, {"A": 1}])
def test_sites_that_differ_by_no_known_factor_are_left_alone(
    laboratory: Callable[..., Tables], codebook: Codebook, factors: dict[str, float]
) -> None:
    assert apply(laboratory("crp", "mg/L", factors), codebook, "unit_by_site").ledger.entries.empty


def test_few_results_tell_no_unit(laboratory: Callable[..., Tables], codebook: Codebook) -> None:
    tables = laboratory("crp", "mg/L", {"A": 1.0, "C": 1.0, "B": 0.1})
    few = {**tables, "labs": tables["labs"].iloc[: 2 * SIZE + 29]}
    assert apply(few, codebook, "unit_by_site").ledger.entries.empty


def test_a_site_where_more_people_were_infected_has_no_other_unit(
    laboratory: Callable[..., Tables], codebook: Codebook
) -> None:
    rng = np.random.default_rng(3)
    infected = np.concatenate([rng.random(SIZE) < share for share in (0.35, 0.35, 0.7)])
    values = np.exp(np.where(infected, rng.normal(4.6, 0.6, 3 * SIZE), rng.normal(1.5, 0.6, 3 * SIZE)))
    tables = laboratory("cmv_igg", "AU/mL", {"A": 1, "B": 1, "C": 1}, value=values.tolist())
    assert apply(tables, codebook, "unit_by_site").ledger.entries.empty


def test_a_result_below_a_limit_that_the_site_undercuts_is_flagged(
    laboratory: Callable[..., Tables], codebook: Codebook
) -> None:
    tables = laboratory("crp", "mg/L", {"A": 1, "B": 1})
    labs = tables["labs"]
    censoring, limit = ["none"] * (2 * SIZE), [np.nan] * (2 * SIZE)
    lowest = float(labs["value"].min()) * 0.9
    rare = float(labs["value"].iloc[:SIZE].sort_values().iloc[3])
    for row, bound in ((0, 5.0), (1, lowest), (2, rare)):  # coarse, the assay's own, and one that hardly any undercuts
        censoring[row], limit[row] = "below", bound
    labs = labs.assign(
        censoring=pd.Series(censoring, dtype=pd.CategoricalDtype(["none", "below", "above"])), limit=limit
    )
    applied = apply({**tables, "labs": labs}, codebook, "censored_coarse")
    (line,) = applied.ledger.entries.to_dict("records")
    assert (line["participant_id"], line["action"]) == ("p0000", "flag")
    assert line["reason"].startswith("crp: below a limit")


def test_a_shifted_plate_is_one_line_and_sound_ones_are_none(
    laboratory: Callable[..., Tables], codebook: Codebook
) -> None:
    plates = [f"P{number:02d}" for number in np.arange(5 * SIZE) // 25]
    tables = laboratory("igg", "g/L", dict.fromkeys("ABCDE", 1.0), plate=plates)
    labs = tables["labs"]
    values = np.exp(np.random.default_rng(4).normal(2.4, 0.25, len(labs)))
    sound = {**tables, "labs": labs.assign(value=values)}
    assert apply(sound, codebook, "plate_effect").ledger.entries.empty
    shifted = {**tables, "labs": labs.assign(value=np.where(labs["plate"] == "P07", values * 1.5, values))}
    (line,) = apply(shifted, codebook, "plate_effect").ledger.entries.to_dict("records")
    assert line["reason"].startswith("igg on plate P07 is 1.")
    assert (line["action"], line["count"], line["column"]) == ("flag", 25, "value")


@pytest.fixture
def two_visits(good: Tables, build: Build) -> Callable[..., Tables]:
    """Return a function that makes CRP at two visits of 400 people, rounded, the first ones perhaps carried forward."""

    def make(decimals: int, copies: int) -> Tables:
        rng = np.random.default_rng(2)
        person = rng.normal(0, 1, 400)
        first, second = (np.round(np.exp(person + rng.normal(0, 0.5, 400)), decimals) + 10.0**-decimals for _ in "ab")
        second[:copies] = first[:copies]
        ids = [f"p{number:03d}" for number in range(400)]
        labs = build("labs", participant_id=ids * 2, visit=["t1"] * 400 + ["t0"] * 400, analyte=["crp"] * 800,
                     value=[*second, *first], censoring=["none"] * 800,
                     date=["2012-01-01"] * 400 + ["2010-01-01"] * 400)  # fmt: skip
        return {**good, "labs": labs}

    return make


@pytest.mark.parametrize("decimals", [2, 3])
def test_results_carried_forward_are_flagged_at_the_later_visit(
    two_visits: Callable[..., Tables], codebook: Codebook, decimals: int
) -> None:
    lines = apply(two_visits(decimals, copies=20), codebook, "copy_forward").ledger.entries
    assert {f"p{number:03d}" for number in range(20)} <= set(lines["participant_id"])
    assert len(lines) < 30
    assert (set(lines["visit"]), set(lines["action"])) == ({"t1"}, {"flag"})
    assert lines["reason"].str.startswith("crp: equals an earlier result").all()


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_repeats_that_rounding_makes_are_no_copies(
    two_visits: Callable[..., Tables], codebook: Codebook, decimals: int
) -> None:
    tables = two_visits(decimals, copies=0)
    labs = tables["labs"]
    assert (labs["value"].to_numpy()[:400] == labs["value"].to_numpy()[400:]).any()
    assert apply(tables, codebook, "copy_forward").ledger.entries.empty
