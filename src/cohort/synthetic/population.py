"""Error-free values of the population: what descriptive claims are about, and how many latent classes there are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cohort.synthetic.history import DISEASES
from cohort.synthetic.node import FAMILY_SIZE, Array
from cohort.synthetic.scenario import Scenario, load_scenario
from cohort.synthetic.simulate import block_sizes, draw_block
from cohort.synthetic.truth import COLUMNS

CLASSES = "groups of people with their own mean of the immune markers"
SHARE = "share of the population"
ASSOCIATION = "association in the population, not adjusted"
FAMILIAL = "association with the depression or disease of a sibling, not adjusted"
_MARKERS = ("crp_obs", "il6_obs", "tnf_obs", "blood_count")


def population_values(scenario: Scenario | str, n: int = 262_144, seed: int = 1) -> pd.DataFrame:
    """Return error-free descriptive values of the population: prevalences, and the odds of disease by depression.

    Descriptive claims ("threefold more frequent") are about these, not about effects.

    Parameters
    ----------
    scenario, n, seed
        As in :func:`true_effects`.

    Returns
    -------
    DataFrame
        The columns of :func:`true_effects`.
    """
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    wanted = ("aid", "phq9", "trauma", "cmv", "hsv1", "toxoplasma", "dep", "role", "crp_true", "prenatal_infection")
    needed = world.ancestors(wanted)
    parts = [_people(draw_block(world, seed, b, rows, only=needed)) for b, rows in enumerate(block_sizes(n, seed))]
    people = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    outcomes = ("has_depression", "depression_latent")
    described = [name for name in people if not str(name).startswith("_")]
    found: list[tuple[str, str, str, str, str, float, float, int]] = []
    for name in described:
        share = float(people[name].mean())
        error = float(np.sqrt(share * (1 - share) / n))
        found.append((SHARE, str(name), "", "", "prevalence", share, error, n))
    for outcome in outcomes:
        for exposure in (name for name in described if name not in outcomes):
            value, error = _odds_ratio(people[exposure].to_numpy(bool), people[outcome].to_numpy(bool))
            found.append((ASSOCIATION, str(exposure), "present against absent", outcome, "odds ratio", value, error, n))
    high = people["has_crp_above_3_latent"].to_numpy(bool)
    for name, group in (("depression_latent", "depression_latent"), ("_severe", "phq9_total of 20 or more")):
        here = people[name].to_numpy(bool)
        share = float(high[here].mean())
        error = float(np.sqrt(share * (1 - share) / here.sum()))
        found.append((f"share with CRP above 3 mg/L among {group}", group, "", "", "prevalence", share, error, n))
    found += _familial(people)
    found.append((CLASSES, "", "", "immune markers", "number of subgroups", float(latent_subgroups(world)), 0.0, n))
    for name, share in subgroup_shares(world).items():
        found.append((CLASSES, name, "", "immune markers", "prevalence", share, 0.0, n))
    return pd.DataFrame(found, columns=list(COLUMNS))


def _people(v: dict[str, Array]) -> dict[str, Array]:
    total = v["phq9"].sum(axis=1)
    first = np.arange(len(total)) // FAMILY_SIZE * FAMILY_SIZE
    has_sibling = v["role"] == 1
    return {
        **{f"has_{disease}": v[disease] for disease in DISEASES},
        "has_any_autoimmune_disease": v["aid"],
        "has_childhood_trauma": v["trauma"],
        "has_prenatal_infection": v["prenatal_infection"],
        "is_cmv_seropositive": v["cmv"],
        "is_hsv1_seropositive": v["hsv1"],
        "is_toxoplasma_seropositive": v["toxoplasma"],
        "has_lifetime_depression": v["dep_past"],
        "has_crp_above_3_latent": v["crp_true"] > np.log(3),
        "depression_latent": v["dep"],
        "has_depression": total >= 10,
        "_severe": total >= 20,
        "_has_sibling": has_sibling,
        "_sibling_aid": v["aid"][first] & has_sibling,
        "_sibling_depressed": (v["dep"] | v["dep_past"])[first] & has_sibling,
    }


def _odds_ratio(exposed: Array, ill: Array) -> tuple[float, float]:
    cells = np.array(
        [(exposed & ill).sum(), (exposed & ~ill).sum(), (~exposed & ill).sum(), (~exposed & ~ill).sum()], dtype=float
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = float(cells[0] * cells[3] / (cells[1] * cells[2]))
    return odds, float(odds * np.sqrt((1 / np.maximum(cells, 0.5)).sum()))


def _familial(people: pd.DataFrame) -> list[tuple[str, str, str, str, str, float, float, int]]:
    """Return odds ratios between siblings, where the population has any."""
    pairs = people[people["_has_sibling"].to_numpy(bool)]
    if len(pairs) == 0:
        return []
    own = {
        "lifetime depression": (pairs["has_lifetime_depression"] | pairs["depression_latent"]).to_numpy(bool),
        "has_any_autoimmune_disease": pairs["has_any_autoimmune_disease"].to_numpy(bool),
    }
    kin = {
        "lifetime depression of a sibling": pairs["_sibling_depressed"].to_numpy(bool),
        "has_any_autoimmune_disease of a sibling": pairs["_sibling_aid"].to_numpy(bool),
    }
    return [
        (FAMILIAL, exposure, "present against absent", outcome, "odds ratio", *_odds_ratio(given, ill), len(pairs))
        for exposure, given in kin.items()
        for outcome, ill in own.items()
    ]


def _shifts(scenario: Scenario) -> Array:
    """Return the shift of each subgroup (rows) in each marker (columns)."""
    return np.array(
        [
            float(scenario.knob(f"{marker}.separation")) * np.asarray(scenario.knob(f"{marker}.subgroup_shift"))
            for marker in _MARKERS
        ]
    ).T


def latent_subgroups(scenario: Scenario) -> int:
    """Return how many immune subgroups differ in any marker; 1 where no scenario shifts them apart.

    Examples
    --------
    >>> latent_subgroups(load_scenario("literature_like")), latent_subgroups(load_scenario("true_three_subgroups"))
    (1, 3)
    """
    return len(np.unique(_shifts(scenario), axis=0))


def subgroup_shares(scenario: Scenario) -> dict[str, float]:
    """Return the share of each immune subgroup; empty where there is only one.

    Examples
    --------
    >>> subgroup_shares(load_scenario("true_three_subgroups"))["metabolic"]
    0.27
    """
    if latent_subgroups(scenario) == 1:
        return {}
    metabolic, lymphoid = (float(scenario.knob(f"subgroup.share_{name}")) for name in ("metabolic", "lymphoid"))
    return {"uninflamed": 1 - metabolic - lymphoid, "metabolic": metabolic, "lymphoid": lymphoid}
