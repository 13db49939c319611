"""Whether groups found in one half, or at one site, are found again in the other, beside what one population gives.

Clusters are fitted in one part, everybody in another part is assigned to them, the other part is clustered anew, and
both labellings of the same people are compared. Agreement alone says nothing: k-means cuts one long population at the
same place in every half. Hence the same is done in data sets from one population that has the markers' own
distributions and correlations and no groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cohort.analysis.subgroups.clusterings import adjusted_rand, crossed, jaccard, k_means, matched, nearest_centre
from cohort.analysis.subgroups.gate import FEWEST_PEOPLE
from cohort.analysis.subgroups.preparation import PreparedMarkers
from cohort.results import NotTestable, ResultTable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FEWEST_AT_A_SITE = 100
_MOST_IN_A_HALF = 1000


@dataclass(frozen=True, eq=False)
class Agreement:
    """Two labellings of the same people: one carried over from elsewhere, one made there.

    Parameters
    ----------
    rand
        Adjusted Rand index, by comparison: 1 for equal labellings, about 0 for unrelated ones.
    jaccard
        Jaccard index of each carried-over cluster with its partner, shape (comparisons, clusters).
    profiles
        Correlation of the profiles of partners, over markers and clusters together, by comparison.
    """

    rand: FloatArray
    jaccard: FloatArray
    profiles: FloatArray


@dataclass(frozen=True, eq=False)
class Replication:
    """How well groups were found again, and whether better than in one population.

    Parameters
    ----------
    clusters
        Number of groups asked for.
    halves
        Agreement over random halves, each used in both directions.
    null
        Mean adjusted Rand index over the halves of each data set drawn from one population.
    p_value
        Share of such data sets that agree at least as well, with one added to both numbers.
    sites
        Agreement for each ordered pair of sites, with the names of the pairs; None without sites.
    pairs
        The pairs.
    words
        What may be said.
    """

    clusters: int
    halves: Agreement
    null: FloatArray
    p_value: float
    sites: Agreement | None
    pairs: tuple[tuple[str, str], ...]
    words: str


def replication(
    prepared: PreparedMarkers,
    *,
    rng: np.random.Generator,
    clusters: int = 2,
    halves: int = 10,
    draws: int = 39,
    sites: pd.Series | None = None,
) -> Replication | NotTestable:
    """Return how well k-means' groups are found again in other halves and sites, against one population.

    Parameters
    ----------
    prepared
        Markers from :func:`prepare_markers`; the log scaling is used.
    rng
        Source of halves, starts and data sets.
    clusters
        Number of groups asked for.
    halves
        Random halves.
    draws
        Data sets from one population.
    sites
        Site of each person, by the rows of the table; sites of fewer than 100 people are left out.

    Notes
    -----
    The one population has normal scores with the correlation of the people's normal scores, turned back by each
    marker's own distribution: a Gaussian copula. A population of another shape without groups (a curved one, say) can
    agree better than that, so a small p value is no proof of groups; a large one says that the agreement is what a
    continuum gives. At most 1,000 people are in a half.
    """
    if prepared.n < FEWEST_PEOPLE or len(prepared.markers) < 2:
        reason = f"replication needs two markers and at least {FEWEST_PEOPLE} people, this cohort has fewer"
        return NotTestable("Replication of groups", reason, "adjusted Rand index", claims=("IP-40",))
    values = prepared.scalings["log"]
    found = _over_halves(values, clusters, halves, rng)
    null = np.array(
        [_over_halves(one_population(values, rng), clusters, halves, rng).rand.mean() for _ in range(draws)]
    )
    p = float((1 + np.sum(null >= found.rand.mean())) / (1 + draws))
    pairs: list[tuple[str, str]] = []
    over_sites: Agreement | None = None
    if sites is not None:
        pairs, over_sites = _over_sites(values, sites.loc[prepared.index], clusters, rng)
    return Replication(clusters, found, null, p, over_sites, tuple(pairs), _words(found, null, p))


def one_population(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return as many people from one population with the markers' own distributions and correlations.

    Parameters
    ----------
    values
        Shape (people, markers).
    rng
        Source of the draws.
    """
    people, markers = values.shape
    scores = stats.norm.ppf((stats.rankdata(values, axis=0) - 0.5) / people)
    correlation = np.corrcoef(scores.T) + 1e-8 * np.eye(markers)
    drawn = rng.standard_normal((people, markers)) @ np.linalg.cholesky(correlation).T
    place = stats.norm.cdf(drawn) * people - 0.5
    ordered = np.sort(values, axis=0)
    columns = [np.interp(place[:, m], np.arange(people), ordered[:, m]) for m in range(markers)]
    return np.column_stack(columns)


def agreement(learnt: FloatArray, there: FloatArray, clusters: int, rng: np.random.Generator) -> Agreement:
    """Return how well clusters learnt on some people agree with those that others form themselves.

    Parameters
    ----------
    learnt, there
        Shape (comparisons, people, markers), of those learnt from and of the others.
    clusters
        Number of clusters.
    rng
        Source of the starts.
    """
    first = k_means(learnt, clusters, rng, starts=3)
    second = k_means(there, clusters, rng, starts=3)
    table = crossed(nearest_centre(there, first.centres), second.labels, clusters)
    index = jaccard(table)
    partner = matched(index)
    rows = np.arange(len(partner))[:, None]
    own = second.centres[rows, partner]
    mean = there.mean(axis=1, keepdims=True)
    one, two = (first.centres - mean).reshape(len(own), -1), (own - mean).reshape(len(own), -1)
    norm = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    return Agreement(
        adjusted_rand(table),
        np.take_along_axis(index, partner[:, :, None], axis=2)[:, :, 0],
        np.sum(one * two, axis=1) / np.maximum(norm, 1e-12),
    )


def _over_halves(values: FloatArray, clusters: int, halves: int, rng: np.random.Generator) -> Agreement:
    size = min(len(values) // 2, _MOST_IN_A_HALF)
    chosen = np.stack([rng.permutation(len(values))[: 2 * size] for _ in range(halves)])
    one, two = values[chosen[:, :size]], values[chosen[:, size:]]
    return agreement(np.concatenate([one, two]), np.concatenate([two, one]), clusters, rng)


def _over_sites(
    values: FloatArray, sites: pd.Series, clusters: int, rng: np.random.Generator
) -> tuple[list[tuple[str, str]], Agreement | None]:
    """Return the ordered pairs of sites with enough people, and the agreement of each."""
    count = sites.value_counts()
    names = sorted(str(name) for name, people in count.items() if people >= FEWEST_AT_A_SITE)
    pairs = [(one, two) for one in names for two in names if one != two]
    if not pairs:
        return [], None
    words = sites.astype("string").to_numpy()
    found = [agreement(values[None, words == one], values[None, words == two], clusters, rng) for one, two in pairs]
    return pairs, Agreement(
        np.concatenate([f.rand for f in found]),
        np.concatenate([f.jaccard for f in found]),
        np.concatenate([f.profiles for f in found]),
    )


def _words(found: Agreement, null: FloatArray, p: float) -> str:
    agrees = (
        f"adjusted Rand index {found.rand.mean():.2f} over halves, {null.mean():.2f} in one population (p = {p:.3f})"
    )
    if p > 0.05:
        return f"The groups are found again as well as a continuum without groups would be: {agrees}."
    return f"The groups are found again better than in a Gaussian copula without groups: {agrees}. Only the gate names."


def replication_table(found: Sequence[Replication | NotTestable]) -> ResultTable:
    """Return one row per number of groups and kind of part: agreement beside that of one population.

    Parameters
    ----------
    found
        From :func:`replication`, for one or several numbers of groups.
    """
    rows: list[dict[str, object]] = []
    for each in found:
        if isinstance(each, NotTestable):
            rows.append({"parts": "halves", "finding": f"not testable: {each.reason}"})
            continue
        low, high = np.quantile(each.null, [0.025, 0.975])
        rows.append(
            {"groups": each.clusters, "parts": "random halves", **_row(each.halves), "one population": each.null.mean(),
             "lower": low, "upper": high, "p": each.p_value, "finding": each.words}
        )  # fmt: skip
        if each.sites is not None:
            rows.append({"groups": each.clusters, "parts": f"{len(each.pairs)} pairs of sites", **_row(each.sites)})
    data = pd.DataFrame(rows)
    formats = dict.fromkeys(
        ("adjusted Rand", "least Jaccard", "profile correlation", "one population", "lower", "upper", "p"), ".3f"
    )
    return ResultTable(
        "replication", "Groups of k-means found again in people they were not learnt on", data, formats=formats,
        note="Lower and upper: the middle 95 % of data sets from one population without groups. Unweighted.",
    )  # fmt: skip


def _row(found: Agreement) -> dict[str, object]:
    return {
        "adjusted Rand": float(found.rand.mean()),
        "least Jaccard": float(found.jaccard.mean(axis=0).min()),
        "profile correlation": float(found.profiles.mean()),
    }
