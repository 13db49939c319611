"""Analyses that the suite's regressions do not cover: designs and corrections, each from measured columns alone."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import linalg, special, stats

from cohort.analysis import design_of, interaction, mean_difference, odds_ratio, standardised_contrasts
from cohort.analysis.fitting import logistic_coefficients
from cohort.analysis.interaction import RERI
from cohort.analysis.modification import additive_interaction
from cohort.results import Estimate, NotTestable, Result
from cohort.synthetic.node import Array

DRAWS = 4000


def crude_odds_ratio(table: pd.DataFrame, exposure: str, outcome: str, adjustment: Sequence[str] = ()) -> Result:
    """Return the odds ratio of logistic regression, by default unadjusted."""
    return odds_ratio(table, outcome=outcome, exposure=exposure, adjustment=adjustment, design=design_of(table))


def marginal_odds_ratio(table: pd.DataFrame, exposure: str, outcome: str, adjustment: Sequence[str]) -> Result:
    """Return the standardised odds ratio (g-computation), which may be held against an intervention on everybody."""
    found = standardised_contrasts(
        table, outcome=outcome, exposure=exposure, adjustment=adjustment, design=design_of(table)
    )
    return found["odds ratio"]


def difference(table: pd.DataFrame, group: str, outcome: str, adjustment: Sequence[str] = ()) -> Result:
    """Return the difference in the mean of an outcome between two groups, or per unit, by linear regression."""
    return mean_difference(table, outcome=outcome, exposure=group, adjustment=adjustment, design=design_of(table))


def per_sd(table: pd.DataFrame, exposure: str, outcome: str, adjustment: Sequence[str] = ()) -> Result:
    """Return the odds ratio per standard deviation of an exposure."""
    return odds_ratio(
        table, outcome=outcome, exposure=exposure, adjustment=adjustment, design=design_of(table), per_sd=True
    )


def share(yes: Array, level: float = 0.95) -> Result:
    """Return a share with its exact interval (Clopper and Pearson 1934, Biometrika 26:404).

    Examples
    --------
    >>> share(np.zeros(40, dtype=bool)).interval()[0]
    0.0
    """
    n, events = len(yes), int(yes.sum())
    if n == 0:
        return NotTestable("", "nobody to take a share of", "prevalence")
    tail = (1 - level) / 2
    lower = float(stats.beta.ppf(tail, events, n - events + 1)) if events else 0.0
    upper = float(stats.beta.ppf(1 - tail, events + 1, n - events)) if events < n else 1.0
    value = events / n
    return Estimate(
        "", "prevalence", value, math.sqrt(value * (1 - value) / n), n=n, events=events, bounds=(lower, upper)
    )


def within_plates(table: pd.DataFrame, group: str, outcome: str, plate: str = "plate") -> Result:
    """Return a difference between groups with the plate as a fixed effect, by deviations from the plate's means."""
    inside = table[[group, outcome]].astype(float)
    inside = inside - inside.groupby(table[plate]).transform("mean")
    return difference(inside.rename(columns={group: f"{group}_within"}), f"{group}_within", outcome)


def within_siblings(pairs: pd.DataFrame, family: str, exposure: str, outcome: str) -> Result:
    """Return the odds ratio of conditional logistic regression within pairs.

    For pairs it rests on those who differ in outcome and exposure: the exposed case against the exposed sibling of a
    case, with the standard error of McNemar's odds ratio.

    Parameters
    ----------
    pairs
        Two rows per family.
    family, exposure, outcome
        Columns.
    """
    counts = pairs.groupby(family)[outcome].transform("sum")
    apart = pairs[counts == 1]
    sides = apart.pivot_table(index=family, columns=outcome, values=exposure, aggfunc="max")
    case_only = int((sides[True].astype(bool) & ~sides[False].astype(bool)).sum())
    sibling_only = int((sides[False].astype(bool) & ~sides[True].astype(bool)).sum())
    if min(case_only, sibling_only) == 0:
        return NotTestable("", "no discordant pairs", "odds ratio")
    error = math.sqrt(1 / case_only + 1 / sibling_only)
    return Estimate(
        "", "odds ratio", case_only / sibling_only, error, scale="log", null=1.0, n=2 * len(sides), events=len(sides)
    )


def wald_ratio(outcome_per_gene: Result, exposure_per_gene: Result, unit: float) -> Result:
    """Return the odds ratio for an exposure by Mendelian randomisation with one instrument.

    Parameters
    ----------
    outcome_per_gene
        Odds ratio of the outcome per unit of the genetic score.
    exposure_per_gene
        Difference in the exposure per unit of the genetic score.
    unit
        Amount of the exposure that the odds ratio is for.
    """
    if not isinstance(outcome_per_gene, Estimate) or not isinstance(exposure_per_gene, Estimate):
        return NotTestable("", "the instrument has no estimate", "odds ratio")
    effect, strength = math.log(outcome_per_gene.value), exposure_per_gene.value
    error = math.hypot(outcome_per_gene.standard_error, effect / strength * exposure_per_gene.standard_error)
    value = math.exp(unit * effect / strength)
    return Estimate("", "odds ratio", value, abs(unit / strength) * error, scale="log", null=1.0, n=outcome_per_gene.n)


def two_stage(table: pd.DataFrame, exposure: str, instrument: str, outcome: str, adjustment: Sequence[str]) -> Result:
    """Return the slope of an outcome on an exposure measured with error, by two-stage least squares.

    A second marker of the same cause, whose error is independent of the first one's, is the instrument. IL-6 serves for
    CRP; a second sample of CRP would not, for it shares with the first what genes, the pill and statins do to CRP
    alone. Standard error by the sandwich.

    Parameters
    ----------
    table
        One row per person.
    exposure, instrument, outcome
        Columns: the marker, the second marker, the outcome.
    adjustment
        Covariates.
    """
    covariates = np.column_stack([np.ones(len(table)), table[list(adjustment)].to_numpy(dtype=float)])
    y, x, z = (table[name].to_numpy(dtype=float) for name in (outcome, exposure, instrument))
    stacked = np.column_stack([y, x, z])
    y, x, z = (stacked - covariates @ linalg.lstsq(covariates, stacked)[0]).T
    slope = float(z @ y / (z @ x))
    residual = y - slope * x
    error = math.sqrt(float((z**2) @ (residual**2))) / abs(float(z @ x))
    df = len(table) - covariates.shape[1] - 1
    return Estimate("", "slope", slope, error, df=float(df), null=0.0, adjustment=tuple(adjustment), n=len(table))


def joint_excess_risk(table: pd.DataFrame, first: str, second: str, outcome: str, adjustment: Sequence[str]) -> Result:
    """Return the relative excess risk due to interaction of standardised risks (g-computation over four worlds).

    On the scale of risks, which the one by odds ratios only stands for.

    Parameters
    ----------
    table
        One row per person.
    first, second, outcome
        Yes/no columns.
    adjustment
        Covariates.
    """
    found = additive_interaction(
        table, outcome=outcome, exposure=first, modifier=second, adjustment=adjustment, design=design_of(table),
        standardised=True,
    )[RERI]  # fmt: skip
    return dataclasses.replace(found, bounds=None) if isinstance(found, Estimate) else found


def product_as_excess(table: pd.DataFrame, first: str, second: str, outcome: str, adjustment: Sequence[str]) -> Result:
    """Return the product term of a logistic model less one: the interaction, when only that scale is looked at."""
    found = interaction(
        table, outcome=outcome, exposure=first, modifier=second, adjustment=adjustment, design=design_of(table)
    )["product of odds ratios"]
    if not isinstance(found, Estimate):
        return found
    lower, upper = found.interval()
    return Estimate(
        "", "product of odds ratios - 1", found.value - 1, found.value * found.standard_error, null=0.0, n=found.n,
        bounds=(lower - 1, upper - 1),
    )  # fmt: skip


def delta_adjusted_odds_ratio(
    exposed: Array, outcome: Array, returned: Array, kept: Array, delta: Sequence[float], seed: int
) -> Result:
    """Return the odds ratio when the exposure of those who did not answer is imputed with another log-odds.

    Within each group of the outcome the log-odds of exposure among those who did not answer are those of the others
    minus delta (pattern mixture). The interval is by simulation from the binomials of the table.

    Parameters
    ----------
    exposed, outcome, returned, kept
        Booleans: exposure as answered, outcome, whether the form came back, and whether it is believed.
    delta
        Log odds ratio of returning the form for the exposed, in those without and with the outcome.
    seed
        Seed of the simulation.
    """
    draw = np.random.default_rng(seed)
    odds, total = [], 0
    for group, log_ratio in zip((False, True), delta, strict=True):
        here = outcome == group
        answered = here & returned & kept
        back = draw.beta(here[returned].sum() + 0.5, (here & ~returned).sum() + 0.5, DRAWS)
        back[0] = float(returned[here].mean())
        yes = draw.beta(exposed[answered].sum() + 0.5, (~exposed[answered]).sum() + 0.5, DRAWS)
        yes[0] = float(exposed[answered].mean())
        absent = special.expit(special.logit(yes) - log_ratio)
        mixed = back * yes + (1 - back) * absent
        odds.append(special.logit(mixed))
        total += int(here.sum())
    log_odds_ratio = odds[1] - odds[0]
    error = float(log_odds_ratio[1:].std())
    return Estimate(
        "", "odds ratio", math.exp(float(log_odds_ratio[0])), error, scale="log", null=1.0, n=total,
        events=int(outcome.sum()),
    )  # fmt: skip


def probability_of(table: pd.DataFrame, event: str, causes: Sequence[str], among: Array) -> Array:
    """Return the probability of an event for everybody, by logistic regression among some on causes and squares."""
    raw = table[list(causes)].to_numpy(dtype=float)
    scaled = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    matrix = np.column_stack([np.ones(len(table)), scaled, scaled**2])
    happened = table[event].to_numpy(dtype=float)
    coefficients = logistic_coefficients(matrix[among], happened[among], np.ones(int(among.sum())))
    return np.asarray(special.expit(matrix @ coefficients))


def over_cohorts(values: Array) -> Result:
    """Return the mean over cohorts with its t interval."""
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    return Estimate("", "mean over cohorts", float(values.mean()), error, df=float(len(values) - 1), n=len(values))


def slices(table: pd.DataFrame, size: int, make: Callable[[pd.DataFrame], Result]) -> list[Result]:
    """Return the results of an analysis in each of the cohorts of a given size that a table can be cut into."""
    return [make(table.iloc[start : start + size]) for start in range(0, len(table) - size + 1, size)]
