"""Autoimmune disease and depression feed each other over life, with the hazard ratios that the scenario names."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate
from statsmodels.duration.hazard_regression import PHReg

from cohort.synthetic import Scenario, intervene, load_scenario, simulate
from cohort.synthetic.history import DISEASES, _hurried

N = 60_000


def _split(onset_exposure: np.ndarray, onset: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return entry, exit, event and exposure of intervals that are split where the exposure begins."""
    stop = np.minimum(onset, end)
    exposed_at = np.minimum(onset_exposure, stop)
    before = (np.zeros_like(stop), exposed_at, (onset <= end) & (onset <= exposed_at), np.zeros(len(stop)))
    after = (exposed_at, stop, (onset <= end) & (onset > exposed_at), np.ones(len(stop)))
    rows = [np.concatenate(pair) for pair in zip(before, after, strict=True)]
    keep = rows[1] > rows[0]
    return tuple(row[keep] for row in rows)


def _one_cause(**ratios: float) -> Scenario:
    """Return a world in which psoriasis is common and nothing else moves it or the first depression."""
    world = load_scenario("default")
    changes: dict[str, object] = {"early_onset_psoriasis.rate": 0.3, "early_onset_psoriasis.share_susceptibility": 0.0}
    changes |= {f"dep_onset.rate_ratio.{cause}": 1.0 for cause in world.knob("dep_onset.rate_ratio")}
    changes |= {f"early_onset_psoriasis.rate_ratio.{cause}": 1.0 for cause in ("sex", "prs_aid", "u_fam")}
    lately = "early_onset_psoriasis.rate_ratio_after_landmark"
    changes |= {f"{lately}.{cause}": 1.0 for cause in ("smoking", "hosp_infection")}
    changes |= {f"dep_onset.rate_ratio_after.{disease}": 1.0 for disease in DISEASES}
    return world.with_changes(changes | ratios)


@pytest.mark.slow
def test_disease_raises_the_hazard_of_a_first_depression_from_its_onset_on() -> None:
    world = _one_cause(**{"dep_onset.rate_ratio_after.psoriasis": 2.0, "landmark.years_before_baseline": 0.0})
    v = simulate(world, N, 3, nodes=["past_onset_psoriasis", "dep_onset", "age"]).nodes
    entry, stop, event, exposed = _split(v["past_onset_psoriasis"], v["dep_onset"], v["age"])
    fit = PHReg(stop, exposed[:, None], status=event, entry=entry).fit()
    assert abs(fit.params[0] - np.log(2)) < 4 * fit.bse[0]
    assert fit.bse[0] < 0.05


def test_depression_raises_the_hazard_of_disease_from_its_onset_on() -> None:
    world = _one_cause(**{"early_onset_psoriasis.rate_ratio_after_depression": 2.0})
    v = simulate(world, N, 3, nodes=["onset_psoriasis", "dep_onset", "age"]).nodes
    entry, stop, event, exposed = _split(v["dep_onset"], v["onset_psoriasis"], v["age"])
    fit = PHReg(stop, exposed[:, None], status=event, entry=entry).fit()
    assert abs(fit.params[0] - np.log(2)) < 4 * fit.bse[0]


@pytest.mark.slow
def test_without_either_effect_the_two_onsets_are_unrelated() -> None:
    world = _one_cause(**{"early_onset_psoriasis.rate_ratio_after_depression": 1.0})
    v = simulate(world, N, 3, nodes=["onset_psoriasis", "dep_onset", "age"]).nodes
    for exposure, outcome in (("dep_onset", "onset_psoriasis"), ("onset_psoriasis", "dep_onset")):
        entry, stop, event, exposed = _split(v[exposure], v[outcome], v["age"])
        fit = PHReg(stop, exposed[:, None], status=event, entry=entry).fit()
        assert abs(fit.params[0]) < 4 * fit.bse[0]


def test_smoking_acts_after_the_landmark_only() -> None:
    smokers = intervene("literature_like", {"smoking": 1}, 20_000, 3).nodes
    others = intervene("literature_like", {"smoking": 0}, 20_000, 3).nodes
    early = others["onset_rheumatoid_arthritis"] <= others["landmark"]
    assert np.array_equal(smokers["onset_rheumatoid_arthritis"][early], others["onset_rheumatoid_arthritis"][early])
    assert (smokers["onset_rheumatoid_arthritis"][~early] < others["onset_rheumatoid_arthritis"][~early]).all()


def test_an_onset_is_where_the_written_out_hazard_has_used_up_the_clock() -> None:
    """The closed form against a numerical integral of the hazard of one person."""
    world = load_scenario("literature_like")
    v = simulate(world, 4096, 3).nodes
    knob = world.knobs["early_onset_rheumatoid_arthritis"]
    shape = knob["age_shape"]
    depressed = np.flatnonzero((v["dep_onset"] < v["age"]) & (v["onset_rheumatoid_arthritis"] < 200))[:6]
    for person in depressed:
        lately = knob["rate_ratio_after_landmark"]["smoking"] ** v["smoking"][person]
        lately *= knob["rate_ratio_after_landmark"]["hosp_infection"] ** v["hosp_infection"][person]

        def speed(t: float, p: int = person, after: float = lately) -> float:
            depression = knob["rate_ratio_after_depression"] if t > v["dep_onset"][p] else 1.0
            return shape / 48 * (t / 48) ** (shape - 1) * depression * (after if t > v["landmark"][p] else 1.0)

        breaks = [v["dep_onset"][person], v["landmark"][person]]
        used, _ = integrate.quad(speed, 0, v["onset_rheumatoid_arthritis"][person], points=breaks, limit=200)
        assert used == pytest.approx((v["early_onset_rheumatoid_arthritis"][person] / 48) ** shape, rel=1e-5)


def test_a_clock_that_is_hurried_runs_faster_from_each_beginning_on() -> None:
    begin = np.array([[0.5, 0.2], [1.0, 1.0], [0.9, 0.1]])
    ratios = np.array([3.0, 2.0])
    # 0.2 at speed 1, then 0.3 at speed 2 (0.6), then the rest at speed 6
    assert _hurried(np.array([1.0, 1.0, 0.05]), begin, ratios) == pytest.approx([0.5 + 0.2 / 6, 1.0, 0.05])


def test_past_depression_and_disease_follow_from_onset_ages() -> None:
    v = simulate("literature_like", 20_000, 3).nodes
    assert np.array_equal(v["dep_past"], v["dep_onset"] < v["age"])
    for disease in DISEASES:
        assert np.array_equal(v[disease], v[f"onset_{disease}"] < v["age"])
        if disease not in {"inflammatory_bowel_disease", "multiple_sclerosis"}:  # something may slow these two down
            assert (v[f"onset_{disease}"] <= v[f"early_onset_{disease}"] + 1e-9).all()
    past = np.any([np.isfinite(v[f"past_onset_{disease}"]) for disease in DISEASES], axis=0)
    assert np.array_equal(past, v["aid_past"])
    assert v["aid"][past].all()  # the disease stays
