"""Gaussian mixtures of the prepared markers: they describe, only the gate names.

The Bayesian information criterion compares mixtures with each other. It prefers several Gaussians whenever one
population is not exactly Gaussian, so the number of classes it prefers is no evidence for groups.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from cohort.analysis.subgroups.gate import FEWEST_PEOPLE, GateResult
from cohort.analysis.subgroups.preparation import PreparedMarkers
from cohort.results import NotTestable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SHAPES = ("full", "tied", "diag")
MOST_CLASSES = 5
STARTS = 4


@dataclass(frozen=True, eq=False)
class MixtureDescription:
    """Gaussian mixtures side by side, and what may be said of them.

    Parameters
    ----------
    table
        One row per covariance shape and number of classes: parameters, log-likelihood, BIC (smaller is better),
        relative entropy (1 when everybody belongs to one class for certain), people in the smallest class, and whether
        it converged.
    covariance, classes
        The model of smallest BIC.
    profiles
        Its classes: people, and mean and SD of each marker in SD of the prepared markers; ordered by the mean of the
        first marker.
    assignment
        Most probable class (from 1) of each person, by row of the cohort table.
    words
        What BIC prefers, beside the verdict of the gate.
    """

    table: pd.DataFrame
    covariance: str
    classes: int
    profiles: pd.DataFrame
    assignment: pd.Series
    words: str


def describe_mixtures(
    prepared: PreparedMarkers,
    gate: GateResult | NotTestable,
    *,
    rng: np.random.Generator,
    most_classes: int = MOST_CLASSES,
    starts: int = STARTS,
    shapes: Sequence[str] = SHAPES,
) -> MixtureDescription | NotTestable:
    """Return Gaussian mixtures with one to five classes, for description beside the gate's verdict.

    Parameters
    ----------
    prepared
        Markers from :func:`prepare_markers`; the log scaling is used.
    gate
        What the gate found in the same markers.
    rng
        Source of the starts.
    most_classes
        Largest number of classes.
    starts
        k-means starts for each model; the best is kept.
    shapes
        Covariance matrices: one for each class (``full``), one for all (``tied``), without correlation (``diag``).

    Notes
    -----
    Assumes that classes are Gaussian; a skewed single population is described by several. Runs on one thread, since
    k-means varies with threads.
    """
    if not prepared.markers or prepared.n < FEWEST_PEOPLE:
        reason = f"mixtures need a marker and at least {FEWEST_PEOPLE} people, this cohort has fewer"
        return NotTestable("Gaussian mixtures", reason, claims=("IP-40",))
    values = prepared.scalings["log"]
    seed = int(rng.integers(2**31 - 1))
    rows, models = [], {}
    with threadpool_limits(limits=1):
        for shape in shapes:
            for classes in range(1, most_classes + 1):
                model, converged = _fit(values, shape, classes, starts, seed)
                rows.append(_row(model, values, shape, classes, converged))
                models[shape, classes] = model
    table = pd.DataFrame(rows)
    # Rounded: with one class a full and a tied covariance are one model, and the last bit must not choose between them.
    best = table.iloc[int(np.argmin(np.round(table["bic"].to_numpy(), 6)))]
    covariance, classes = str(best["covariance"]), int(best["classes"])
    order, labels = ordered_classes(models[covariance, classes], values)
    assignment = pd.Series(labels + 1, index=prepared.index, name="class", dtype="Int64")
    profiles = _profiles(models[covariance, classes], order, labels, prepared.markers)
    words = _words(covariance, classes, gate)
    return MixtureDescription(table, covariance, classes, profiles, assignment, words)


def ordered_classes(model: GaussianMixture, values: FloatArray) -> tuple[IntArray, IntArray]:
    """Return classes in the order of their mean of the first marker, and each person's class in that order."""
    order = np.lexsort(np.round(model.means_.T[::-1], 9))
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return order, np.asarray(place[model.predict(values)])


def _fit(values: FloatArray, shape: str, classes: int, starts: int, seed: int) -> tuple[GaussianMixture, bool]:
    """Return a mixture and whether it converged; a mixture that did not is shown as such in the table."""
    model = GaussianMixture(
        classes,
        covariance_type=shape,
        n_init=1 if classes == 1 else starts,
        max_iter=500,
        random_state=seed,
        reg_covar=1e-4,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(values)
    return model, bool(model.converged_)


def _row(model: GaussianMixture, values: FloatArray, shape: str, classes: int, converged: bool) -> dict[str, object]:
    """Return the table's row of one mixture."""
    people = values.shape[0]
    log_likelihood = float(model.score(values) * people)
    parameters = _parameters(shape, classes, values.shape[1])
    probability = model.predict_proba(values)
    entropy = float("nan")
    if classes > 1:
        uncertain = -np.sum(probability * np.log(np.maximum(probability, 1e-300)))
        entropy = float(1 - uncertain / (people * np.log(classes)))
    return {
        "covariance": shape,
        "classes": classes,
        "parameters": parameters,
        "log_likelihood": log_likelihood,
        "bic": parameters * np.log(people) - 2 * log_likelihood,
        "entropy": entropy,
        "smallest_class": int(np.bincount(model.predict(values), minlength=classes).min()),
        "converged": converged,
    }


def _parameters(shape: str, classes: int, markers: int) -> int:
    """Return the number of free parameters of a mixture."""
    matrix = markers * (markers + 1) // 2
    covariance = {"full": classes * matrix, "tied": matrix, "diag": classes * markers}[shape]
    return classes * markers + classes - 1 + covariance


def _profiles(model: GaussianMixture, order: IntArray, labels: IntArray, markers: tuple[str, ...]) -> pd.DataFrame:
    """Return one row per class and marker: people, mean and SD."""
    rows = []
    for number, component in enumerate(order):
        covariance = model.covariances_ if model.covariance_type == "tied" else model.covariances_[component]
        if model.covariance_type == "diag":
            covariance = np.diag(covariance)
        deviations = np.sqrt(np.diag(covariance))
        people = int(np.sum(labels == number))
        rows += [
            {"class": number + 1, "people": people, "marker": marker, "mean": mean, "sd": deviation}
            for marker, mean, deviation in zip(markers, model.means_[component], deviations, strict=True)
        ]
    return pd.DataFrame(rows)


def _words(covariance: str, classes: int, gate: GateResult | NotTestable) -> str:
    """Return what BIC prefers beside what the gate allows to say."""
    number = "one class" if classes == 1 else f"{classes} classes"
    preferred = f"Among Gaussian mixtures, BIC prefers {number} ({covariance} covariance)."
    if isinstance(gate, NotTestable):
        return f"{preferred} BIC describes; the gate could not be asked: {gate.reason}."
    allowed = "Groups may be named." if gate.may_name_groups else "BIC describes; no group is named."
    return f"{preferred} The gate: tier {gate.tier}. {gate.wording} {allowed}"
