"""Class means of a variable that made no class, corrected for people in the wrong class: the BCH three-step method.

Putting everybody into the most probable class and comparing means draws the classes together, the more so the less
certain the classes are. The correction weights each person by the inverse of the matrix of classification errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cohort.errors import AnalysisError

FloatArray = NDArray[np.float64]

_WORST_CONDITION = 1e6


@dataclass(frozen=True, eq=False)
class ClassMeans:
    """Means of a variable by class.

    Parameters
    ----------
    means
        Corrected for classification error, by class.
    covariance
        Of the corrected means.
    naive
        Means of the people assigned to each class.
    classified
        Probability of each assigned class (column) for people of each class (row).
    """

    means: FloatArray
    covariance: FloatArray
    naive: FloatArray
    classified: FloatArray

    def difference(self, one: int, two: int) -> tuple[float, float]:
        """Return the mean of class ``one`` less that of class ``two``, counted from 0, and its standard error."""
        variance = self.covariance[one, one] + self.covariance[two, two] - 2 * self.covariance[one, two]
        return float(self.means[one] - self.means[two]), float(np.sqrt(variance))

    def p_value(self) -> float:
        """Return the Wald p value that all classes have one mean."""
        contrast = np.eye(len(self.means))[1:] - np.eye(len(self.means))[0]
        apart = contrast @ self.means
        statistic = apart @ np.linalg.solve(contrast @ self.covariance @ contrast.T, apart)
        return float(stats.chi2.sf(statistic, len(apart)))


def class_means(posterior: FloatArray, variable: FloatArray) -> ClassMeans:
    """Return the means of a variable by class, with the BCH correction and a sandwich covariance.

    Parameters
    ----------
    posterior
        Probability of each class, shape (people, classes), from markers alone.
    variable
        One number per person, not used to make the classes; a yes/no variable as 0 and 1.

    Raises
    ------
    AnalysisError
        If the classes are too uncertain for the matrix of errors to be inverted.

    Examples
    --------
    >>> posterior = np.array([[0.9, 0.1]] * 50 + [[0.1, 0.9]] * 50)
    >>> found = class_means(posterior, np.r_[np.full(50, 0.2), np.full(50, 1.0)])
    >>> found.naive.round(2).tolist(), found.means.round(2).tolist()
    ([0.2, 1.0], [0.1, 1.1])

    Notes
    -----
    D[t, s] = sum_i P(t | i) 1{i assigned to s} / sum_i P(t | i); each person gets the weights 1{i in s} times the
    inverse of D, some of them negative, and a class mean is a weighted mean. Assumes that the variable depends on the
    markers through the class alone: if it varies with the markers within a class, the means are biased. The covariance
    takes D as known. Sources: Bolck, Croon and Hagenaars 2004 (Polit Anal 12:3); Vermunt 2010 (Polit Anal 18:450).
    """
    people, classes = posterior.shape
    assigned = (np.argmax(posterior, axis=1)[:, None] == np.arange(classes)).astype(float)
    classified = posterior.T @ assigned / posterior.sum(axis=0)[:, None]
    if (assigned.sum(axis=0) == 0).any() or np.linalg.cond(classified) > _WORST_CONDITION:
        raise AnalysisError("the classes are too uncertain to correct for people in the wrong one.")
    weights = assigned @ np.linalg.inv(classified)
    total = weights.sum(axis=0)
    if (total <= 0).any():
        raise AnalysisError("the classes are too uncertain to correct for people in the wrong one.")
    means = weights.T @ variable / total
    influence = weights * (variable[:, None] - means) / total
    naive = assigned.T @ variable / assigned.sum(axis=0)
    return ClassMeans(means, influence.T @ influence * people / (people - 1), naive, classified)
