"""CRP strata of one blood draw against repeated draws: how much of "raised" is the person and how much the day.

A person above 3 mg/L on one day lies there partly by chance, and falls back towards the own mean on the next: strata of
one draw mix people. The intraclass correlation of ln CRP says how much, and what it implies for falling back is set
beside what is seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cohort.analysis.variables import MINIMUM_CELL, InestimableError, binary, numeric, require
from cohort.results import Estimate, NotTestable, Result, ResultTable

FloatArray = NDArray[np.float64]

CLAIMS = ("IP-24",)
LINE = 3.0
FEWEST_PEOPLE = 50


@dataclass(frozen=True)
class Retest:
    """What repeated draws say of one draw.

    Parameters
    ----------
    icc
        Intraclass correlation of ln CRP.
    fallen
        Share of those above 3 mg/L at one draw who are at or below it at the next.
    implied
        The same share as the correlation, mean and SD of ln CRP imply for a normal ln CRP: regression to the mean.
    stays
        Share of all people above 3 mg/L at both of two draws.
    """

    icc: Result
    fallen: Result
    implied: Result
    stays: Result

    @property
    def results(self) -> tuple[Result, ...]:
        """Return all of them in order."""
        return self.icc, self.fallen, self.implied, self.stays


def retest_of_crp(
    visits: pd.DataFrame, *, without_infection: bool = True, rng: np.random.Generator, resamples: int = 400
) -> Retest:
    """Return the intraclass correlation of ln CRP and how many people above 3 mg/L fall below it at the next visit.

    Parameters
    ----------
    visits
        One row per person and visit: ``participant_id``, ``visit``, ``crp_mg_l``.
    without_infection
        Leave out draws during a known acute infection.
    rng
        Source of the bootstrap of people, from which the intervals of the implied share and the correlation come.
    resamples
        Bootstrap resamples.

    Notes
    -----
    The correlation is that of a random effect of the person, from the analysis of variance with unequal numbers of
    draws (Donner 1986, Int Stat Rev 54:67). Values below the limit enter at the limit, which narrows the spread of both
    the person and the day. Assumes that a draw is missing independently of its CRP. Unweighted.
    """
    words = {
        "icc": ("ln CRP of one draw", "intraclass correlation"),
        "fallen": ("CRP above 3 mg/L that is not at the next draw", "share"),
        "implied": ("The same, implied by the correlation", "share"),
        "stays": ("CRP above 3 mg/L at both draws", "share of all"),
    }
    try:
        logarithm, person = _draws(visits, without_infection)
    except InestimableError as reason:
        refusal = {
            key: NotTestable(label, str(reason), measure, claims=CLAIMS) for key, (label, measure) in words.items()
        }
        return Retest(**refusal)
    before, after = _pairs(logarithm, person)
    people = int(np.unique(person).size)
    drawn = np.array([_moments_of(logarithm, person, _resampled(person, rng)) for _ in range(resamples)])
    icc, implied = _moments_of(logarithm, person, None)
    results: dict[str, Result] = {}
    for key, value, column in (("icc", icc, 0), ("implied", implied, 1)):
        low, high = np.quantile(drawn[:, column], [0.025, 0.975])
        label, measure = words[key]
        results[key] = Estimate(
            label, measure, value, float(drawn[:, column].std(ddof=1)), n=people, claims=CLAIMS,
            estimand=f"{measure}: {label}", bounds=(float(low), float(high)),
            details=(("interval", f"{resamples} bootstrap resamples of people"),),
        )  # fmt: skip
    above = before > math.log(LINE)
    results["fallen"] = _share(words["fallen"], above, above & (after <= math.log(LINE)))
    results["stays"] = _share(words["stays"], np.ones_like(above), above & (after > math.log(LINE)))
    return Retest(**results)


def _share(words: tuple[str, str], of: NDArray[np.bool_], with_it: NDArray[np.bool_]) -> Result:
    """Return a share with Wilson's interval."""
    label, measure = words
    people, events = int(of.sum()), int(with_it.sum())
    if people < MINIMUM_CELL:
        return NotTestable(
            label, f"fewer than {MINIMUM_CELL} people above 3 mg/L were drawn again", measure, "", CLAIMS
        )
    share = events / people
    ends = stats.binomtest(events, people).proportion_ci(method="wilson")
    return Estimate(
        label, measure, share, math.sqrt(max(share * (1 - share), 1e-12) / people), n=people, events=events,
        estimand=f"{measure}: {label}", claims=CLAIMS, bounds=(float(ends.low), float(ends.high)),
    )  # fmt: skip


def _draws(visits: pd.DataFrame, without_infection: bool) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return ln CRP and the number of the person of each usable draw, ordered by person and visit.

    Raises
    ------
    InestimableError
        If there are too few people with two draws.
    """
    crp = numeric(require(visits, "crp_mg_l"))
    usable = crp > 0
    if without_infection and "has_acute_infection" in visits:
        usable &= binary(visits["has_acute_infection"]) != 1
    kept = visits.loc[usable, ["participant_id", "visit"]].assign(ln=np.log(crp[usable]))
    kept = kept.sort_values(["participant_id", "visit"], kind="stable")
    kept = kept[kept.groupby("participant_id")["ln"].transform("size") > 1]
    if kept["participant_id"].nunique() < FEWEST_PEOPLE:
        raise InestimableError(f"fewer than {FEWEST_PEOPLE} people have CRP of two draws")
    return kept["ln"].to_numpy(dtype=float), pd.factorize(kept["participant_id"])[0]


def _pairs(logarithm: FloatArray, person: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Return the first and the second draw of each person."""
    first = np.flatnonzero(np.r_[True, person[1:] != person[:-1]])
    return logarithm[first], logarithm[first + 1]


def _resampled(person: NDArray[np.int64], rng: np.random.Generator) -> FloatArray:
    """Return how often each person is drawn."""
    people = int(person[-1]) + 1
    return np.bincount(rng.integers(people, size=people), minlength=people).astype(float)


def _moments_of(logarithm: FloatArray, person: NDArray[np.int64], times: FloatArray | None) -> tuple[float, float]:
    """Return the intraclass correlation and the share that falls back, of people counted so many times."""
    draws = np.bincount(person).astype(float)
    times = np.ones_like(draws) if times is None else times
    sums = np.bincount(person, logarithm)
    squares = np.bincount(person, logarithm**2)
    people, total = times.sum(), (times * draws).sum()
    mean = (times * sums).sum() / total
    within = (times * (squares - sums**2 / draws)).sum() / (total - people)
    between = (times * draws * (sums / draws - mean) ** 2).sum() / (people - 1)
    size = (total - (times * draws**2).sum() / total) / (people - 1)
    of_person = max((between - within) / size, 0.0)
    icc = of_person / (of_person + within)
    return float(icc), falling_back(float(icc), float(mean), math.sqrt(of_person + within))


def falling_back(icc: float, mean: float, sd: float, line: float = LINE) -> float:
    """Return the share of those above a line who are below it at the next draw, for a normal logarithm.

    Parameters
    ----------
    icc
        Correlation of two draws.
    mean, sd
        Of the logarithm at one draw.
    line
        On the natural scale.

    Examples
    --------
    >>> round(falling_back(0.62, 0.0, 1.1), 2), round(falling_back(0.0, 0.0, 1.1), 2)
    (0.53, 0.84)
    """
    z = (math.log(line) - mean) / sd
    above = float(stats.norm.sf(z))
    both = float(stats.multivariate_normal.cdf([-z, -z], cov=[[1, icc], [icc, 1]], allow_singular=True))
    return 1 - both / above


def log_ratio_of_variation(
    mean: tuple[float, float], sd: tuple[float, float], n: tuple[int, int], *, label: str = "CRP"
) -> Estimate:
    """Return the ratio of two coefficients of variation from means, SDs and numbers, as published tables give them.

    Parameters
    ----------
    mean, sd, n
        Of the group and of the comparison group, on the natural scale.
    label
        For the result.

    Examples
    --------
    >>> f"{log_ratio_of_variation((2.4, 1.9), (2.1, 2.0), (80, 120)).value:.3f}"
    '0.833'

    Notes
    -----
    lnCVR with its small-sample term and variance CV²/n + 1/(2(n - 1)) of each group, for independent groups (Nakagawa
    et al. 2015, Methods Ecol Evol 6:143; without the correlation of mean and SD as Senior et al. 2020, Res Synth
    Methods 11:553, recommend). It assumes normal values: for skewed CRP with its own people at hand, the linearised
    error of :func:`~cohort.analysis.subgroups.strata.location_scale_shift` is right and this one too small.
    """
    one, two = sd[0] / mean[0], sd[1] / mean[1]
    log_ratio = math.log(one / two) + 1 / (2 * (n[0] - 1)) - 1 / (2 * (n[1] - 1))
    variance = sum(cv**2 / people + 1 / (2 * (people - 1)) for cv, people in zip((one, two), n, strict=True))
    return Estimate(
        label, "ratio of coefficients of variation", math.exp(log_ratio), math.sqrt(variance), scale="log", null=1.0,
        estimand="coefficient of variation of a group against that of the comparison", n=sum(n), claims=CLAIMS,
    )  # fmt: skip


def retest_table(found: Retest) -> ResultTable:
    """Return one row per result: what one draw is worth.

    Parameters
    ----------
    found
        From :func:`retest_of_crp`.
    """
    rows: list[dict[str, object]] = []
    for result in found.results:
        row: dict[str, object] = {"what": result.label, "measure": result.measure}
        if isinstance(result, NotTestable):
            rows.append(row | {"not testable": result.reason})
            continue
        low, high = result.interval()
        rows.append(row | {"value": result.value, "lower": low, "upper": high, "people": result.n})
    columns = ["what", "measure", "value", "lower", "upper", "people", "not testable"]
    data = pd.DataFrame(rows).reindex(columns=columns).dropna(axis="columns", how="all")
    counts = ("people",) if "people" in data else ()
    numbers = tuple(name for name in ("value", "lower", "upper") if name in data)
    return ResultTable(
        "crp_retest", "One draw of CRP against the next", data, counts=counts, formats=dict.fromkeys(numbers, ".2f"),
        rests_on_counts=numbers, note="One draw mixes people whose CRP is high with those it was high that day.",
    )  # fmt: skip
