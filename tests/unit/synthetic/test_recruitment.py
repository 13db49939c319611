"""Who comes into the cohort: families, clinics, volunteers, controls; and what is missing."""

from __future__ import annotations

import numpy as np
import pytest

from cohort.synthetic import load_scenario, simulate
from cohort.synthetic.node import FAMILY_SIZE


def _odds_ratio(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() * (~a & ~b).sum() / ((a & ~b).sum() * (~a & b).sum()))


def test_siblings_share_what_families_share_and_half_of_the_genes() -> None:
    world = load_scenario("default").with_changes({"family.share": 1.0})
    wanted = ["role", "u_family", "u_person", "prs_dep", "ses_parent", "age", "sex", "ancestry", "dep_past", "aid"]
    v = simulate(world, 80_000, 2, nodes=wanted).nodes
    sibling = np.flatnonzero(v["role"] == 1)
    first = sibling // FAMILY_SIZE * FAMILY_SIZE
    assert np.array_equal(v["u_family"][sibling], v["u_family"][first])
    assert np.array_equal(v["ses_parent"][sibling], v["ses_parent"][first])
    assert np.array_equal(v["ancestry"][sibling], v["ancestry"][first])
    assert abs(np.corrcoef(v["u_person"][sibling], v["u_person"][first])[0, 1]) < 0.03
    assert np.corrcoef(v["prs_dep"][sibling], v["prs_dep"][first])[0, 1] == pytest.approx(0.5, abs=0.03)
    assert np.abs(v["age"][sibling] - v["age"][first]).mean() < 6
    partner = np.flatnonzero(v["role"] == 3)
    assert (v["sex"][partner] != v["sex"][partner // FAMILY_SIZE * FAMILY_SIZE]).all()
    parent = np.flatnonzero(v["role"] == 2)
    child = parent // FAMILY_SIZE * FAMILY_SIZE
    assert (v["age"][parent] - v["age"][child] >= 16).all()
    for brood in (child, child + 1):
        assert np.corrcoef(v["prs_dep"][parent], v["prs_dep"][brood])[0, 1] == pytest.approx(0.5, abs=0.03)
    assert 1.7 < _odds_ratio(v["dep_past"][sibling], v["dep_past"][first]) < 3.6
    assert _odds_ratio(v["dep_past"][partner], v["dep_past"][partner // FAMILY_SIZE * FAMILY_SIZE]) < 1.4
    # kinship changes nobody's own distribution
    assert v["prs_dep"].std() == pytest.approx(1, abs=0.02)
    assert v["u_family"].mean() == pytest.approx(0, abs=0.02)


def test_strangers_are_unrelated() -> None:
    world = load_scenario("default").with_changes({"family.share": 0.0})
    v = simulate(world, 40_000, 2, nodes=["role", "prs_dep", "u_family"]).nodes
    assert (v["role"] == -1).all()
    assert abs(np.corrcoef(v["prs_dep"][::4], v["prs_dep"][1::4])[0, 1]) < 0.03


def test_a_union_of_reasons_turns_the_association_round_and_a_product_would_leave_it() -> None:
    """Dag.md section 3: union selection makes an odds ratio of 1.5 into about 0.2; a product does not."""
    v = simulate("literature_like", 400_000, 2, nodes=["s_clinic", "clinic_probability", "dep", "aid"]).nodes
    everybody = _odds_ratio(v["dep"], v["aid"])
    seen = v["s_clinic"]
    assert _odds_ratio(v["dep"][seen], v["aid"][seen]) < 0.35
    product = np.random.default_rng(1).random(len(seen)) < 0.02 * 5.0 ** v["dep"] * 5.0 ** v["aid"]
    assert _odds_ratio(v["dep"][product], v["aid"][product]) == pytest.approx(everybody, rel=0.12)
    # known probabilities undo it
    weight = 1 / v["clinic_probability"][seen]
    cells = [(weight * (d == v["dep"][seen]) * (a == v["aid"][seen])).sum() for d in (1, 0) for a in (1, 0)]
    assert cells[0] * cells[3] / (cells[1] * cells[2]) == pytest.approx(everybody, rel=0.15)


def test_volunteers_are_healthier_and_controls_were_never_depressed() -> None:
    world = load_scenario("default").with_changes(
        {"recruitment.share_population": 0.0, "recruitment.share_volunteer": 1.0, "recruitment.share_control": 0.2}
    )
    wanted = ["recruitment", "dep", "dep_past", "aid", "education", "passes_screen"]
    v = simulate(world, 20_000, 2, nodes=wanted).nodes
    population = simulate("default", 20_000, 2, nodes=["dep", "aid", "education"]).nodes
    volunteers, controls = v["recruitment"] == 2, v["recruitment"] == 3
    assert volunteers.sum() + controls.sum() == 20_000
    assert v["dep"][volunteers].mean() < population["dep"].mean()
    assert v["education"][volunteers].mean() > 0.1
    assert not (v["dep"] | v["dep_past"])[controls].any()
    assert v["passes_screen"][controls].all()
    assert v["aid"][controls].mean() < 0.65 * population["aid"].mean()


def test_forms_and_blood_can_be_missing_by_what_they_would_have_said() -> None:
    """MCAR, MAR and MNAR are one knob apart."""
    base = load_scenario("default")
    calm = {"r_blood.odds_ratio.severity": 1.0}
    mar = base.with_changes({**calm, "r_blood.odds_ratio.education": 2.0})
    mnar = base.with_changes({**calm, "r_blood.odds_ratio.crp_true": 0.5})
    wanted = ["r_blood", "crp_true", "education", "r_form", "severity"]
    for world, moves in ((base.with_changes(calm), ()), (mar, ("education",)), (mnar, ("crp_true",))):
        v = simulate(world, 40_000, 2, nodes=wanted).nodes
        there = v["r_blood"]
        for cause in ("education", "crp_true"):
            gap = abs(v[cause][there].mean() - v[cause][~there].mean()) / v[cause].std()
            assert (gap > 0.3) == (cause in moves), (moves, cause)


def test_the_severe_drop_out_first_and_stay_away() -> None:
    v = simulate("attrition", 40_000, 2, nodes=["severity", "retained_1", "retained_2", "severity_1"]).nodes
    assert 0.08 < 1 - v["retained_1"].mean() < 0.20
    assert v["severity"][~v["retained_1"]].mean() > v["severity"][v["retained_1"]].mean() + 0.3
    assert not (v["retained_2"] & ~v["retained_1"]).any()


def test_records_have_the_sensitivity_and_the_false_positives_that_they_should() -> None:
    v = simulate("differential_self_report", 300_000, 2, nodes=["diagnosis", "psoriasis", "dep"]).nodes
    told, ill, dep = v["diagnosis"][:, 5], v["psoriasis"], v["dep"]
    assert told[ill].mean() == pytest.approx(0.80, abs=0.02)
    calm = told[~ill & ~dep].mean()
    assert calm == pytest.approx(0.004, abs=0.0006)
    assert told[~ill & dep].mean() / calm == pytest.approx(3.0, abs=0.5)


def test_some_type_2_diabetes_is_recorded_as_type_1_and_begins_late() -> None:
    wanted = ["diagnosis", "type_1_diabetes", "type_2_diabetes", "onset_type_2_diabetes", "age"]
    v = simulate("diabetes_mix_up", 200_000, 2, nodes=wanted).nodes
    recorded = v["diagnosis"][:, 1]
    mixed_up = recorded & ~v["type_1_diabetes"] & v["type_2_diabetes"]
    assert 0.28 < mixed_up.sum() / recorded.sum() < 0.45
    assert (v["onset_type_2_diabetes"][mixed_up] < v["age"][mixed_up]).all()
    assert np.median(v["onset_type_2_diabetes"][mixed_up]) > 35
