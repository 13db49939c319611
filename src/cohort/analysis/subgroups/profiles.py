"""Mean of every marker in every class of a mixture, with intervals that refit the mixture in resampled people."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from cohort.analysis.subgroups.mixtures import ordered_classes
from cohort.analysis.subgroups.models import fit_mixture
from cohort.analysis.subgroups.preparation import PreparedMarkers


def class_profiles(
    prepared: PreparedMarkers, classes: int, *, rng: np.random.Generator, shape: str = "tied", resamples: int = 40
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
    shape
        Covariance: ``full``, ``tied`` or ``diag``.
    resamples
        Bootstrap resamples of people; each refit starts from the mixture of all, which keeps the classes apart from
        changing names (McLachlan and Peel 2000, Finite Mixture Models, section 2.16).

    Notes
    -----
    Intervals are percentiles. They say how precisely a mixture of so many classes is known, not whether there are
    classes.
    """
    values = prepared.scalings["log"]
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model, _ = fit_mixture(values, shape, classes, starts=4, seed=int(rng.integers(2**31 - 1)))
        order, labels = ordered_classes(model, values)
        drawn = np.empty((resamples, classes, len(prepared.markers)))
        for place in range(resamples):
            # A coarse tolerance would stop at the start, next to the mixture of all, and give intervals that are far
            # too narrow.
            again = copy.deepcopy(model).set_params(warm_start=True, tol=1e-6, max_iter=500)
            drawn[place] = again.fit(values[rng.integers(len(values), size=len(values))]).means_[order]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    people = np.bincount(labels, minlength=classes)
    means = model.means_[order]
    return pd.DataFrame(
        [
            {"class": k + 1, "people": int(people[k]), "marker": marker, "mean": float(means[k, m]),
             "lower": float(low[k, m]), "upper": float(high[k, m])}
            for k in range(classes)
            for m, marker in enumerate(prepared.markers)
        ]
    )  # fmt: skip
