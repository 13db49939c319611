"""Drawing missing numbers: Bayesian linear regression, as it is or to match each person with people like him.

The posterior is that of Rubin 1987 (Multiple Imputation for Nonresponse in Surveys, p. 167) with the usual flat prior:
sigma² is the residual sum of squares over a chi² draw, the coefficients are normal about least squares. Matching is of
type 1 (van Buuren 2018, Flexible Imputation of Missing Data, section 3.4): people with a known value are predicted by
the estimate, people without by the draw, and the value is taken from one of the nearest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohort.analysis.imputation.algebra import Generators, inverse_root, normals, rank, times, uniforms
from cohort.analysis.imputation.coding import CodeArray, FloatArray


@dataclass(frozen=True, eq=False)
class LinearDraw:
    """A draw from the posterior of a linear regression, for each chain.

    Parameters
    ----------
    estimate, coefficients
        Least squares, and the draw about it; shape (chains, p).
    sigma
        The draw of the residual SD, shape (chains,).
    """

    estimate: FloatArray
    coefficients: FloatArray
    sigma: FloatArray


def draw_linear(
    gram: FloatArray, moments: FloatArray, square: FloatArray, n: int, generators: Generators
) -> LinearDraw:
    """Return a draw of coefficients and residual SD given sums of squares and products of the people with a value.

    Parameters
    ----------
    gram, moments, square
        X'X, X'y and y'y: shapes (chains, p, p), (chains, p) and (chains,).
    n
        How many people they are sums over.
    generators
        One for each chain.

    Examples
    --------
    >>> x, y = np.ones((4, 1)), np.array([1.0, 2.0, 3.0, 4.0])
    >>> rng = [np.random.default_rng(1)]
    >>> draw_linear((x.T @ x)[None], (x.T @ y)[None], np.array([y @ y]), 4, rng).estimate.tolist()
    [[2.5]]
    """
    root = inverse_root(gram)
    estimate = times(root, times(root.swapaxes(1, 2), moments))
    # Sums of squares lose digits where the fit is perfect: less than rounding error stands for nothing.
    residual = np.maximum(square - (estimate * moments).sum(axis=1), 1e-13 * square)
    df = np.maximum(n - rank(root), 1.0)
    chi = np.array([generator.chisquare(d) for generator, d in zip(generators, df, strict=True)])
    sigma = np.sqrt(residual / chi)
    noise = times(root, normals(generators, root.shape[2]))
    return LinearDraw(estimate, estimate + sigma[:, None] * noise, sigma)


def draw_donors(known: FloatArray, wanted: FloatArray, donors: int, generators: Generators) -> CodeArray:
    """Return for each wanted prediction the place of one of the nearest known ones, drawn with equal probability.

    Known predictions are sorted once; the nearest then stand side by side, so that only the place of the window of
    donors is searched for. Among equal predictions the order is drawn, and so is the place in their block, so that no
    donor is favoured.

    Parameters
    ----------
    known, wanted
        Predictions of people with and without a value, shapes (chains, n) and (chains, k).
    donors
        How many of the nearest to draw from.
    generators
        One for each chain.

    Examples
    --------
    >>> rng = [np.random.default_rng(1)]
    >>> draw_donors(np.array([[0.0, 10.0, 20.0]]), np.array([[9.0, 100.0]]), 1, rng).tolist()
    [[1, 2]]
    """
    n = known.shape[1]
    size = min(donors, n)
    chance = uniforms(generators, 2, wanted.shape[1])
    order = np.argsort(known, axis=1)
    ordered = np.take_along_axis(known, order, axis=1)
    places = np.empty(wanted.shape, dtype=np.intp)
    for chain, generator in enumerate(generators):
        left = np.searchsorted(ordered[chain], wanted[chain], side="left")
        if (ordered[chain, 1:] == ordered[chain, :-1]).any():
            shuffled = generator.permutation(n)
            order[chain] = shuffled[np.argsort(known[chain, shuffled], kind="stable")]
            right = np.searchsorted(ordered[chain], wanted[chain], side="right")
            left = left + np.floor(chance[chain, 0] * (right - left + 1)).astype(np.intp)
        places[chain] = left
    # The window grows towards the nearer neighbour until it holds all donors.
    padded = np.pad(ordered, ((0, 0), (1, 1)), constant_values=(-np.inf, np.inf))
    low, high = places.copy(), places + 1
    for _ in range(size):
        below, above = np.take_along_axis(padded, low, axis=1), np.take_along_axis(padded, high, axis=1)
        down = wanted - below <= above - wanted
        low -= down
        high += ~down
    chosen = low + np.floor(chance[:, 1] * size).astype(np.intp)
    return np.asarray(np.take_along_axis(order, chosen, axis=1), dtype=np.intp)
