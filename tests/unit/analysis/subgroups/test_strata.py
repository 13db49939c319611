"""Claims about CRP strata: shares as counted, and a uniform shift told apart from an inflamed subgroup."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.subgroups.strata import crp_strata_by, location_scale_shift, raised_crp_in_severe_depression
from cohort.results import Estimate, NotTestable, Result

SEEN, SHIFTED, LEFT = (f"excess above 3 mg/L, {part}" for part in ("seen", "uniform shift", "seen less shift"))


def simulated(n: int = 3000, seed: int = 1, *, shift: float = 0.0, inflamed: float = 0.0) -> pd.DataFrame:
    """Return people whose depressed part has everybody's ln CRP shifted, or a share of them much inflamed."""
    rng = np.random.default_rng(seed)
    depressed = rng.random(n) < 0.3
    ln_crp = rng.standard_normal(n) + depressed * (shift + 2.5 * (rng.random(n) < inflamed))
    severity = np.where(depressed, rng.choice(["moderate", "moderately_severe", "severe"], n), "mild")
    crp = np.exp(ln_crp)
    return pd.DataFrame(
        {
            "has_depression": pd.array(depressed, dtype="boolean"),
            "depression_severity": pd.Categorical(
                severity, ["none", "mild", "moderate", "moderately_severe", "severe"], ordered=True
            ),
            "crp_mg_l": crp,
            "crp_stratum": pd.Categorical(
                np.select([crp < 1, crp <= 3, crp <= 10], ["<1", "1-3", ">3-10"], ">10"),
                ["<1", "1-3", ">3-10", ">10"],
                ordered=True,
            ),
        }
    )


def surveyed(table: pd.DataFrame, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return table.assign(
        survey_weight=rng.gamma(2, 100, len(table)),
        survey_stratum=np.char.mod("%d", rng.integers(10, size=len(table))),
        survey_psu=np.char.mod("%d", rng.integers(3, size=len(table))),
    )


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def test_shares_of_each_stratum_are_those_counted_and_sum_to_one() -> None:
    table = simulated()
    found = {r.label: estimate(r).value for r in crp_strata_by(table, "has_depression", design_of(table))}
    for group, member in (("no", ~table["has_depression"]), ("yes", table["has_depression"])):
        counted = table.loc[member.to_numpy(dtype=bool), "crp_stratum"].value_counts(normalize=True)
        shares = {name: found[f"Depression: {group}, CRP {name} mg/L"] for name in counted.index}
        assert shares == pytest.approx(counted.to_dict())
        assert sum(shares.values()) == pytest.approx(1)
        above = found[f"Depression: {group}, CRP above 3 mg/L"]
        assert above == pytest.approx(shares[">3-10"] + shares[">10"])


def test_survey_weights_are_used_and_unknown_crp_leaves_the_share() -> None:
    table = surveyed(simulated())
    table.loc[:199, "crp_stratum"] = None
    found = {r.label: estimate(r) for r in crp_strata_by(table, "has_depression", design_of(table))}
    known = table[table["crp_stratum"].notna() & table["has_depression"]]
    direct = np.average(known["crp_stratum"].isin([">3-10", ">10"]), weights=known["survey_weight"])
    result = found["Depression: yes, CRP above 3 mg/L"]
    assert result.value == pytest.approx(direct)
    assert result.n == len(known)
    assert dict(result.details) | {"group": "yes", "CRP stratum": "above 3"} == dict(result.details)


def test_groups_of_words_keep_their_order() -> None:
    table = simulated()
    found = crp_strata_by(table, "depression_severity", design_of(table))
    labels = [r.label for r in found if isinstance(r, Estimate)]
    assert labels[0].startswith("Depression severity: mild")
    assert isinstance(found[0], NotTestable)
    assert len(found) == 25


def test_raised_crp_in_severe_depression_is_compared_with_one_half() -> None:
    table = simulated(shift=0.5)
    found = raised_crp_in_severe_depression(table, design_of(table))
    severe = table["depression_severity"].isin(["moderately_severe", "severe"])
    rest = ~table["has_depression"].to_numpy(dtype=bool)
    for threshold in (1, 3, 10):
        share = estimate(found[f"above {threshold} mg/L"])
        assert share.value == pytest.approx((table.loc[severe, "crp_mg_l"] > threshold).mean())
        assert share.null == 0.5
        assert share.claims == ("IP-24",)
        excess = estimate(found[f"excess above {threshold} mg/L"])
        assert excess.value == pytest.approx(share.value - (table.loc[rest, "crp_mg_l"] > threshold).mean(), abs=1e-6)


def test_a_limit_above_the_threshold_makes_the_value_unknown() -> None:
    """Half of the low values come from an assay with a limit of 2 mg/L: whether they exceed 1 mg/L is not known."""
    table = simulated()
    coarse = (table["crp_mg_l"] < 2) & (table.index % 2 == 0)
    table = table.assign(crp_mg_l=table["crp_mg_l"].mask(coarse, 2.0), crp_censoring=np.where(coarse, "below", "none"))
    found = raised_crp_in_severe_depression(table, design_of(table))
    severe = table["depression_severity"].isin(["moderately_severe", "severe"])
    above_1 = estimate(found["above 1 mg/L"])
    assert above_1.n == int((severe & ~coarse).sum())
    assert above_1.value == pytest.approx((table.loc[severe & ~coarse, "crp_mg_l"] > 1).mean())
    assert estimate(found["above 3 mg/L"]).n == int(severe.sum())


def test_a_uniform_shift_explains_all_of_the_excess_and_leaves_the_spread() -> None:
    table = simulated(20_000, shift=0.4)
    found = location_scale_shift(table, "has_depression", design_of(table))
    assert estimate(found["shift of ln CRP"]).value == pytest.approx(0.4, abs=0.05)
    assert estimate(found[SHIFTED]).value == pytest.approx(estimate(found[SEEN]).value, abs=0.015)
    low, high = estimate(found[LEFT]).interval()
    assert low < 0 < high
    low, high = estimate(found["standard deviations of ln CRP"]).interval()
    assert low < 1 < high


def test_an_inflamed_subgroup_leaves_an_excess_and_a_wider_spread() -> None:
    table = simulated(20_000, inflamed=0.15)
    found = location_scale_shift(table, "has_depression", design_of(table))
    assert estimate(found[LEFT]).interval()[0] > 0
    assert estimate(found["standard deviations of ln CRP"]).interval()[0] > 1


def test_the_parts_of_the_excess_add_up_and_agree_with_direct_calculation() -> None:
    table = surveyed(simulated(shift=0.3))
    found = {
        name: estimate(r).value for name, r in location_scale_shift(table, "has_depression", design_of(table)).items()
    }
    assert found[SEEN] == pytest.approx(found[SHIFTED] + found[LEFT])
    ln_crp, weight = np.log(table["crp_mg_l"]), table["survey_weight"]
    case = table["has_depression"].to_numpy(dtype=bool)
    moved = ln_crp[~case] + found["shift of ln CRP"] > math.log(3)
    rest = ln_crp[~case] > math.log(3)
    assert found[SHIFTED] == pytest.approx(
        np.average(moved, weights=weight[~case]) - np.average(rest, weights=weight[~case])
    )
    variation = []
    for group in (case, ~case):
        centre = np.average(table.loc[group, "crp_mg_l"], weights=weight[group])
        variance = np.average((table.loc[group, "crp_mg_l"] - centre) ** 2, weights=weight[group])
        variation.append(math.sqrt(variance) / centre)
    assert found["coefficients of variation of CRP"] == pytest.approx(variation[0] / variation[1])
    means = [np.average(ln_crp[group], weights=weight[group]) for group in (case, ~case)]
    spread = [
        np.average((ln_crp[group] - centre) ** 2, weights=weight[group])
        for group, centre in zip((case, ~case), means, strict=True)
    ]
    by_formula = math.sqrt(math.expm1(spread[0]) / math.expm1(spread[1]))
    assert found["coefficients of variation, log-normal"] == pytest.approx(by_formula)
    assert found["standard deviations of ln CRP"] == pytest.approx(math.sqrt(spread[0] / spread[1]))


def test_linearised_errors_agree_with_the_spread_over_replicates() -> None:
    """The coefficient of variation of CRP itself is left out: its error is known to be too small, as its note says."""
    rows = []
    for seed in range(100):
        table = simulated(800, 900 + seed, shift=0.3)
        found = location_scale_shift(table, "has_depression", design_of(table))
        rows.append({name: (estimate(r).value, estimate(r).standard_error) for name, r in found.items()})
    log_normal = "coefficients of variation, log-normal"
    for name in ("shift of ln CRP", SEEN, SHIFTED, LEFT, log_normal, "standard deviations of ln CRP"):
        values, errors = np.array([row[name] for row in rows]).T
        if name.startswith(("standard", "coefficients")):
            values = np.log(values)
        assert errors.mean() == pytest.approx(values.std(), rel=0.2), name


def test_the_interval_of_what_is_left_covers_zero_under_a_uniform_shift() -> None:
    covered = []
    for seed in range(100):
        table = simulated(800, 300 + seed, shift=0.3)
        low, high = estimate(location_scale_shift(table, "has_depression", design_of(table))[LEFT]).interval()
        covered.append(low < 0 < high)
    assert abs(np.mean(covered) - 0.95) <= 0.015 + 3 * math.sqrt(0.95 * 0.05 / 100)


def test_absent_variables_and_small_groups_are_not_testable() -> None:
    table = simulated()
    bare = table.drop(columns=["crp_mg_l", "crp_stratum"])
    design = design_of(table)
    results = [
        *crp_strata_by(bare, "has_depression", design),
        *raised_crp_in_severe_depression(bare, design).values(),
        *location_scale_shift(bare, "has_depression", design).values(),
        *crp_strata_by(table, "has_bipolar_disorder", design),
    ]
    assert all(isinstance(result, NotTestable) and "no variable" in result.reason for result in results)
    few = table.assign(has_depression=pd.array([True] * 3 + [False] * (len(table) - 3), dtype="boolean"))
    shift = location_scale_shift(few, "has_depression", design)
    assert all(isinstance(r, NotTestable) and "fewer than 5" in r.reason for r in shift.values())
