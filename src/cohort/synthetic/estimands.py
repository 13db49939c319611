"""What the truth is declared of: exposures as interventions, outcomes as measured and as they are, paths and pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cohort.synthetic.history import DISEASES
from cohort.synthetic.intervention import AID_ONSET_AGE, Shift
from cohort.synthetic.node import Array
from cohort.synthetic.scenario import Scenario
from cohort.synthetic.simulate import Intervention


@dataclass(frozen=True)
class Exposure:
    """An exposure: everybody exposed in one world, nobody in the other.

    Parameters
    ----------
    name
        Its canonical name.
    contrast
        What is compared, in words.
    exposed, unexposed
        The two interventions.
    """

    name: str
    contrast: str
    exposed: Intervention
    unexposed: Intervention


@dataclass(frozen=True)
class Outcome:
    """An outcome: the nodes that it is made of, and how; a share when it is binary, else a mean."""

    name: str
    nodes: tuple[str, ...]
    of: Callable[[Mapping[str, Array]], Array]
    binary: bool = True


@dataclass(frozen=True)
class Path:
    """A path of mediators between an exposure and the outcomes; the mediators are held all together."""

    exposure: str
    mediators: tuple[str, ...]
    words: str
    outcomes: tuple[str, ...]


@dataclass(frozen=True)
class Interaction:
    """Two exposures whose joint effect is asked for."""

    first: str
    second: str
    outcomes: tuple[str, ...]


def _present(name: str, node: str) -> Exposure:
    return Exposure(name, "present against absent", {node: 1}, {node: 0})


def _per(name: str, node: str, amount: float, words: str) -> Exposure:
    return Exposure(name, words, {node: Shift(amount)}, {})


EXPOSURES: tuple[Exposure, ...] = (
    Exposure(
        "has_any_autoimmune_disease", "present against absent, the past before the landmark as it was",
        {"aid": 1}, {"aid": 0},
    ),
    Exposure(
        "autoimmune_disease_from_age_20", "from the age of 20 against never",
        {AID_ONSET_AGE: 20.0}, {AID_ONSET_AGE: np.inf},
    ),
    *(_present(f"has_{disease}", disease) for disease in DISEASES),
    Exposure(
        "has_lifetime_depression", "first depression at 20 against never", {"dep_onset": 20.0}, {"dep_onset": np.inf}
    ),
    _present("has_childhood_trauma", "trauma"),
    _present("has_prenatal_infection", "prenatal_infection"),
    _per("prenatal_stress_sd", "prenatal_stress", 1.0, "one SD more"),
    _present("is_current_smoker", "smoking"),
    _per("bmi_kg_m2", "bmi", 5.0, "5 kg/m^2 more"),
    _present("is_hormonal_contraceptive_user", "oc_use"),
    _present("is_antidepressant_user", "ssri_t0"),
    _present("is_cmv_seropositive", "cmv"),
    _present("is_hsv1_seropositive", "hsv1"),
    _present("is_toxoplasma_seropositive", "toxoplasma"),
    _per("ln_ebv_igg", "ebv_titre", 1.0, "one ln AU/mL more"),
    Exposure("hospital_infection_count", "one against none", {"hosp_infection": 1}, {"hosp_infection": 0}),
    _present("has_acute_infection", "acute_infection"),
    _per("chronic_inflammation_ln", "inflam", 1.0, "one ln more"),
    Exposure("httlpr_s_alleles", "one short allele against none", {"httlpr": 1}, {"httlpr": 0}),
    _per("ln_platelet_serotonin", "platelet_5ht", 1.0, "one ln more"),
    _per("ln_tryptophan", "trp", 0.15, "0.15 ln more (one SD)"),
    Exposure(
        "has_depression_latent", "depressed at baseline against not", {"dep": 1}, {"dep": 0},
    ),
)  # fmt: skip

DEPRESSION = ("has_depression", "depression_latent")
PATHS: tuple[Path, ...] = (
    Path("has_childhood_trauma", ("bmi", "smoking"), "BMI and smoking", ("ln_crp", "ln_crp_latent", *DEPRESSION)),
    Path("has_childhood_trauma", ("bmi", "smoking", "inflam"), "BMI, smoking and inflammation", DEPRESSION),
    Path("has_childhood_trauma", ("inflam",), "inflammation", DEPRESSION),
    Path("has_any_autoimmune_disease", ("pain",), "pain", DEPRESSION),
    Path("has_any_autoimmune_disease", ("inflam",), "inflammation", DEPRESSION),
    Path("bmi_kg_m2", ("inflam",), "inflammation", DEPRESSION),
)
INTERACTIONS: tuple[Interaction, ...] = (
    Interaction("has_any_autoimmune_disease", "hospital_infection_count", DEPRESSION),
    Interaction("has_childhood_trauma", "hospital_infection_count", DEPRESSION),
)


def outcomes_of(scenario: Scenario) -> dict[str, Outcome]:
    """Return the outcomes of which the truth is declared, by name.

    ``has_depression`` is PHQ-9 of at least 10 with all items answered; ``depression_latent`` what lies behind it.

    Parameters
    ----------
    scenario
        The world, for the limits of its assays.

    Examples
    --------
    >>> from cohort.synthetic.scenario import load_scenario
    >>> list(outcomes_of(load_scenario("literature_like")))[:2]
    ['has_depression', 'depression_latent']
    """

    def logarithm(node: str) -> Callable[[Mapping[str, Array]], Array]:
        limit, decimals = float(scenario.knob(f"{node}.limit")), int(scenario.knob(f"{node}.decimals"))
        upper = float(scenario.knobs[node].get("upper", np.inf))
        return lambda v: np.log(np.clip(np.round(v[node], decimals), limit, upper))

    somatic = [item - 1 for item in (3, 4, 5, 7, 8)]  # phq9_somatic of the codebook
    found = (
        Outcome("has_depression", ("phq9",), lambda v: v["phq9"].sum(axis=1) >= 10),
        Outcome("depression_latent", ("dep",), lambda v: v["dep"]),
        Outcome("phq9_total", ("phq9",), lambda v: v["phq9"].sum(axis=1), binary=False),
        Outcome("phq9_somatic", ("phq9",), lambda v: v["phq9"][:, somatic].sum(axis=1), binary=False),
        Outcome("ln_crp", ("crp_obs",), logarithm("crp_obs"), binary=False),
        Outcome("ln_crp_latent", ("crp_true",), lambda v: v["crp_true"], binary=False),
        Outcome("ln_il6", ("il6_obs",), logarithm("il6_obs"), binary=False),
        Outcome("ln_nlr", ("nlr_true",), lambda v: v["nlr_true"], binary=False),
        Outcome("has_any_autoimmune_disease", ("aid",), lambda v: v["aid"]),
        Outcome("has_accidental_injury", ("accidental_injury",), lambda v: v["accidental_injury"]),
        Outcome("depression_latent_wave_2", ("dep_2",), lambda v: v["dep_2"]),
        Outcome("ln_inflammation_wave_2", ("inflam_2",), lambda v: v["inflam_2"], binary=False),
    )
    return {outcome.name: outcome for outcome in found}
