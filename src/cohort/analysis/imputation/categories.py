"""Drawing missing levels: logistic regression for two and multinomial for more, kept finite under perfect prediction.

Coefficients are drawn from the normal approximation to their posterior: about its maximum, with the inverse information
there (Rubin 1987, p. 169). Where a predictor separates a level perfectly, the likelihood has no maximum, and draws
about a very large estimate with a very large error fall on either side (White, Daniel & Royston 2010, Comput Stat Data
Anal 54:2267). A weak prior on the slopes keeps both small: of the remedies of that article, pseudo-people and
penalisation, the latter leaves the intercept free, so that a rare level is not drawn more often than it is seen.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy import special

from cohort.analysis.imputation.algebra import Generators, inverse_root, normals, times, uniforms
from cohort.analysis.imputation.coding import CodeArray, FloatArray
from cohort.analysis.variables import InestimableError

MOST_STEPS = 60
_SETTLED = 1e-5
"""The search ends when its step is this many standard errors long."""
_SLOW = 0.5
"""The information is computed anew when a step is not this much shorter than the one before,"""
_FAR = 3.0
"""or when the first is this many standard errors long."""
PRIOR_SD = 1.5
"""SD of the normal prior of a slope, a log odds ratio per SD of the predictor; its information is that of two people
of whom either level is as likely, which counts where there are few."""
_LONGEST = 4.0
"""Longest change of a coefficient in one step."""


@dataclass(eq=False)
class LevelModel:
    """What stays the same in every visit to a variable with levels, and where the last visit ended.

    Parameters
    ----------
    predictors
        Columns of the design that predict it, the intercept first.
    targets
        Indicator of each level but the first, one row per person.
    weights
        One for people with a known level, zero for those without.
    prior
        Prior precision of the coefficients of one level: zero for the intercept.
    coefficients, root
        Estimate of the last visit, shape (chains, p, levels - 1), and the root of its inverse information; None before
        the first. They start the next search, which makes it short; they don't change where it ends.
    """

    predictors: CodeArray
    targets: FloatArray
    weights: FloatArray
    prior: FloatArray
    coefficients: FloatArray | None = None
    root: FloatArray | None = None


def level_shares(predicted: FloatArray) -> FloatArray:
    """Return the probability of each level but the first, given linear predictors on the last axis."""
    if predicted.shape[-1] == 1:
        return np.asarray(special.expit(predicted))
    # Level by level: a reduction over so short an axis takes longer than all the rest.
    by_level = np.moveaxis(predicted, -1, 0)
    largest = np.maximum(functools.reduce(np.maximum, by_level), 0.0)
    raised = [np.exp(one - largest) for one in by_level]
    total = np.exp(-largest) + sum(raised)
    return np.stack([one / total for one in raised], axis=-1)


def _information(design: FloatArray, shares: FloatArray, model: LevelModel) -> FloatArray:
    """Return the information matrix of each chain, coefficients of one level after those of another."""
    chains, _, p = design.shape
    others = shares.shape[2]
    found = np.empty((chains, others, p, others, p))
    for a in range(others):
        for b in range(a + 1):
            weight = shares[:, :, a] * ((1 - shares[:, :, a]) if a == b else shares[:, :, b]) * model.weights
            rows = design * np.sqrt(weight)[:, :, None]
            block = np.matmul(rows.swapaxes(1, 2), rows) * (1 if a == b else -1)
            found[:, a, :, b, :] = found[:, b, :, a, :] = block
    whole = found.reshape(chains, others * p, others * p)
    whole[:, np.arange(others * p), np.arange(others * p)] += np.tile(model.prior, others)
    return whole


def _score(design: FloatArray, shares: FloatArray, beta: FloatArray, model: LevelModel) -> FloatArray:
    residual = (model.targets - shares) * model.weights[:, None]
    slopes = np.matmul(residual.swapaxes(1, 2), design) - beta.swapaxes(1, 2) * model.prior
    return np.asarray(slopes.reshape(len(design), -1))


def fit_levels(design: FloatArray, model: LevelModel) -> tuple[FloatArray, FloatArray]:
    """Return the maximum of the posterior of each chain and the root of its inverse information.

    Newton's method that keeps its information matrix while steps shrink quickly.

    Parameters
    ----------
    design
        Predictors only, shape (chains, people, p).
    model
        Targets, weights and where to start; updated with the result.

    Returns
    -------
    FloatArray, FloatArray
        Coefficients, shape (chains, p, levels - 1), and roots over coefficients of one level after another.

    Raises
    ------
    InestimableError
        If the search does not end.
    """
    chains, _, p = design.shape
    others = model.targets.shape[1]
    if model.coefficients is None or model.root is None:
        share = model.weights @ model.targets / model.weights.sum()
        model.coefficients = np.zeros((chains, p, others))
        model.coefficients[:, 0] = np.log(share / (1 - share.sum()))
        model.root = np.zeros((chains, others * p, others * p))
        renew = np.ones(chains, dtype=bool)
    else:
        renew = np.zeros(chains, dtype=bool)
    beta, root = model.coefficients, model.root.copy()
    active, before = np.arange(chains), np.full(chains, np.inf)
    last, slope = np.zeros((chains, others * p)), np.zeros(chains)
    for _ in range(MOST_STEPS):
        rows = design if len(active) == chains else design[active]
        shares = level_shares(np.matmul(rows, beta[active]))
        score = _score(rows, shares, beta[active], model)
        # Beyond the maximum along the last step, where the slope is more than half reversed: half of the step back.
        too_far = (score * last[active]).sum(axis=1) < -0.5 * slope[active]
        fresh = renew[active] & ~too_far
        if fresh.any():
            which = slice(None) if fresh.all() else fresh
            root[active[fresh]] = inverse_root(_information(rows[which], shares[which], model))
        reach = times(root[active].swapaxes(1, 2), score)
        step = times(root[active], reach)
        step *= np.minimum(1.0, _LONGEST / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
        step = np.where(too_far[:, None], -last[active] / 2, step)
        beta[active] += step.reshape(len(active), others, p).swapaxes(1, 2)
        last[active] = np.where(too_far[:, None], -step, step)
        slope[active] = np.where(too_far, slope[active] / 2, (score * step).sum(axis=1))
        length = np.abs(reach).max(axis=1)
        # The first step says nothing of how quickly they shrink, but a long one wants a matrix of its own.
        slow = np.where(np.isfinite(before[active]), length > _SLOW * before[active], length > _FAR)
        renew[active] = slow | too_far
        before[active] = np.where(too_far, np.inf, length)
        active = active[too_far | (length > _SETTLED)]
        if not len(active):
            break
    else:
        raise InestimableError("a model of the imputation did not converge")
    shares = level_shares(np.matmul(design, beta))
    model.root = inverse_root(_information(design, shares, model))
    return beta, model.root


def draw_levels(
    design: FloatArray, wanted: CodeArray, model: LevelModel, generators: Generators, shift: float = 0.0
) -> CodeArray:
    """Return drawn levels, as their places among those drawn, of people without a known one, shape (chains, wanted).

    Parameters
    ----------
    design
        All columns, shape (chains, people, columns).
    wanted
        People whose level is not known.
    model
        Predictors, targets and weights.
    generators
        One for each chain.
    shift
        Added to the logit of the second of two levels, for a sensitivity analysis.
    """
    rows = np.take(design, model.predictors, axis=2)
    beta, root = fit_levels(rows, model)
    chains, p, others = beta.shape
    noise = times(root, normals(generators, root.shape[2])).reshape(chains, others, p).swapaxes(1, 2)
    shares = level_shares(np.matmul(np.take(rows, wanted, axis=1), beta + noise) + shift)
    chance = uniforms(generators, len(wanted))
    # Codes count how many levels the draw has passed; the first level comes first.
    first = 1 - shares.sum(axis=2)
    passed = first[:, :, None] + np.cumsum(shares, axis=2) - shares
    return np.asarray((chance[:, :, None] >= passed).sum(axis=2), dtype=np.intp)
