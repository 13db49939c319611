"""Mean of every marker in every class of a mixture, with intervals that refit the mixture in resampled people."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from cohort.analysis.subgroups.mixtures import ordered_classes
from cohort.analysis.subgroups.models import fit_mixture
from cohort.analysis.subgroups.preparation import PreparedMarkers

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TOLERANCE = 1e-6  # a coarser one stops at the start, next to the mixture of all, and gives intervals far too narrow
_MOST_STEPS = 500
_RIDGE = 1e-4


def class_profiles(
    prepared: PreparedMarkers, classes: int, *, rng: np.random.Generator, resamples: int = 40
) -> pd.DataFrame:
    """Return one row per class and marker: ``class`` from 1, ``people``, ``marker``, ``mean``, ``lower``, ``upper``.

    Parameters
    ----------
    prepared
        Markers from :func:`prepare_markers`; the log scaling is used, so means are in its robust SD.
    classes
        Number of classes.
    rng
        Source of starts and resamples.
    resamples
        Bootstrap resamples of people; each refit starts from the mixture of all, which keeps the classes apart from
        changing names (McLachlan and Peel 2000, Finite Mixture Models, section 2.16).

    Notes
    -----
    Classes share one covariance. Intervals are percentiles. They say how precisely a mixture of so many classes is
    known, not whether there are classes.
    """
    values = prepared.scalings["log"]
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model, _ = fit_mixture(values, "tied", classes, starts=4, seed=int(rng.integers(2**31 - 1)))
        order, labels = ordered_classes(model, values)
        drawn = np.stack(
            [
                refitted_means(values, np.bincount(rng.integers(len(values), size=len(values)), minlength=len(values)),
                               model)[order]
                for _ in range(resamples)
            ]
        )  # fmt: skip
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    people = np.bincount(labels, minlength=classes)
    # The same fit to everybody once: the mixture that it starts from was stopped earlier.
    means = refitted_means(values, np.ones(len(values), dtype=np.int64), model)[order]
    return pd.DataFrame(
        [
            {"class": k + 1, "people": int(people[k]), "marker": marker, "mean": float(means[k, m]),
             "lower": float(low[k, m]), "upper": float(high[k, m])}
            for k in range(classes)
            for m, marker in enumerate(prepared.markers)
        ]
    )  # fmt: skip


def refitted_means(values: FloatArray, count: IntArray, model: GaussianMixture) -> FloatArray:
    """Return the means of a mixture with one covariance, fitted anew to people who are drawn several times or never.

    Parameters
    ----------
    values
        Shape (people, markers).
    count
        How many times each person was drawn.
    model
        The mixture of all, from which the fit starts.

    Notes
    -----
    What lies within classes is the total covariance, which no step changes, less what lies between their means. That
    saves the pass over people and classes that a general mixture spends on its covariance.
    """
    drawn = count > 0
    x, w = values[drawn], count[drawn] / count.sum()
    centre = w @ x
    x = x - centre
    total = (x * w[:, None]).T @ x + _RIDGE * np.eye(x.shape[1])
    share, means = np.asarray(model.weights_), np.asarray(model.means_) - centre
    before = -np.inf
    for _ in range(_MOST_STEPS):
        between = (means * share[:, None]).T @ means
        within = total - between + np.outer(share @ means, share @ means)
        root = np.linalg.inv(np.linalg.cholesky(within))
        white, middle = x @ root.T, means @ root.T
        odds = np.log(share) + white @ middle.T - 0.5 * np.sum(middle**2, axis=1)
        top = odds.max(axis=1, keepdims=True)
        member = np.exp(odds - top)
        norm = (np.log(member.sum(axis=1, keepdims=True)) + top)[:, 0]
        fit = float(w @ (norm - 0.5 * np.sum(white**2, axis=1)) + np.log(np.diag(root)).sum())
        member *= (w / member.sum(axis=1))[:, None]
        share = np.maximum(member.sum(axis=0), 1e-9)
        share, means = share / share.sum(), member.T @ x / share[:, None]
        if fit - before < _TOLERANCE:
            break
        before = fit
    return np.asarray(means + centre)
