"""Models side by side, for description: what each way of counting clusters would say alone, beside the gate.

Gaussian mixtures of three shapes (the diagonal one is latent profile analysis), k-means, Ward's tree and a continuum of
one factor are fitted to the same prepared markers. Each has a rule in common use that picks a number of groups. In one
population without groups most of these rules still pick several, which the table says beside them. Only the gate names.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from cohort.analysis.one_factor import fit_one_factor
from cohort.analysis.subgroups.clusterings import bootstrap_jaccard, k_means
from cohort.analysis.subgroups.gate import FEWEST_PEOPLE, GateResult
from cohort.analysis.subgroups.mixtures import ordered_classes
from cohort.analysis.subgroups.preparation import PreparedMarkers
from cohort.analysis.variables import InestimableError
from cohort.results import NotTestable, ResultTable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SHAPES: Mapping[str, str] = {
    "full": "Gaussian mixture, a covariance for each class",
    "tied": "Gaussian mixture, one covariance",
    "diag": "latent profiles (no correlation within a class)",
}
K_MEANS, WARD, CONTINUUM = "k-means", "Ward's tree", "continuum of one factor"
MOST_CLASSES = 8
SILHOUETTE_LINE, STABLE = 0.25, 0.75
"""Lines in common use: Kaufman and Rousseeuw 1990 (Finding Groups in Data, p. 88); Hennig 2007 (see
:func:`~cohort.analysis.subgroups.clusterings.bootstrap_jaccard`)."""
_MOST_FOR_DISTANCES = 2000

FALSE_GROUPS: Mapping[str, str] = {
    "BIC": "100 % on raw values",
    "ICL": "not measured",
    "silhouette": "0 to 100 % on raw values",
    "gap statistic": "0 to 100 %",
    "bootstrap Jaccard": "100 %",
    "the gate": "at most 0.6 %",
}
"""Share of data sets without any group in which a rule found some, over twelve worlds of one population with 500 and
1,000 people each (docs/subgroup_gate.md)."""


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """Models of one set of prepared markers side by side.

    Parameters
    ----------
    table
        One row per model and number of classes: parameters, log-likelihood, BIC, AIC, ICL (smaller is better),
        relative entropy (1 when everybody's class is certain), silhouette, gap statistic with its standard error,
        people in the smallest class, whether it converged.
    choices
        One row per method and rule: classes it would name, by which criterion, and how often that criterion names
        groups in one population.
    stability
        k-means of two classes up: class and mean bootstrap Jaccard index.
    labels
        Class of each person from 1, one column per method, for the number that its rule picked.
    gate_words
        What may be said of groups.
    """

    table: pd.DataFrame
    choices: pd.DataFrame
    stability: pd.DataFrame
    labels: pd.DataFrame
    gate_words: str


def compare_models(
    prepared: PreparedMarkers,
    gate: GateResult | NotTestable,
    *,
    rng: np.random.Generator,
    most_classes: int = MOST_CLASSES,
    starts: int = 4,
    resamples: int = 50,
    references: int = 20,
    shapes: Sequence[str] = tuple(SHAPES),
) -> ModelComparison | NotTestable:
    """Return models with one to eight classes and what each alone would say; the same on any number of threads.

    Parameters
    ----------
    prepared
        Markers from :func:`prepare_markers`; the log scaling is used.
    gate
        What the gate found in the same markers.
    rng
        Source of starts, resamples and references.
    most_classes
        Largest number of classes.
    starts
        Starts of each model.
    resamples
        Bootstrap resamples for stability.
    references
        Uniform data sets for the gap statistic.
    shapes
        Covariance shapes of the Gaussian mixtures.

    Notes
    -----
    Assumes independent people; survey weights are not used. Silhouettes and Ward's tree, which need all distances, use
    at most 2,000 people, drawn once.
    """
    if not prepared.markers or prepared.n < FEWEST_PEOPLE:
        reason = f"models need a marker and at least {FEWEST_PEOPLE} people, this cohort has fewer"
        return NotTestable("Models side by side", reason, claims=("IP-40",))
    values = prepared.scalings["log"]
    some = np.sort(rng.permutation(len(values))[:_MOST_FOR_DISTANCES])
    seed = int(rng.integers(2**31 - 1))
    labels: dict[tuple[str, int], IntArray] = {}
    rows: list[dict[str, object]] = []
    with threadpool_limits(limits=1):
        for shape in shapes:
            for classes in range(1, most_classes + 1):
                model, converged = fit_mixture(values, shape, classes, starts=starts, seed=seed)
                found = ordered_classes(model, values)[1]
                labels[SHAPES[shape], classes] = found
                rows.append(_mixture_row(model, values, shape, found, some) | {"converged": converged})
        rows += _partition_rows(values, most_classes, rng, starts, references, labels, some)
        rows += _ward_rows(values[some], most_classes)
        rows += _continuum_row(values)
        stability = _stability(values, labels, most_classes, rng, resamples)
    table = pd.DataFrame(rows)
    choices = _choices(table, stability)
    columns = {
        method: labels[method, classes] + 1
        for method, classes in zip(choices["method"], choices["classes"], strict=True)
        if (method, classes) in labels
    }
    words = f"not testable: {gate.reason}" if isinstance(gate, NotTestable) else gate.wording
    return ModelComparison(table, choices, stability, pd.DataFrame(columns, index=prepared.index), words)


def fit_mixture(
    values: FloatArray,
    shape: str,
    classes: int,
    *,
    starts: int,
    seed: int,
    ridge: float = 1e-4,
    tolerance: float = 1e-5,
) -> tuple[GaussianMixture, bool]:
    """Return the Gaussian mixture of highest likelihood among some k-means starts, and whether it converged.

    The starts run to a coarse tolerance, the best one on to ``tolerance``, the gain in mean log-likelihood; ``ridge``
    is added to each variance.
    """
    model = GaussianMixture(
        classes, covariance_type=shape, n_init=1 if classes == 1 else starts, max_iter=200, random_state=seed,
        reg_covar=ridge,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(values)
        model.set_params(warm_start=True, tol=tolerance, max_iter=2000).fit(values)
    return model, bool(model.converged_)


def free_parameters(shape: str, classes: int, markers: int) -> int:
    """Return the number of free parameters of a Gaussian mixture.

    Examples
    --------
    >>> [free_parameters(shape, 2, 3) for shape in ("full", "tied", "diag")]
    [19, 13, 13]
    """
    matrix = markers * (markers + 1) // 2
    covariance = {"full": classes * matrix, "tied": matrix, "diag": classes * markers}[shape]
    return classes * markers + classes - 1 + covariance


def uncertainty(posterior: FloatArray) -> float:
    """Return the entropy of the class probabilities, summed over people: 0 when everybody's class is certain."""
    return float(-np.sum(posterior * np.log(np.maximum(posterior, 1e-300))))


def _criteria(log_likelihood: float, parameters: int, people: int) -> dict[str, object]:
    return {
        "parameters": parameters,
        "log_likelihood": log_likelihood,
        "bic": parameters * np.log(people) - 2 * log_likelihood,
        "aic": 2 * parameters - 2 * log_likelihood,
    }


def _mixture_row(
    model: GaussianMixture, values: FloatArray, shape: str, labels: IntArray, some: IntArray
) -> dict[str, object]:
    """Return the row of a mixture; ICL as mclust (Biernacki et al. 2000, IEEE PAMI 22:719)."""
    people, markers = values.shape
    classes = int(model.n_components)
    row = _criteria(float(model.score(values) * people), free_parameters(shape, classes, markers), people)
    posterior = np.asarray(model.predict_proba(values))
    lost = uncertainty(posterior)
    modal = float(np.log(posterior.max(axis=1)).sum())
    entropy = 1 - lost / (people * np.log(classes)) if classes > 1 else np.nan
    return {
        "method": SHAPES[shape],
        "classes": classes,
        **row,
        "icl": float(str(row["bic"])) - 2 * modal,
        "entropy": entropy,
        "silhouette": _silhouette(values[some], labels[some]),
        "smallest_class": int(np.bincount(labels, minlength=classes).min()),
    }


def _silhouette(values: FloatArray, labels: IntArray) -> float:
    return float(silhouette_score(values, labels)) if np.unique(labels).size > 1 else float("nan")


def _partition_rows(
    values: FloatArray,
    most: int,
    rng: np.random.Generator,
    starts: int,
    references: int,
    labels: dict[tuple[str, int], IntArray],
    some: IntArray,
) -> list[dict[str, object]]:
    """Return the rows of k-means, with the gap statistic in the box of principal axes.

    Source: Tibshirani, Walther and Hastie 2001, J R Stat Soc B 63:411.
    """
    centred = values - values.mean(axis=0)
    turn = np.linalg.svd(centred, full_matrices=False)[2]
    placed = centred @ turn.T
    low, high = placed.min(axis=0), placed.max(axis=0)
    uniform = low + (high - low) * rng.random((references, *values.shape))
    rows: list[dict[str, object]] = []
    for classes in range(1, most + 1):
        found = k_means(values[None], classes, rng, starts=starts)
        drawn = np.log(k_means(uniform, classes, rng, starts=2).within)
        labels[K_MEANS, classes] = found.labels[0]
        rows.append(
            {
                "method": K_MEANS,
                "classes": classes,
                "within": float(found.within[0]),
                "gap": float(drawn.mean() - np.log(found.within[0])),
                "gap_se": float(drawn.std() * np.sqrt(1 + 1 / references)),
                "silhouette": _silhouette(values[some], found.labels[0][some]),
                "smallest_class": int(np.bincount(found.labels[0], minlength=classes).min()),
                "converged": True,
            }
        )
    return rows


def _ward_rows(values: FloatArray, most: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for classes in range(2, most + 1):
        labels = AgglomerativeClustering(classes, linkage="ward").fit_predict(values)
        smallest = int(np.bincount(labels).min())
        silhouette = _silhouette(values, labels)
        rows.append({"method": WARD, "classes": classes, "silhouette": silhouette, "smallest_class": smallest})
    return rows


def _continuum_row(values: FloatArray) -> list[dict[str, object]]:
    """Return the row of one normal factor: everybody on a line, no class at all."""
    people, markers = values.shape
    if markers < 3:
        return []
    covariance = np.cov(values.T, bias=True)
    try:
        fit = fit_one_factor(covariance, people)
    except InestimableError:
        return []
    implied = np.outer(fit.loadings, fit.loadings) + np.diag(fit.unique)
    deviance = np.linalg.slogdet(implied)[1] + np.trace(np.linalg.solve(implied, covariance))
    log_likelihood = -0.5 * people * (markers * np.log(2 * np.pi) + float(deviance))
    return [{"method": CONTINUUM, "classes": 0, **_criteria(log_likelihood, 3 * markers, people), "converged": True}]


def _stability(
    values: FloatArray,
    labels: Mapping[tuple[str, int], IntArray],
    most: int,
    rng: np.random.Generator,
    resamples: int,
) -> pd.DataFrame:
    rows = []
    for classes in range(2, most + 1):
        own = labels[K_MEANS, classes]
        index = bootstrap_jaccard(values, own, classes, rng, draws=resamples).mean(axis=0)
        size = np.bincount(own, minlength=classes)
        rows += [
            {"classes": classes, "class": place + 1, "people": int(size[place]), "jaccard": float(index[place])}
            for place in range(classes)
        ]
    return pd.DataFrame(rows)


def _choices(table: pd.DataFrame, stability: pd.DataFrame) -> pd.DataFrame:
    """Return what each method's rule picks."""
    rows: list[dict[str, object]] = []

    def add(method: str, criterion: str, classes: int, value: float) -> None:
        names = classes if classes > 1 else 1
        rows.append(
            {"method": method, "criterion": criterion, "classes": names, "value": value,
             "groups in one population": FALSE_GROUPS[criterion]}
        )  # fmt: skip

    for method in [name for name in SHAPES.values() if (table["method"] == name).any()]:
        part = table[table["method"] == method]
        for criterion in ("BIC", "ICL"):
            column = np.round(part[criterion.lower()].to_numpy(dtype=float), 6)
            add(method, criterion, int(part["classes"].iloc[int(column.argmin())]), float(column.min()))
    for method in (K_MEANS, WARD):
        part = table[(table["method"] == method) & (table["classes"] > 1)]
        if not part.empty:
            column = np.round(part["silhouette"].to_numpy(dtype=float), 9)
            high = float(column.max())
            named = int(part["classes"].iloc[int(column.argmax())])
            add(method, "silhouette", named if high > SILHOUETTE_LINE else 1, high)
    part = table[table["method"] == K_MEANS]
    gap, error = (np.round(part[name].to_numpy(dtype=float), 9) for name in ("gap", "gap_se"))
    # The smallest number whose gap reaches that of the next less its standard error.
    enough = np.append(gap[:-1] >= gap[1:] - error[1:], True)
    picked = int(enough.argmax())
    add(K_MEANS, "gap statistic", picked + 1, float(gap[picked]))
    if not stability.empty:
        least = stability.groupby("classes")["jaccard"].min()
        numbers, lowest = least.index.to_numpy(dtype=int), least.to_numpy(dtype=float)
        stable = np.flatnonzero(lowest >= STABLE)
        place = int(stable[-1]) if stable.size else int(lowest.argmax())
        add(K_MEANS, "bootstrap Jaccard", int(numbers[place]) if stable.size else 1, float(lowest[place]))
    return pd.DataFrame(rows)


def choices_table(
    found: ModelComparison | NotTestable, *, title: str = "What each method alone would say"
) -> ResultTable:
    """Return one row per method and rule with the groups it would name, and last what the gate allows to say.

    Parameters
    ----------
    found
        From :func:`compare_models`.
    title
        Of the table.
    """
    if isinstance(found, NotTestable):
        return ResultTable("subgroup_methods", title, pd.DataFrame({"models": [f"not testable: {found.reason}"]}))
    said = ["no groups" if k == 1 else f"{k} groups" for k in found.choices["classes"]]
    data = found.choices.assign(classes=said).rename(columns={"classes": "would say"})
    last = {"method": "the gate", "criterion": "SHAPE and GAP", "would say": found.gate_words}
    last["groups in one population"] = FALSE_GROUPS["the gate"]
    data = pd.concat([data, pd.DataFrame([last])], ignore_index=True)
    note = (
        "Only the gate names groups. The last column: share of data sets from one population, without any group, in "
        "which the rule found some. Unweighted."
    )
    return ResultTable("subgroup_methods", title, data, formats={"value": ",.2f"}, note=note)


def models_table(found: ModelComparison | NotTestable) -> ResultTable:
    """Return one row per model and number of classes.

    Parameters
    ----------
    found
        From :func:`compare_models`.
    """
    title = "Models side by side, for description only"
    if isinstance(found, NotTestable):
        return ResultTable("subgroup_models", title, pd.DataFrame({"models": [f"not testable: {found.reason}"]}))
    formats = dict.fromkeys(("log_likelihood", "bic", "aic", "icl", "within"), ",.1f")
    formats |= dict.fromkeys(("entropy", "silhouette", "gap", "gap_se"), ".3f")
    return ResultTable(
        "subgroup_models", title, found.table, counts=("smallest_class",), formats=formats,
        note="Smaller BIC, AIC and ICL are better. No number of classes here is evidence for groups.",
    )  # fmt: skip
