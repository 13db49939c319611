"""One question under all defensible choices: definitions of exposure and outcome, adjustments, samples.

A specification curve (Simonsohn, Simmons and Nelson 2020, Nature Human Behaviour 4:1208) shows whether an answer is one
of the data or one of the analyst. Its estimates rest on the same people, so they are no independent evidence, and no
interval or test is made of all of them together.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.analysis.regression import odds_ratio
from cohort.analysis.sampling import BoolArray, Design, Domain
from cohort.results import Estimate, Result, ResultTable

Choices = tuple[str, str, str, str]
DIMENSIONS = ("outcome", "exposure", "adjustment", "sample")


@dataclass(frozen=True)
class Specification:
    """One combination of choices and what it finds.

    Parameters
    ----------
    choices
        Names of the outcome, exposure, adjustment and sample, in this order.
    result
        The odds ratio, or why there is none.
    """

    choices: Choices
    result: Result


@dataclass(frozen=True)
class SpecificationCurve:
    """All combinations of some choices.

    Parameters
    ----------
    specifications
        In the order of the choices.
    main
        Choices of the main analysis.
    """

    specifications: tuple[Specification, ...]
    main: Choices

    def estimates(self) -> list[tuple[Choices, Estimate]]:
        """Return the specifications that have an estimate, from the smallest to the largest."""
        found = [(one.choices, one.result) for one in self.specifications if isinstance(one.result, Estimate)]
        return sorted(found, key=lambda pair: pair[1].value)

    def summary(self) -> ResultTable:
        """Return how the estimates spread, over all specifications and for each choice held fixed."""
        found = self.estimates()
        rows = [self._row("all", "", found)]
        for place, dimension in enumerate(DIMENSIONS):
            names = dict.fromkeys(one.choices[place] for one in self.specifications)
            if len(names) > 1:
                rows += [
                    self._row(dimension, name, [pair for pair in found if pair[0][place] == name]) for name in names
                ]
        columns = ["choice", "held at", "specifications", "smallest", "median", "largest", "interval above 1"]
        tested = len(self.specifications)
        return ResultTable(
            "specification_curve",
            "The odds ratio under all combinations of choices",
            pd.DataFrame(rows, columns=columns),
            formats=dict.fromkeys(("smallest", "median", "largest"), ".2f"),
            note=f"{len(found)} of {tested} combinations have an estimate. They rest on the same people and are no "
            "independent evidence.",
        )

    @staticmethod
    def _row(choice: str, name: str, found: Sequence[tuple[Choices, Estimate]]) -> dict[str, object]:
        values = [estimate.value for _, estimate in found]
        above = sum(estimate.interval()[0] > 1 for _, estimate in found)
        row: dict[str, object] = {"choice": choice, "held at": name, "specifications": len(found)}
        if values:
            row |= {"smallest": min(values), "median": float(np.median(values)), "largest": max(values)}
            row["interval above 1"] = f"{above} of {len(found)}"
        return row


def specification_curve(
    table: pd.DataFrame,
    design: Design,
    *,
    outcomes: Mapping[str, str],
    exposures: Mapping[str, str],
    adjustments: Mapping[str, Sequence[str]],
    samples: Mapping[str, Domain],
    main: Choices,
) -> SpecificationCurve:
    """Return the odds ratio under all combinations of choices; each choice has a name for readers.

    Parameters
    ----------
    table, design
        One row per person, and how they were sampled.
    outcomes, exposures
        Columns by name: yes/no outcomes and yes/no or numeric exposures.
    adjustments
        Columns adjusted for, by name; one that is the outcome or the exposure itself is left out.
    samples
        Domains by name; None stands for the eligible.
    main
        Choices of the main analysis.

    Raises
    ------
    ValueError
        If the main analysis is none of the combinations.
    """
    combinations = list(itertools.product(outcomes, exposures, adjustments, samples))
    if main not in combinations:
        raise ValueError(f"the main analysis {main} is none of the combinations")
    specifications = []
    for choices in combinations:
        outcome, exposure = outcomes[choices[0]], exposures[choices[1]]
        held = [name for name in adjustments[choices[2]] if name not in (outcome, exposure)]
        result = odds_ratio(
            table, outcome=outcome, exposure=exposure, adjustment=held, design=design, domain=samples[choices[3]],
            label=" · ".join(choices),
        )  # fmt: skip
        specifications.append(Specification(choices, result))
    return SpecificationCurve(tuple(specifications), main)


def at_least(table: pd.DataFrame, column: str, cut_off: float) -> pd.Series:
    """Return who reaches a cut-off, missing where the number is; all missing when the table lacks the column."""
    if column not in table:
        return pd.Series(pd.NA, index=table.index, dtype="boolean")
    values = table[column].astype("Float64")
    return (values >= cut_off).astype("boolean")


def holds(table: pd.DataFrame, column: str, low: float, high: float) -> BoolArray:
    """Return who has a number in a range, ends included; nobody when the table lacks the column."""
    if column not in table:
        return np.zeros(len(table), dtype=bool)
    return np.asarray(table[column].between(low, high).fillna(value=False).to_numpy(dtype=bool))
