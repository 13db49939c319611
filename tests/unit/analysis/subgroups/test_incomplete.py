"""Claims about the gate with missing values: groups stay visible, one population stays one, strata are asked apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cohort.analysis.subgroups.gate import GateResult, discrete_subgroups
from cohort.analysis.subgroups.incomplete import gate_with_imputation, gates_table, gates_within_strata
from cohort.analysis.subgroups.preparation import prepare_markers
from cohort.results import NotTestable

NAMES = ["crp_mg_l", "il6_pg_ml", "tnf_alpha_pg_ml", "neutrophils_10e9_l", "lymphocytes_10e9_l"]


def people(apart: float, seed: int, *, missing: float = 0.15, n: int = 700) -> pd.DataFrame:
    """Return two groups of people ``apart`` SD in each of five markers, with values missing at random."""
    rng = np.random.default_rng(seed)
    upper = rng.random(n) < 0.5
    logs = rng.standard_normal((n, len(NAMES))) + apart * upper[:, None]
    table = pd.DataFrame(np.exp(0.6 * logs), columns=NAMES).mask(rng.random((n, len(NAMES))) < missing)
    crp = table["crp_mg_l"].to_numpy()
    stratum = pd.Series(np.select([crp < 1, crp <= 3, crp <= 10], ["<1", "1-3", ">3-10"], ">10"), dtype="object")
    return table.assign(crp_stratum=stratum.mask(np.isnan(crp)), age_years=rng.normal(50, 10, n))


def asked(table: pd.DataFrame, seed: int) -> tuple[GateResult | NotTestable, GateResult | NotTestable]:
    rng = np.random.default_rng(seed)
    prepared = prepare_markers(table, NAMES, ("age_years",), rng=rng)
    filled = gate_with_imputation(
        table, prepared, seed=seed, imputations=2, covariates=("age_years",), splits=4, draws=59
    )
    return discrete_subgroups(prepared, rng=rng, splits=4, draws=59), filled


def test_distant_groups_are_seen_in_everybody_when_half_of_them_lack_something() -> None:
    complete, filled = asked(people(3.0, 1), 1)
    assert isinstance(complete, GateResult)
    assert isinstance(filled, GateResult)
    assert filled.tier == 3
    assert filled.n > 1.5 * complete.n


def test_one_population_stays_one() -> None:
    tiers = []
    for seed in range(3):
        _, filled = asked(people(0.0, 10 + seed, n=400), seed)
        assert isinstance(filled, GateResult)
        tiers.append(filled.tier)
    assert max(tiers) < 2


def test_the_same_seed_gives_the_same_scores() -> None:
    one, two = (asked(people(1.0, 3, n=400), 4)[1] for _ in range(2))
    assert isinstance(one, GateResult)
    assert isinstance(two, GateResult)
    assert one.shape_z == two.shape_z
    assert one.gap_z == two.gap_z


def test_each_stratum_is_asked_without_crp_and_a_small_one_says_why_not() -> None:
    table = people(0.0, 5, n=900, missing=0.02)
    found = gates_within_strata(table, seed=1, markers=NAMES, covariates=("age_years",))
    assert list(found) == ["<1", "1-3", ">3-10", ">10"]
    low = found["<1"]
    assert isinstance(low, GateResult)
    assert "crp_mg_l" not in low.markers
    assert isinstance(found[">10"], NotTestable)
    rows = gates_table(low, low, found).data
    assert len(rows) == 6
    assert "not testable" in str(rows["finding"].iloc[-1])


def test_a_cohort_without_markers_or_strata_is_refused_in_words() -> None:
    table = people(0.0, 6, n=300)[["age_years"]]
    prepared = prepare_markers(table, NAMES, ("age_years",), rng=np.random.default_rng(1))
    assert isinstance(gate_with_imputation(table, prepared, seed=1), NotTestable)
    strata = gates_within_strata(table, seed=1)
    assert all(isinstance(one, NotTestable) and "crp_stratum" in one.reason for one in strata.values())
