"""How well the items of a questionnaire hang together: Cronbach's alpha, McDonald's omega, and shares at the ends.

Alpha and omega are functions of the (weighted) covariance matrix of the items. Their standard errors are linearised:
each person's influence on the estimate is computed, and the design turns influences into a variance. That needs no
normal items, which answers from 0 to 3 never are, and it honours weights, strata and primary sampling units
(Maydeu-Olivares, Coffman and Hartmann 2007, Psychol Methods 12:157, for a simple sample). Intervals are made on the
scale of ln(1 - value), as the estimate cannot exceed 1 (Bonett 2002, J Educ Behav Stat 27:335).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from cohort.analysis.one_factor import fit_one_factor, omega_influence
from cohort.analysis.sampling import BoolArray, Design, Domain, FloatArray, analysis_domain
from cohort.analysis.variables import InestimableError, numeric, require
from cohort.results import Estimate, NotTestable, Result

MINIMUM_PEOPLE = 50
"""Under this number, and under two people for each item, an interval of alpha says next to nothing."""
LOW_ITEM_REST = 0.2
"""Items that correlate less with the rest are worth a look (Streiner, Norman and Cairney 2015, ch. 5)."""
MISFIT_SRMR = 0.08
"""A larger standardised residual speaks against one factor (Hu and Bentler 1999, Struct Equ Modeling 6:1)."""
END_SHARE = 0.15
"""More people at an end of a scale make a floor or ceiling effect (Terwee et al. 2007, J Clin Epidemiol 60:34)."""
ALPHA, OMEGA = "Cronbach's alpha", "McDonald's omega"


@dataclass(frozen=True)
class Reliability:
    """What the answers say of one score.

    Parameters
    ----------
    label
        The score.
    items, people
        Number of its items, and of people who answered all of them.
    alpha, omega
        Cronbach's alpha and McDonald's omega total from one factor, of the sum of the items.
    srmr
        Standardised root mean square residual of the one-factor model; NaN without one.
    item_rest
        Correlation of each item with the sum of the others, by column.
    floor, ceiling
        Share of people with the score at its lowest and at its highest possible value.
    flags
        What deserves a look, in sentences.
    design
        How the people were sampled, in words.
    """

    label: str
    items: int
    people: int
    alpha: Result
    omega: Result
    srmr: float
    item_rest: tuple[tuple[str, float], ...]
    floor: EndShare
    ceiling: EndShare
    flags: tuple[str, ...]
    design: str


@dataclass(frozen=True)
class _Answers:
    """Complete answers with weights: people × items."""

    columns: tuple[str, ...]
    values: FloatArray
    weight: FloatArray
    inside: BoolArray

    @property
    def centred(self) -> FloatArray:
        """Return the answers less their weighted mean, stretched so that their mean products are the covariance."""
        n = len(self.weight)
        centred = self.values - np.average(self.values, axis=0, weights=self.weight)
        return np.asarray(centred * np.sqrt(n / (n - 1)), dtype=np.float64)

    def covariance(self) -> FloatArray:
        """Return the weighted covariance, with n - 1 as R's ``svyvar`` and, without weights, as ``cov``."""
        centred = self.centred
        return np.asarray((centred * self.weight[:, None]).T @ centred / self.weight.sum(), dtype=np.float64)


def _answers(table: pd.DataFrame, items: Sequence[str], design: Design, domain: Domain, fewest: int) -> _Answers:
    """Return the complete answers of the domain.

    Raises
    ------
    InestimableError
        If an item is absent, there are too few items, or too few people answered all of them.
    """
    absent = [name for name in items if name not in table or not bool(table[name].notna().any())]
    if absent:
        what = f"item '{absent[0]}'" if len(absent) == 1 else f"{len(absent)} of {len(items)} items"
        raise InestimableError(f"this cohort does not have {what}")
    if len(items) < fewest:
        raise InestimableError(f"fewer than {fewest} items")
    values = np.column_stack([numeric(require(table, name)) for name in items])
    inside = analysis_domain(table, design, domain) & ~np.isnan(values).any(axis=1) & (design.weight() > 0)
    least = max(MINIMUM_PEOPLE, 2 * len(items))
    if int(inside.sum()) < least:
        raise InestimableError(f"fewer than {least} people answered all items")
    return _Answers(tuple(items), values[inside], design.weight()[inside], inside)


def _refuse(fault: bool, reason: str) -> None:
    if fault:
        raise InestimableError(reason)


def _estimate(
    label: str, measure: str, value: float, influence: FloatArray, answers: _Answers, design: Design
) -> Estimate:
    """Return an estimate whose variance comes from each person's influence on it."""
    weight = answers.weight
    linear = (weight * (influence - np.average(influence, weights=weight)) / weight.sum())[:, None]
    df = design.degrees_of_freedom(answers.inside)
    if df < 1:
        raise InestimableError("the survey has too few primary sampling units for a standard error")
    error = float(np.sqrt(design.covariance(linear, answers.inside)[0, 0]))
    reach = float(stats.t.ppf(0.975, df)) * error / (1 - value)
    bounds = 1 - (1 - value) * float(np.exp(reach)), 1 - (1 - value) * float(np.exp(-reach))
    return Estimate(
        label,
        measure,
        value,
        error,
        df=df,
        estimand=f"{measure} of the sum of {len(answers.columns)} items",
        n=len(weight),
        details=(("design", design.words), ("interval", "of ln(1 - value)")),
        bounds=bounds,
    )


def cronbach_alpha(
    table: pd.DataFrame, items: Sequence[str], design: Design, *, domain: Domain = None, label: str = ""
) -> Result:
    """Return Cronbach's alpha of the sum of some items, with a 95 % interval.

    Equal to ``raw_alpha`` of R's ``psych::alpha`` in a simple sample. It is the reliability of the sum only if all
    items measure one thing equally well with unrelated errors; else it tends to be too low.

    Parameters
    ----------
    table
        One row per person.
    items
        Columns of items, already reversed where the instrument says so.
    design
        The design of the same table; its weights enter the covariances.
    domain
        The people it is about; default ``is_eligible``. Those who left an item out are not counted.
    label
        For the result.

    Examples
    --------
    >>> import numpy as np
    >>> from cohort.analysis.design import design_of
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=(400, 1))
    >>> people = pd.DataFrame(trait + rng.normal(size=(400, 4)), columns=list("abcd"))
    >>> round(cronbach_alpha(people, list("abcd"), design_of(people)).value, 2)
    0.78
    """
    try:
        answers = _answers(table, items, design, domain, fewest=2)
        covariance = answers.covariance()
        total = float(covariance.sum())
        _refuse(total <= 0, "everybody has the same score")
        k, own = len(items), float(np.trace(covariance))
        alpha = k / (k - 1) * (1 - own / total)
        centred = answers.centred
        # Derivatives of alpha with respect to the variances of the items and of their sum.
        influence = -k / (k - 1) * ((centred**2).sum(axis=1) / total - own * centred.sum(axis=1) ** 2 / total**2)
        return _estimate(label, ALPHA, alpha, influence, answers, design)
    except InestimableError as reason:
        return NotTestable(label, str(reason), ALPHA)


def mcdonald_omega(
    table: pd.DataFrame, items: Sequence[str], design: Design, *, domain: Domain = None, label: str = ""
) -> Result:
    """Return McDonald's omega total of the sum of some items from a one-factor model, with a 95 % interval.

    The squared sum of the loadings over that plus the sum of the unique variances (McDonald 1999, Test Theory, ch. 6),
    from the maximum likelihood one-factor model of the covariances of the items. Items may measure the one thing
    unequally well; where they measure several things, the standardised residual in ``details`` shows it.

    Parameters
    ----------
    table, items, design, domain, label
        As in :func:`cronbach_alpha`; at least three items.
    """
    try:
        answers = _answers(table, items, design, domain, fewest=3)
        covariance = answers.covariance()
        model = fit_one_factor(covariance, len(answers.weight))
        influence = omega_influence(model, covariance, answers.centred)
        found = _estimate(label, OMEGA, model.omega, influence, answers, design)
    except (InestimableError, np.linalg.LinAlgError) as reason:
        return NotTestable(label, str(reason), OMEGA)
    fit = "one factor fits" if model.srmr <= MISFIT_SRMR else "one factor does not fit"
    details = (*found.details, ("SRMR", f"{model.srmr:.3f}"), ("factors", fit))
    return replace(found, details=details)


def item_rest_correlations(
    table: pd.DataFrame, items: Sequence[str], design: Design, *, domain: Domain = None
) -> tuple[tuple[str, float], ...]:
    """Return the correlation of each item with the sum of the other items, by column; empty when it cannot be had.

    Parameters
    ----------
    table, items, design, domain
        As in :func:`cronbach_alpha`.
    """
    try:
        answers = _answers(table, items, design, domain, fewest=2)
    except InestimableError:
        return ()
    covariance = answers.covariance()
    own = np.diag(covariance)
    with_rest = covariance.sum(axis=1) - own
    rest = covariance.sum() - 2 * covariance.sum(axis=1) + own
    scale = np.sqrt(own * rest)
    found = np.divide(with_rest, scale, out=np.full(len(own), np.nan), where=scale > 0)
    return tuple(zip(answers.columns, found.tolist(), strict=True))


@dataclass(frozen=True)
class EndShare:
    """People at an end of a scale: their (weighted) share, how many they are, and how many have a score at all."""

    share: float
    count: int
    people: int


def share_at(table: pd.DataFrame, score: str, end: float, design: Design, *, domain: Domain = None) -> EndShare:
    """Return the share of people whose score lies at an end of its range, among those who have one; NaN among nobody.

    Parameters
    ----------
    table, design, domain
        As in :func:`cronbach_alpha`.
    score
        Column of the score.
    end
        The lowest or the highest possible score.

    Examples
    --------
    >>> from cohort.analysis.design import design_of
    >>> people = pd.DataFrame({"total": [0.0, 0.0, 4.0, 9.0, None]})
    >>> share_at(people, "total", 0, design_of(people))
    EndShare(share=0.5, count=2, people=4)
    """
    if score not in table:
        return EndShare(float("nan"), 0, 0)
    values = numeric(table[score])
    inside = analysis_domain(table, design, domain) & ~np.isnan(values) & (design.weight() > 0)
    if not inside.any():
        return EndShare(float("nan"), 0, 0)
    at_end = values[inside] == end
    return EndShare(float(np.average(at_end, weights=design.weight()[inside])), int(at_end.sum()), int(inside.sum()))


def describe_reliability(
    table: pd.DataFrame,
    items: Sequence[str],
    design: Design,
    *,
    score: str,
    limits: tuple[float, float],
    domain: Domain = None,
    label: str = "",
) -> Reliability:
    """Return alpha, omega, item-rest correlations, floor and ceiling of one score, and what deserves a look.

    Parameters
    ----------
    table, items, design, domain, label
        As in :func:`cronbach_alpha`.
    score
        Column of the score.
    limits
        Lowest and highest possible score.
    """
    alpha = cronbach_alpha(table, items, design, domain=domain, label=label)
    omega = mcdonald_omega(table, items, design, domain=domain, label=label)
    item_rest = item_rest_correlations(table, items, design, domain=domain)
    floor, ceiling = (share_at(table, score, end, design, domain=domain) for end in limits)
    srmr = float(dict(omega.details)["SRMR"]) if isinstance(omega, Estimate) else float("nan")
    return Reliability(
        label=label,
        items=len(items),
        people=alpha.n if isinstance(alpha, Estimate) else 0,
        alpha=alpha,
        omega=omega,
        srmr=srmr,
        item_rest=item_rest,
        floor=floor,
        ceiling=ceiling,
        flags=_flags(item_rest, srmr, floor, ceiling),
        design=design.words,
    )


def _flags(item_rest: Sequence[tuple[str, float]], srmr: float, floor: EndShare, ceiling: EndShare) -> tuple[str, ...]:
    flags = []
    against = [name for name, value in item_rest if value < 0]
    weak = [name for name, value in item_rest if 0 <= value < LOW_ITEM_REST]
    if against:
        flags.append(f"{_listed(against)} run against the rest: is the direction of the answers right?")
    if weak:
        flags.append(f"{_listed(weak)} correlate under {LOW_ITEM_REST:g} with the rest.")
    if srmr > MISFIT_SRMR:
        flags.append(
            f"One factor does not fit (SRMR {srmr:.2f}): alpha and omega are not the reliability of one trait."
        )
    for name, shown in (("Floor", floor), ("Ceiling", ceiling)):
        if shown.share > END_SHARE:
            flags.append(f"{name} effect (over {100 * END_SHARE:.0f} % of the people at that end).")
    return tuple(flags)


def _listed(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
