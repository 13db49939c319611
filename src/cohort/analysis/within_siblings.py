"""Siblings compared with one another alone: conditional logistic regression, which holds everything that they share.

The exact conditional likelihood is written out: ``statsmodels`` ``ConditionalLogit`` stops at five digits, takes its
errors from a one-sided numerical derivative, and took seventy times as long on 700 sets.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import linalg, special

from cohort.analysis.conditioning import invert, solve_positive
from cohort.analysis.families import families_of, is_survey
from cohort.analysis.model_frame import model_frame
from cohort.analysis.sampling import BoolArray, CodeArray, Design, Domain, FloatArray
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, binary, readable, require, yes_no
from cohort.results import Estimate, NotTestable, Result

WIDEST_LOG_RATIO = 10.0
"""A log odds ratio per SD beyond this has no finite estimate: a variable predicts the outcome within families."""

MOST_STEPS = 60
MOST_CHOICES = 20_000
"""A set of siblings with more ways to choose its cases is refused; sixteen siblings have at most 12,870."""


def within_siblings(
    people: pd.DataFrame,
    relations: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    adjustment: Sequence[str] = ("age_years", "sex"),
    design: Design,
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> Result:
    """Return the odds ratio of an outcome for a person's own exposure, compared with his siblings alone.

    Conditional logistic regression with a stratum for each set of siblings, which holds what they share: parents,
    childhood home, half of the genes. Only sets that differ in outcome and in the exposure tell of it. Equal to R's
    ``survival::clogit``. Assumes that siblings are alike in what confounds and is not shared (Frisell 2012,
    Epidemiology 23:713, says how it goes wrong), and that a sibling's outcome does not change the other's exposure.

    Parameters
    ----------
    people, relations, outcome, design, domain, claims
        As in :func:`cohort.analysis.families.familial_association`; a survey is refused.
    exposure
        A yes/no column: in the person.
    adjustment
        Columns in which siblings may differ.
    label
        For the result.
    """
    label = label or f"{readable(exposure)}, within siblings"
    estimand = f"odds ratio of {readable(outcome)} for {readable(exposure)} within sets of siblings"
    measure = "odds ratio within siblings"
    try:
        matrix, ill, own = _sets_that_differ(people, relations, outcome, exposure, adjustment, design, domain)
        coefficients, covariance = _conditional_logit(matrix, ill, own)
    except InestimableError as reason:
        return NotTestable(label, str(reason), measure, estimand, claims)
    return Estimate(
        label,
        measure,
        math.exp(coefficients[0]),
        math.sqrt(covariance[0, 0]),
        scale="log",
        null=1.0,
        estimand=estimand,
        adjustment=tuple(adjustment),
        n=len(ill),
        events=int(ill.sum()),
        claims=claims,
        details=(("design", "sets of siblings who differ in the outcome"),),
    )


def _sets_that_differ(
    people: pd.DataFrame,
    relations: pd.DataFrame,
    outcome: str,
    exposure: str,
    adjustment: Sequence[str],
    design: Design,
    domain: Domain,
) -> tuple[FloatArray, CodeArray, CodeArray]:
    """Return covariates (the exposure first), outcome and number of the set, of siblings who differ in the outcome.

    Raises
    ------
    InestimableError
        If there are no siblings, or fewer than five sets in which who is exposed has the outcome, or the other way.
    """
    if relations.empty:
        raise InestimableError("this cohort records no relatives")
    if is_survey(design):
        raise InestimableError("conditional logistic regression knows no survey weights")
    yes_no(people, exposure)
    family = families_of(people, relations, kinds=["sibling"])
    if len(np.unique(family)) == len(people):
        raise InestimableError("nobody in this cohort has a sibling in it")
    frame = model_frame(
        people.assign(**{outcome: binary(require(people, outcome))}), outcome=outcome, exposures=[exposure],
        adjustment=adjustment, design=design, domain=domain, kind="continuous",
    )  # fmt: skip
    rows = _differing(frame.outcome, family[frame.domain])
    own = family[frame.domain][rows]
    matrix, ill = frame.matrix[rows, 1:], frame.outcome[rows]
    for exposed_has_it in (True, False):
        telling = (matrix[:, 0] == 1) & (ill == exposed_has_it)
        opposite = (matrix[:, 0] == 0) & (ill != exposed_has_it)
        if len(np.intersect1d(own[telling], own[opposite])) < MINIMUM_CELL:
            few = f"fewer than {MINIMUM_CELL} sets of siblings"
            raise InestimableError(f"{few} that differ in exposure and outcome either way")
    return matrix, ill.astype(np.intp), own


def _differing(values: FloatArray, family: CodeArray) -> BoolArray:
    """Return who belongs to a family in which a value differs."""
    size = int(family.max(initial=0)) + 1
    count, total = np.bincount(family, minlength=size), np.bincount(family, weights=values, minlength=size)
    return np.asarray(((total > 0) & (total < count))[family])


def _conditional_logit(matrix: FloatArray, ill: CodeArray, family: CodeArray) -> tuple[FloatArray, FloatArray]:
    """Return coefficients and covariance of conditional logistic regression: Newton's method on the exact likelihood.

    Of a set with m cases, the cases are compared with every other choice of m of its members. Columns that vary within
    no set drop out of the likelihood and are left out.
    """
    means = np.column_stack([np.bincount(family, weights=c)[family] / np.bincount(family)[family] for c in matrix.T])
    varying = np.abs(matrix - means).max(axis=0) > 1e-9
    if not varying[0]:
        raise InestimableError("no siblings differ in the exposure")
    centred = (matrix - means)[:, varying]
    scale = centred.std(axis=0)
    choices = _choices(centred / scale, ill, family)
    beta = np.zeros(centred.shape[1])
    for _ in range(MOST_STEPS):
        score, information = np.zeros_like(beta), np.zeros((len(beta), len(beta)))
        for cases, others in choices:
            chance = special.softmax(others @ beta, axis=1)
            mean = np.einsum("gc,gcp->gp", chance, others)
            score += (cases - mean).sum(axis=0)
            information += np.einsum("gc,gcp,gcq->pq", chance, others, others) - mean.T @ mean
        try:
            step = solve_positive(information, score)
        except linalg.LinAlgError as error:
            raise InestimableError("the variables of the model are too nearly collinear within families") from error
        beta = beta + step * min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(beta).max() > WIDEST_LOG_RATIO:
            break
        if np.abs(step).max() < 1e-10:
            return np.asarray(beta / scale), np.asarray(invert(information) / np.outer(scale, scale))
    raise InestimableError("the variables predict the outcome perfectly within some families (separation)")


def _choices(matrix: FloatArray, ill: CodeArray, family: CodeArray) -> list[tuple[FloatArray, FloatArray]]:
    """Return, for sets of one size and number of cases, the cases' sums and those of every choice of as many members.

    Returns
    -------
    list
        Pairs of arrays of shape (sets, p) and (sets, choices, p).
    """
    order = np.lexsort((1 - ill, family))
    rows, outcome = matrix[order], ill[order]
    _, first, size = np.unique(family[order], return_index=True, return_counts=True)
    cases = np.add.reduceat(outcome, first)
    found = []
    for members, with_it in np.unique(np.column_stack([size, cases]), axis=0):
        here = first[(size == members) & (cases == with_it)]
        if math.comb(int(members), int(with_it)) > MOST_CHOICES:
            raise InestimableError("a set of siblings is too large for the exact conditional likelihood")
        sets = rows[here[:, None] + np.arange(members)]
        chosen = np.array(list(itertools.combinations(range(members), with_it)))
        found.append((sets[:, :with_it].sum(axis=1), sets[:, chosen].sum(axis=2)))
    return found
