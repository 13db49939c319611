"""Whether the people of a cohort can speak for a population, by the way they came into it."""

from __future__ import annotations

import pandas as pd

from cohort.analysis.sampling import BoolArray, Design, Domain, analysis_domain
from cohort.results import NotTestable, Result

CLINIC = "clinic"
CLINIC_ONLY = (
    "everybody was recruited in a clinic, to which either illness leads, so that their association there says nothing "
    "of a population; it takes a sample of the population, or weights from known selection"
)
SCREENED_CONTROLS = (
    "the controls were screened for illness and the others were not, so that illness is rarer in the controls than in "
    "the population; it takes the same screen in both arms, and weights from the sampling fractions"
)


def why_not_population(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> str:
    """Return why an association in these people is none of a population; empty where nothing speaks against it.

    Where disease and depression both lead to a clinic, they are set apart in those who reach it, whatever they are in
    the population (Berkson 1946, Biometrics Bulletin 2:47); weights of one over the probability of selection undo it.
    Controls who were screened until they are healthier than the population ("super-normal") make any illness look like
    a cause of what the cases have (Schwartz and Susser 2011, Psychol Med 41:1127). Both are told by the protocol: by
    ``recruitment`` and ``is_screened_control``. Without these columns nothing is known and nothing is said.

    Parameters
    ----------
    table
        One row per person.
    design
        The design of the same table; a survey's weights count as known selection.
    domain
        The people of the analysis; default ``is_eligible``.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> people = pd.DataFrame({"recruitment": ["clinic", "clinic", "population"]})
    >>> why_not_population(people, design_of(people))
    ''
    >>> why_not_population(people, design_of(people), domain=[1, 1, 0])[:39]
    'everybody was recruited in a clinic, to'
    """
    inside = analysis_domain(table, design, domain)
    if "is_screened_control" in table:
        screened = table["is_screened_control"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)[inside]
        if screened.any() and not screened.all():
            return SCREENED_CONTROLS
    return CLINIC_ONLY if design.kind == "simple" and _is_clinic_only(table, inside) else ""


def _is_clinic_only(table: pd.DataFrame, inside: BoolArray) -> bool:
    if "recruitment" not in table:
        return False
    known = table["recruitment"][inside].dropna()
    return bool(len(known)) and bool((known == CLINIC).all())


def for_population(result: Result, table: pd.DataFrame, design: Design, *, domain: Domain = None) -> Result:
    """Return a result, or why it cannot be one about a population.

    Parameters
    ----------
    result
        What was estimated in the people of the analysis.
    table, design, domain
        As in :func:`why_not_population`.
    """
    reason = why_not_population(table, design, domain=domain)
    if not reason:
        return result
    return NotTestable(result.label, reason, result.measure, result.estimand, result.claims)
