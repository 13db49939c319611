"""How people came into the table: a simple sample or a survey with weights, strata and primary sampling units.

Survey variances are Taylor-linearised with the ultimate-cluster estimator: PSUs are taken as drawn with replacement
within strata, and the PSU totals of the linearised variable vary about their mean in the stratum. People outside a
domain stay in the table and count as zeros, so that every PSU is kept. This is what R's ``survey`` package does
without a finite population correction (Lumley 2004, Journal of Statistical Software 9(8)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.errors import AnalysisError, Problem

FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
CodeArray: TypeAlias = npt.NDArray[np.intp]
Domain: TypeAlias = "pd.Series | npt.ArrayLike | None"


@dataclass(frozen=True, eq=False)
class Design:
    """How the rows of a table were sampled, aligned with them.

    A stratum with a single PSU has no variance of its own: its PSU total is taken about the mean of all, which is
    zero for a linearised variable (``survey.lonely.psu = "adjust"`` in R); :attr:`lone_psu_strata` counts such strata.

    Parameters
    ----------
    weights
        Sampling weight of each row; zero keeps a row in the design but out of every domain. None for a simple sample.
    strata
        Number of the stratum of each row; None when there is one stratum.
    psu
        Number of the primary sampling unit, unique over strata; None when every person is a unit.
    size
        Number of rows.

    Examples
    --------
    >>> design = design_of(pd.DataFrame({"participant_id": ["a", "b", "c"]}))
    >>> design.kind, design.degrees_of_freedom()
    ('simple', 2.0)
    """

    weights: FloatArray | None
    strata: CodeArray | None
    psu: CodeArray | None
    size: int

    @property
    def kind(self) -> Literal["survey", "simple"]:
        """Return whether weights are used."""
        return "simple" if self.weights is None else "survey"

    @property
    def lone_psu_strata(self) -> int:
        """Return how many strata hold a single PSU."""
        if self.weights is None:
            return 0
        stratum, unit = self._units()
        weight = np.bincount(stratum[unit], weights=self.weights, minlength=int(stratum.max()) + 1)
        return int(((np.bincount(stratum) == 1) & (weight > 0)).sum())

    @property
    def words(self) -> str:
        """Return the design in words, for a table."""
        if self.kind == "simple":
            return "simple sample"
        lone = self.lone_psu_strata
        tail = f"; {lone} strata with one PSU, centred at the grand mean" if lone else ""
        return f"survey design, linearised{tail}"

    def weight(self) -> FloatArray:
        """Return the weight of each row, one for each in a simple sample."""
        return np.ones(self.size) if self.weights is None else self.weights

    def _units(self) -> tuple[CodeArray, CodeArray]:
        """Return the stratum of each unit and the unit of each row."""
        unit = np.arange(self.size) if self.psu is None else self.psu
        stratum = np.zeros(int(unit.max(initial=-1)) + 1, dtype=np.intp)
        if self.strata is not None:
            stratum[unit] = self.strata
        return stratum, unit

    def degrees_of_freedom(self, domain: BoolArray | None = None) -> float:
        """Return PSUs minus strata among the rows of a domain that carry weight; people minus one in a simple sample.

        Parameters
        ----------
        domain
            True for the rows of the domain; all rows when None.
        """
        inside = self.weight() > 0
        if domain is not None:
            inside = inside & domain
        unit = np.arange(self.size) if self.psu is None else self.psu
        strata = 1 if self.strata is None else len(np.unique(self.strata[inside]))
        return float(len(np.unique(unit[inside])) - strata)

    def covariance(self, influence: FloatArray, domain: BoolArray) -> FloatArray:
        """Return the covariance of the totals of linearised variables.

        Parameters
        ----------
        influence
            One row per person of the domain, one column per estimate: the weighted influence of the person, summing to
            zero over the domain.
        domain
            True for the rows of the table that are in the domain.
        """
        if self.kind == "simple":
            n = len(influence)
            centred = influence - influence.mean(axis=0)
            return np.asarray(centred.T @ centred * (n / (n - 1)))
        stratum, unit = self._units()
        units = len(stratum)
        totals = np.column_stack([np.bincount(unit[domain], weights=column, minlength=units) for column in influence.T])
        in_stratum = np.bincount(stratum).astype(float)
        means = np.column_stack([np.bincount(stratum, weights=column) for column in totals.T]) / in_stratum[:, None]
        lone = in_stratum[stratum] == 1
        centred = np.where(lone[:, None], totals, totals - means[stratum])
        scale = np.where(lone, 1.0, in_stratum[stratum] / np.maximum(in_stratum[stratum] - 1, 1))
        return np.asarray((centred * scale[:, None]).T @ centred)


def _codes(column: pd.Series) -> CodeArray:
    codes, _ = pd.factorize(column, use_na_sentinel=True)
    return codes.astype(np.intp)


def design_of(table: pd.DataFrame) -> Design:
    """Return the design that a table carries: a survey when it has ``survey_weight``, else a simple sample.

    ``survey_stratum`` and ``survey_psu`` are used when present; PSU numbers are read within their stratum, as R does
    with ``nest = TRUE``. A missing weight counts as zero.

    Parameters
    ----------
    table
        One row per person.

    Raises
    ------
    AnalysisError
        If a weight is negative or infinite, or a person with a weight has no stratum or no PSU.

    Examples
    --------
    >>> design_of(pd.DataFrame({"survey_weight": [1.0, 2.0, 1.5]})).kind
    'survey'
    """
    size = len(table)
    if "survey_weight" not in table or not bool(table["survey_weight"].notna().any()):
        return Design(None, None, None, size)
    weights = table["survey_weight"].astype("float64").fillna(0.0).to_numpy(dtype=float, copy=True)
    problems = []
    if not np.isfinite(weights).all() or (weights < 0).any():
        problems.append(Problem("survey_weight", "a weight is negative or infinite.", "Check the weights."))
    used: dict[str, pd.Series] = {}
    for name in ("survey_stratum", "survey_psu"):
        if name in table and bool(table[name].notna().any()):
            used[name] = table[name].astype("string")
            if bool((used[name].isna().to_numpy() & (weights > 0)).any()):
                problems.append(
                    Problem(name, "some people have a weight but no value here.", "Give it, or leave the column out.")
                )
    if problems:
        raise AnalysisError(problems)
    # Rows without weight and without stratum or PSU share a code of their own, so that they form no real unit.
    strata = _codes(used["survey_stratum"].fillna("")) if "survey_stratum" in used else None
    psu = _codes(used["survey_psu"].fillna("")) if "survey_psu" in used else None
    if psu is not None and strata is not None:
        psu = _codes(pd.Series(strata * (int(psu.max()) + 1) + psu))
    return Design(np.asarray(weights), strata, psu, size)


def base_name(design: Design, domain: Domain = None) -> str:
    """Return how disclosure control calls the people of an analysis; empty for people of the caller's own choice."""
    if domain is not None:
        return ""
    return "analysed" if design.kind == "survey" else "eligible"


def analysis_domain(table: pd.DataFrame, design: Design, domain: Domain = None) -> BoolArray:
    """Return the rows that an analysis is about: those of the domain that carry weight.

    Parameters
    ----------
    table
        One row per person.
    design
        The design of the same table.
    domain
        True for the people of interest; a missing value counts as False. Default: ``is_eligible`` when the table has
        it.

    Raises
    ------
    AnalysisError
        If the domain or the design does not have one entry per row.
    """
    if design.size != len(table):
        raise AnalysisError("the design was made for another table. Call design_of on this one.")
    if domain is None:
        chosen = table["is_eligible"] if "is_eligible" in table else pd.Series(True, index=table.index)
    elif isinstance(domain, pd.Series):
        if not domain.index.equals(table.index):
            raise AnalysisError("the domain has another index than the table. Make it from the columns of this table.")
        chosen = domain
    else:
        chosen = pd.Series(np.asarray(domain))
    if len(chosen) != len(table):
        raise AnalysisError("the domain does not have one entry per row of the table.")
    inside = chosen.astype("boolean").fillna(False).to_numpy(dtype=bool)
    return np.asarray(inside & (design.weight() > 0))


def weighted_sd(values: FloatArray, weights: FloatArray) -> float:
    """Return the standard deviation with n/(n-1), NaN for fewer than two values."""
    n = len(values)
    if n < 2:
        return float("nan")
    centre = np.average(values, weights=weights)
    return float(np.sqrt(np.average((values - centre) ** 2, weights=weights) * n / (n - 1)))
