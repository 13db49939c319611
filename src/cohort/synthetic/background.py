"""Nodes of layers 0 and 1: families, who people are, what they inherit, and their early life."""

from __future__ import annotations

import numpy as np
from scipy import special

from cohort.synthetic.node import FAMILY_SIZE, Array, Knobs, Node, Noise, Parents, node

SUBSCALES = ("emotional_abuse", "physical_abuse", "sexual_abuse", "emotional_neglect", "physical_neglect")
ANCESTRY = ("european", "african", "east_asian")


def _first_of_family(value: Array) -> Array:
    """Return, for each person, the value of the first of her four neighbours."""
    return value[np.arange(len(value)) // FAMILY_SIZE * FAMILY_SIZE]


def _heritable(name: str) -> Node:
    @node("role", name=name, unit="SD")
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Standardised (mean 0, SD 1) and normal; first-degree relatives are correlated, partners hardly."""
        return noise.normal_kin(of.role, knob["sibling"], knob["parent"], knob["partner"])

    return draw


# --- layer 0: families ------------------------------------------------------------------------------------------


@node()
def family(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether four neighbours are a family (two siblings, a parent of theirs, a partner of the first)."""
    return _first_of_family(noise.uniform()) < knob["share"]


@node("family", unit="year")
def age(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Age at the first visit: normal, truncated at the limits of the survey; of relatives, by the age of the first."""
    low, high = (special.ndtr((knob[end] - knob["mean"]) / knob["sd"]) for end in ("minimum", "maximum"))
    own = knob["mean"] + knob["sd"] * special.ndtri(low + (high - low) * noise.uniform())
    first, gap = _first_of_family(own), noise.normal()
    place = np.arange(noise.rows) % FAMILY_SIZE
    of_kin = np.select(
        [place == 1, place == 2, place == 3],
        [first + knob["sibling_sd"] * gap, first + knob["generation"] + knob["sibling_sd"] * gap, first + 3 * gap],
        own,
    )
    aged_out = (place == 2) & (of_kin > knob["maximum"])
    return np.where(of.family & ~aged_out, np.clip(of_kin, knob["minimum"], knob["maximum"]), own)


@node("family", "age")
def role(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Role in the family: 0 first, 1 sibling, 2 parent (who must be old enough), 3 partner; -1 for the others."""
    place = np.arange(noise.rows) % FAMILY_SIZE
    too_young = (place == 2) & (of.age - _first_of_family(of.age) < knob["youngest_parent"])
    return np.where(of.family & ~too_young, place, -1).astype(np.int8)


# --- layer 0: without a cause but kinship ------------------------------------------------------------------------


@node("role")
def sex(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """1 for women, 0 for men; a partner is of the other sex."""
    drawn = (noise.uniform() < knob["share_female"]).astype(np.int8)
    return np.where(of.role == 3, 1 - _first_of_family(drawn), drawn).astype(np.int8)


@node("role")
def ancestry(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Group 0 (European), 1 (African) or 2 (East Asian); a family has one."""
    u = noise.uniform()
    u = np.where(of.role > 0, _first_of_family(u), u)
    east_asian = u < knob["share_east_asian"]
    other = u < knob["share_african"] + knob["share_east_asian"]
    return np.where(east_asian, 2, other).astype(np.int8)


@node()
def season(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Month of the visit, 1 to 12, uniform."""
    return np.asarray(np.ceil(12 * (1 - noise.uniform())), dtype=np.int8)


@node("season")
def visit_day(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Days since 1 January of the first survey year: a day of the month drawn, in one of two years."""
    first = np.floor((of.season - 1) * 365.25 / 12 + 1)
    day: Array = first + np.floor(27 * noise.uniform()) + 365 * (noise.uniform() < 0.5)
    return day.astype(np.int16)


@node("age", "visit_day", unit="year")
def birth_year(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Calendar year of the visit minus age."""
    return np.floor(knob["first_survey_year"] + of.visit_day / 365.25 - of.age).astype(np.int16)


ses_parent = _heritable("ses_parent")
u_family = _heritable("u_family")
prs_dep = _heritable("prs_dep")
prs_aid = _heritable("prs_aid")
prs_bmi = _heritable("prs_bmi")
prs_crp = _heritable("prs_crp")
prs_il6 = _heritable("prs_il6")
aid_susceptibility = _heritable("aid_susceptibility")


@node(unit="SD")
def u_person(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Liability that nobody shares, not even a sibling."""
    return noise.normal()


@node(unit="SD")
def u_help(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """How readily a person seeks help."""
    return noise.normal()


@node("u_family", "u_person", unit="SD")
def u_fam(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Unobserved liability: siblings share one half of its variance, the other half is the person's own."""
    liability: Array = np.sqrt(knob["share_family"]) * of.u_family + np.sqrt(1 - knob["share_family"]) * of.u_person
    return liability


@node("ancestry")
def httlpr(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Short alleles of 5-HTTLPR, 0 to 2: two draws at the frequency of the ancestry group (Hardy-Weinberg)."""
    frequency = knob.numbers("share_short")[of.ancestry]
    return np.asarray((noise.uniform(2) < frequency[:, None]).sum(axis=1), dtype=np.int8)


@node(unit="ln 10^9/L")
def platelets(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Platelets: log-normal."""
    return knob["mean"] + knob["sd"] * noise.normal()


@node(unit="SD")
def transit(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """How fast stool passes (the scale behind its form)."""
    return noise.normal()


# --- layer 1: early life ----------------------------------------------------------------------------------------


@node("ses_parent", "u_fam", "sex", "birth_year", unit="SD", stands_for="trauma", columns=5)
def trauma_latent(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Five kinds of maltreatment with one common factor; abuse shifted by sex, physical neglect by birth year."""
    pushed = knob.linear(of)
    loading = knob["loading"]
    common = (pushed + knob["sd"] * noise.normal())[:, None]
    own = np.sqrt(1 - loading**2) * noise.normal(len(SUBSCALES))
    by_sex = np.outer(of.sex - 0.5, knob.numbers("female_shift"))
    by_year = np.outer(of.centred("birth_year"), knob.numbers("birth_year_shift"))
    latent: Array = loading * common + own + by_sex + by_year
    return latent


@node("trauma_latent")
def trauma(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """At least one kind of maltreatment was moderate to severe: the true exposure, which no form sees."""
    return np.asarray(np.any(of.trauma_latent > knob.numbers("moderate_at"), axis=1))


@node("trauma_latent", stands_for="trauma")
def trauma_severe(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """At least one kind of maltreatment was severe."""
    return np.asarray(np.any(of.trauma_latent > knob.numbers("severe_at"), axis=1))


@node("u_family", "ses_parent")
def prenatal_infection(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether the mother was treated in hospital for an infection in the pregnancy: logistic."""
    return noise.event(knob.log_odds(of))


@node("u_family", "ses_parent")
def paternal_infection(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether the father was, at the same time: the same causes and no effect (a negative-control exposure)."""
    return noise.event(knob.log_odds(of))


@node("u_family", "ses_parent", unit="SD")
def prenatal_stress(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Stress of the mother in the pregnancy: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()
