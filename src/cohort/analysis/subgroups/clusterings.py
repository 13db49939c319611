"""Clusterings: k-means of many data sets, a fixed order of clusters, and how well two clusterings agree.

Agreement is matrix algebra over a leading axis of data sets: resamples, null draws or halves. Clusters are ordered by
their mean of the first marker, hence carry the same number on any machine.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Partitions:
    """k-means of several data sets.

    Parameters
    ----------
    centres
        Means of the clusters, shape (data sets, clusters, markers), in the order of the first marker.
    labels
        Cluster of each person from 0, shape (data sets, people).
    within
        Sum of squared distances to the own centre, by data set.
    """

    centres: FloatArray
    labels: IntArray
    within: FloatArray


def k_means(
    values: FloatArray, clusters: int, rng: np.random.Generator, *, inside: BoolArray | None = None, starts: int = 6
) -> Partitions:
    """Return scikit-learn's k-means of several data sets, clusters in the order of their mean of the first marker.

    Parameters
    ----------
    values
        Shape (data sets, people, markers).
    clusters
        Number of clusters.
    rng
        Source of the k-means++ starts (Arthur and Vassilvitskii 2007, Proc 18th ACM-SIAM SODA 1027-1035).
    inside
        Who moves the centres, shape (data sets, people); the others are only assigned. ``values`` may then have one
        data set that all rows of it resample.
    starts
        Starts for each data set; the best one counts.

    Examples
    --------
    >>> two = np.array([[[0.0], [0.1], [5.0], [5.1]]])
    >>> k_means(two, 2, np.random.default_rng(1)).labels.tolist()
    [[0, 0, 1, 1]]

    Notes
    -----
    Finds a local optimum; more starts make it the global one more often. One thread, so that sums have one order.
    """
    sets = len(values) if inside is None else len(inside)
    seeds = rng.integers(2**31 - 1, size=sets)
    centres = np.empty((sets, clusters, values.shape[2]))
    within = np.empty(sets)
    with threadpool_limits(limits=1):
        for place in range(sets):
            people = values[0] if len(values) == 1 else values[place]
            if inside is not None:
                people = people[inside[place]]
            model = KMeans(clusters, n_init=starts if clusters > 1 else 1, random_state=int(seeds[place]))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(people)
            centres[place] = model.cluster_centers_[np.lexsort(np.round(model.cluster_centers_.T[::-1], 9))]
            within[place] = model.inertia_
    return Partitions(centres, nearest_centre(values, centres), within)


def nearest_centre(values: FloatArray, centres: FloatArray) -> IntArray:
    """Return the cluster of everybody, from 0, shape (data sets, people).

    Parameters
    ----------
    values
        Shape (data sets or 1, people, markers).
    centres
        Shape (data sets, clusters, markers).
    """
    away = np.sum(centres**2, axis=2)[:, None, :] - 2 * (values @ centres.transpose(0, 2, 1))
    return np.asarray(np.argmin(away, axis=2))


def crossed(first: IntArray, second: IntArray, clusters: int, inside: BoolArray | None = None) -> FloatArray:
    """Return how many people are in each pair of clusters of two clusterings, shape (data sets, clusters, clusters).

    Parameters
    ----------
    first, second
        Labels from 0, shape (data sets, people).
    clusters
        Number of clusters of both.
    inside
        Who is counted, shape (data sets, people); everybody when None.
    """
    kinds = np.arange(clusters)
    rows = (first[:, :, None] == kinds).astype(float)
    if inside is not None:
        rows = rows * inside[:, :, None]
    columns = (second[:, :, None] == kinds).astype(float)
    return np.asarray(rows.transpose(0, 2, 1) @ columns)


def adjusted_rand(table: FloatArray) -> FloatArray:
    """Return the adjusted Rand index of tables of two clusterings (Hubert and Arabie 1985, J Classif 2:193).

    Examples
    --------
    >>> adjusted_rand(np.array([[[5.0, 0.0], [0.0, 5.0]], [[3.0, 2.0], [2.0, 3.0]]])).round(3).tolist()
    [1.0, -0.08]
    """

    def pairs(count: FloatArray) -> FloatArray:
        return count * (count - 1) / 2

    both = pairs(table).sum(axis=(1, 2))
    rows, columns = pairs(table.sum(axis=2)).sum(axis=1), pairs(table.sum(axis=1)).sum(axis=1)
    expected = rows * columns / pairs(table.sum(axis=(1, 2)))
    largest = (rows + columns) / 2
    apart = largest - expected
    return np.where(apart > 0, (both - expected) / np.where(apart > 0, apart, 1), 1.0)


def jaccard(table: FloatArray) -> FloatArray:
    """Return the Jaccard index of every pair of clusters, from tables of two clusterings; 0 for two empty ones."""
    union = table.sum(axis=2)[:, :, None] + table.sum(axis=1)[:, None, :] - table
    return np.asarray(table / np.maximum(union, 1.0))


def matched(agreement: FloatArray) -> IntArray:
    """Return for each cluster of the first clustering its partner in the second: the pairs of most agreement in sum.

    Examples
    --------
    >>> matched(np.array([[[0.1, 0.9], [0.8, 0.2]]])).tolist()
    [[1, 0]]
    """
    return np.stack([linear_sum_assignment(-one)[1] for one in agreement]).astype(np.int64)


def bootstrap_jaccard(
    values: FloatArray, labels: IntArray, clusters: int, rng: np.random.Generator, *, draws: int = 100, starts: int = 4
) -> FloatArray:
    """Return for every resample and cluster how much of it k-means finds again, shape (draws, clusters).

    Each resample of the people, every one once however often drawn, is clustered anew; a cluster's index is its largest
    Jaccard index with a cluster of the resample, among the people drawn. As R's ``fpc::clusterboot`` with
    ``bootmethod = "boot"`` (Hennig 2007, Comput Stat Data Anal 52:258). A high mean is no sign of a group: k-means
    cuts one round population in the same place each time.

    Parameters
    ----------
    values
        Shape (people, markers).
    labels
        Cluster of each person from 0, in the whole sample.
    clusters
        Number of clusters.
    rng
        Source of the resamples and starts.
    draws, starts
        Resamples, and starts of k-means in each.
    """
    people = len(values)
    drawn = np.zeros((draws, people), dtype=bool)
    np.put_along_axis(drawn, rng.integers(people, size=(draws, people)), True, axis=1)
    again = k_means(values[None], clusters, rng, inside=drawn, starts=starts)
    original = np.broadcast_to(labels, again.labels.shape)
    table = np.concatenate(
        [crossed(original[i : i + 1], again.labels[i : i + 1], clusters, drawn[i : i + 1]) for i in range(draws)]
    )
    return np.asarray(jaccard(table).max(axis=2))
