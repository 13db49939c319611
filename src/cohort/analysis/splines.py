"""Restricted cubic splines: where the knots stand, and the columns that a regression gets.

A restricted cubic spline is a cubic between knots and a straight line beyond the outermost ones, where few people are.
Knots stand at the quantiles that Harrell recommends (Regression Modeling Strategies, 2nd ed. 2015, table 2.3). The
first column of the basis is the exposure itself, so that all other coefficients are zero if the association is linear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cohort.analysis.sampling import FloatArray
from cohort.analysis.variables import InestimableError

QUANTILES: Mapping[int, tuple[float, ...]] = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.11 / 0.6, 0.205 / 0.6, 0.50, 0.395 / 0.6, 0.49 / 0.6, 0.975),
}
"""Harrell's quantiles by the number of knots."""


def place_knots(values: npt.ArrayLike, count: int = 4, weights: npt.ArrayLike | None = None) -> tuple[float, ...]:
    """Return knots at Harrell's quantiles of the values.

    Parameters
    ----------
    values
        Of the exposure, one per person.
    count
        From 3 to 7.
    weights
        Sampling weights: the quantiles are then those of the population.

    Raises
    ------
    InestimableError
        If the values are so bunched that two knots would fall together.

    Examples
    --------
    >>> place_knots(range(101), 3)
    (10.0, 50.0, 90.0)
    """
    known = np.asarray(values, dtype=np.float64)
    shares = np.asarray(QUANTILES[count])
    if weights is None:
        knots = np.quantile(known, shares)
    else:
        order = np.argsort(known, kind="stable")
        weight = np.asarray(weights, dtype=np.float64)[order]
        # Each value stands at the middle of its weight, so that equal weights nearly give plain quantiles.
        knots = np.interp(shares, (np.cumsum(weight) - weight / 2) / weight.sum(), known[order])
    if len(np.unique(knots)) < count:
        raise InestimableError(f"too many people share a value of the exposure for {count} knots")
    return tuple(float(knot) for knot in knots)


def spline_basis(values: npt.ArrayLike, knots: Sequence[float]) -> FloatArray:
    """Return the restricted cubic spline basis in truncated powers, the values themselves in the first column.

    Divided by the square of the distance of the outer knots, as R's ``Hmisc::rcspline.eval(norm = 2)`` and
    ``rms::rcs``.

    Parameters
    ----------
    values
        Of the exposure, shape (people,).
    knots
        At least three, ascending.

    Returns
    -------
    FloatArray
        Shape (people, knots - 1).

    Examples
    --------
    >>> spline_basis([0.0, 1.0, 3.0], [0.0, 1.0, 2.0])[:, 1]
    array([0.  , 0.25, 3.  ])
    """
    x, at = np.asarray(values, dtype=np.float64), np.asarray(knots, dtype=np.float64)
    if len(at) < 3 or (np.diff(at) <= 0).any():
        raise ValueError("a restricted cubic spline needs three ascending knots or more")
    cubes = np.maximum(x[:, None] - at, 0) ** 3
    last, before = at[-1], at[-2]
    inner = at[:-2]
    bent = (
        cubes[:, :-2]
        - cubes[:, [-2]] * (last - inner) / (last - before)
        + cubes[:, [-1]] * (before - inner) / (last - before)
    )
    return np.column_stack([x, bent / (last - at[0]) ** 2])
