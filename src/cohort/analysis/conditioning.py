"""Systems of equations that are too near to singular to be solved: an error, where scipy only warns."""

from __future__ import annotations

import warnings

import numpy as np
from scipy import linalg

from cohort.analysis.sampling import FloatArray


def solve_positive(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Return the solution of a system with a positive definite matrix.

    Parameters
    ----------
    matrix
        Shape (p, p).
    right
        Shape (p,) or (p, k).

    Raises
    ------
    LinAlgError
        If the matrix is not positive definite, or so ill-conditioned that no digit of the solution could be trusted.

    Examples
    --------
    >>> solve_positive(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 2.0])).round(6).tolist()
    [1.0, 0.5]
    >>> solve_positive(np.array([[1.0, 1.0], [1.0, 1.0 + 3e-16]]), np.ones(2))
    Traceback (most recent call last):
    numpy.linalg.LinAlgError: ...
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", linalg.LinAlgWarning)
        try:
            return np.asarray(linalg.solve(matrix, right, assume_a="pos"))
        except linalg.LinAlgWarning as warning:
            raise linalg.LinAlgError(str(warning)) from warning


def invert(matrix: FloatArray) -> FloatArray:
    """Return the inverse of a matrix.

    Parameters
    ----------
    matrix
        Shape (p, p).

    Raises
    ------
    LinAlgError
        If it is singular, or so ill-conditioned that no digit of the inverse could be trusted.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", linalg.LinAlgWarning)
        try:
            return np.asarray(linalg.inv(matrix))
        except linalg.LinAlgWarning as warning:
            raise linalg.LinAlgError(str(warning)) from warning
