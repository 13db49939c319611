"""Nodes of layers 0 to 2: who people are, what they inherit, their early life, and how they live before baseline."""

from __future__ import annotations

import numpy as np
from scipy import special

from cohort.synthetic.node import Array, Knobs, Node, Noise, Parents, node

SUBSCALES = ("emotional_abuse", "physical_abuse", "sexual_abuse", "emotional_neglect", "physical_neglect")
ANCESTRY = ("european", "african", "east_asian")


def _standard_normal(name: str) -> Node:
    @node(name=name, unit="SD")
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Standardised (mean 0, SD 1) and normal, without a cause in the model."""
        return noise.normal()

    return draw


# --- layer 0: without a cause -----------------------------------------------------------------------------------


@node(unit="year")
def age(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Age at the visit: normal, truncated at the limits of the survey."""
    low, high = (special.ndtr((knob[end] - knob["mean"]) / knob["sd"]) for end in ("minimum", "maximum"))
    return knob["mean"] + knob["sd"] * special.ndtri(low + (high - low) * noise.uniform())


@node()
def sex(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """1 for women, 0 for men."""
    return (noise.uniform() < knob["share_female"]).astype(np.int8)


@node()
def ancestry(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Group 0 (European), 1 (African) or 2 (East Asian); groups 1 and 2 share their effects."""
    u = noise.uniform()
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


ses_parent = _standard_normal("ses_parent")
u_family = _standard_normal("u_family")
u_person = _standard_normal("u_person")
u_help = _standard_normal("u_help")
prs_dep = _standard_normal("prs_dep")
prs_aid = _standard_normal("prs_aid")
prs_bmi = _standard_normal("prs_bmi")
prs_crp = _standard_normal("prs_crp")
prs_il6 = _standard_normal("prs_il6")


@node("u_family", "u_person", unit="SD")
def u_fam(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Unobserved liability: siblings share one half of its variance, the other half is the person's own."""
    liability: Array = np.sqrt(knob["share_family"]) * of.u_family + np.sqrt(1 - knob["share_family"]) * of.u_person
    return liability


# --- layer 1: early life ----------------------------------------------------------------------------------------


@node("ses_parent", "u_fam", "sex", "birth_year", unit="SD", stands_for="trauma")
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


@node("u_family", "ses_parent", unit="SD")
def prenatal_stress(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Stress of the mother in the pregnancy: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


# --- layer 2: lifestyle and history before baseline --------------------------------------------------------------


@node("ses_parent", "trauma", unit="SD")
def education(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Education as a continuum: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("sex", "age", "u_fam", "prs_dep", "ancestry", "trauma", "prenatal_infection", "prenatal_stress", "education")
def dep_past(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Depression before baseline: logistic; rises with age, then falls in the older birth cohorts."""
    foreign = np.log(knob["odds_ratio_not_european"]) * (of.ancestry > 0)
    by_age = knob["age_squared"] * of.centred("age") ** 2
    return noise.event(knob.log_odds(of) + foreign + by_age)


@node("education", "trauma", "dep_past")
def smoking(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Smokes now: logistic."""
    return noise.event(knob.log_odds(of))


@node("age", "smoking")
def smoked_before(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Smoked once and stopped, among those who do not smoke now; without effects of its own."""
    return noise.event(knob.log_odds(of)) & ~of.smoking


@node("education", "dep_past", unit="SD")
def activity(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Physical activity: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("education", "dep_past", unit="SD")
def diet(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Quality of the diet: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("age", "prs_bmi", "trauma", "education", "diet", "activity", "dep_past", unit="kg/m^2")
def bmi(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Body mass index: linear, with a residual that is skewed to the right (shifted log-normal) and has mean 0."""
    skew = knob["skew"]
    residual = np.exp(skew * noise.normal() - skew**2 / 2) - 1
    spread = knob["sd"] / np.sqrt(np.expm1(skew**2))
    return np.asarray(np.clip(knob.linear(of) + spread * residual, 14.5, 60.0))


@node("sex", "age")
def oc_use(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether on a combined hormonal contraceptive: women only, one share up to 45 years, none from 50."""
    fade = np.clip((50 - of.age) / 5, 0, 1)
    return np.asarray((noise.uniform() < knob["share_women_18_45"] * fade) & (of.sex == 1))


@node("dep_past", "u_help")
def ssri_t0(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether on an antidepressant at baseline: logistic."""
    return noise.event(knob.log_odds(of))
