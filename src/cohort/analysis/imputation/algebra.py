"""Linear algebra of many chains at once: square roots of inverses, and normal draws with a given precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from cohort.analysis.imputation.coding import FloatArray

SMALLEST = 1e-8
"""Smallest eigenvalue of a correlation-like matrix that counts: directions with less say nothing of a coefficient."""

Generators = Sequence[np.random.Generator]


def inverse_root(information: FloatArray) -> FloatArray:
    """Return a matrix R for each chain with R R' the inverse of its information matrix.

    Where columns are collinear the pseudo-inverse: in directions that the data say nothing of, the coefficient is zero
    and so is its spread, so that nothing wild is drawn.

    Parameters
    ----------
    information
        Symmetric and positive semi-definite, shape (chains, p, p).

    Examples
    --------
    >>> root = inverse_root(np.array([[[4.0, 0.0], [0.0, 1.0]]]))
    >>> (root @ root.swapaxes(1, 2))[0].tolist()
    [[0.25, 0.0], [0.0, 1.0]]
    """
    diagonal = np.einsum("cii->ci", information)
    scale = np.where(diagonal > 0, 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0)), 0.0)
    unit = information * scale[:, :, None] * scale[:, None, :]
    roots = np.empty_like(unit)
    for chain, matrix in enumerate(unit):
        # Chain by chain, so that no chain's numbers depend on which others are at work beside it.
        lower, failed = linalg.lapack.dpotrf(matrix, lower=1, clean=1)
        pivots = np.diag(lower)
        if failed or (pivots**2).min(initial=1.0) < SMALLEST:
            roots[chain] = _pseudo_root(matrix)
        else:
            inverse, _ = linalg.lapack.dtrtri(lower, lower=1)
            roots[chain] = inverse.T
    return np.asarray(roots * scale[:, :, None])


def _pseudo_root(matrix: FloatArray) -> FloatArray:
    eigenvalues, vectors = np.linalg.eigh(matrix)
    kept = eigenvalues > SMALLEST * max(eigenvalues.max(initial=0.0), 1e-300)
    weights = np.where(kept, 1 / np.sqrt(np.where(kept, eigenvalues, 1.0)), 0.0)
    return np.asarray(vectors * weights)


def rank(roots: FloatArray) -> FloatArray:
    """Return how many directions each chain's information says something of."""
    return np.asarray((np.abs(roots).max(axis=1) > 0).sum(axis=1), dtype=np.float64)


def normals(generators: Generators, *shape: int) -> FloatArray:
    """Return standard normal draws, one row per chain from its own generator."""
    return np.stack([generator.standard_normal(shape) for generator in generators])


def uniforms(generators: Generators, *shape: int) -> FloatArray:
    """Return draws between 0 and 1, one row per chain from its own generator."""
    return np.stack([generator.random(shape) for generator in generators])


def times(matrices: FloatArray, vectors: FloatArray) -> FloatArray:
    """Return each chain's matrix times its vector."""
    return np.asarray(np.matmul(matrices, vectors[:, :, None])[:, :, 0])
