"""Interventions that are more than a value for one node: shifts, and autoimmune disease given or taken as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cohort.synthetic.history import DISEASES, EARLY
from cohort.synthetic.node import Array
from cohort.synthetic.scenario import Scenario

AID_ONSET_AGE = "aid_onset_age"
"""Name of the intervention that sets the age from which everybody has an autoimmune disease."""


@dataclass(frozen=True)
class Shift:
    """An intervention that moves a node by an amount in its own unit, for everybody."""

    by: float


def disease_under(scenario: Scenario, values: Mapping[str, Array], disease: str, diseased: bool) -> Array:
    """Return a disease when an intervention takes all of them away, or gives everybody at least one.

    The age at onset over the age at baseline, to the power of the disease's shape, is the hazard that was still to be
    lived through as a share of the hazard lived through; the disease with the smallest share strikes next.

    Parameters
    ----------
    scenario
        The world.
    values
        Onset ages of all diseases and ages at baseline.
    disease
        The disease asked for.
    diseased
        Whether everybody gets one, or nobody has any.
    """
    age = values["age"]
    own = values[f"onset_{disease}"]
    if not diseased:
        return np.zeros(len(own), dtype=bool)
    share = {
        name: (values[f"onset_{name}"] / age) ** scenario.knob(f"early_onset_{name}.age_shape") for name in DISEASES
    }
    nearest = np.min(list(share.values()), axis=0)
    present: Array = (own < age) | ((share[disease] == nearest) & (nearest >= 1))
    return present


def early_onsets_under(values: Mapping[str, Array], onset_age: float) -> dict[str, Array]:
    """Return the early onset ages when everybody has a disease from an age on; nobody ever, when it is infinite.

    Who has one by then keeps it; the others get the disease that would have struck first.

    Parameters
    ----------
    values
        Early onset ages of all diseases.
    onset_age
        Age in years, or infinity.
    """
    if np.isinf(onset_age):
        return {name: np.full_like(values[name], np.inf) for name in EARLY}
    first = np.min([values[name] for name in EARLY], axis=0)
    return {name: np.where((values[name] == first) & (first > onset_age), onset_age, values[name]) for name in EARLY}
