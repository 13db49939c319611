"""How people flow from the source files into the analysis: steps of eligibility, and who has which measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from cohort.cleaning.people import equals
from cohort.cleaning.rule import Column
from cohort.codebook import Codebook
from cohort.errors import InputDataError, Problem
from cohort.study_file import Eligibility

MEASURES = {
    "PHQ-9 total": ("phq9_total",),
    "C-reactive protein": ("crp_mg_l",),
    "Any autoimmune disease, yes or no": ("has_any_autoimmune_disease",),
    "CTQ-SF total": ("ctq_total",),
    "Age, sex, BMI and smoking": ("age_years", "sex", "bmi_kg_m2", "smoking"),
}
"""The key measures whose completeness the flow shows: those that the three questions rest on, by label."""
WEIGHT = "survey_weight"
"""Column of the sampling weight; people whose weight is zero were drawn but not examined, and count in no estimate."""


@dataclass(frozen=True)
class FlowStep:
    """One box of the flow diagram.

    Parameters
    ----------
    label
        What the people in the box have in common.
    n
        People who remain (of a step) or have the measure (of a branch).
    excluded
        People who left at this step, or lack the measure.
    reason
        Why they left or lack it; empty when nobody can.
    """

    label: str
    n: int
    excluded: int
    reason: str


@dataclass(frozen=True)
class Flow:
    """The flow of people: ``steps`` one after the other, then ``branches`` side by side from the eligible.

    Examples
    --------
    >>> flow = Flow((FlowStep("People in the source files", 10, 0, ""), FlowStep("Eligible", 10, 0, "")), ())
    >>> Flow.from_dict(flow.to_dict()) == flow
    True
    """

    steps: tuple[FlowStep, ...]
    branches: tuple[FlowStep, ...]

    def to_dict(self) -> dict[str, list[dict[str, Any]]]:
        """Return the flow as plain lists and texts, for JSON."""
        return {"steps": [asdict(s) for s in self.steps], "branches": [asdict(b) for b in self.branches]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Sequence[Mapping[str, Any]]]) -> Flow:
        """Return the flow that :meth:`to_dict` stored."""
        return cls(
            tuple(FlowStep(**step) for step in stored["steps"]),
            tuple(FlowStep(**branch) for branch in stored["branches"]),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per box: ``kind`` (step or branch), label, n, excluded, reason."""
        rows = [{"kind": "step", **asdict(step)} for step in self.steps]
        rows += [{"kind": "branch", **asdict(branch)} for branch in self.branches]
        return pd.DataFrame(rows, columns=["kind", "label", "n", "excluded", "reason"])


def decide_eligibility(person_table: pd.DataFrame, eligible: Sequence[Eligibility], codebook: Codebook) -> pd.DataFrame:
    """Return, for each person, whether all steps hold, and the first step that does not with its reason.

    Parameters
    ----------
    person_table
        One row per person.
    eligible
        The steps, in order; none means that everybody is eligible.
    codebook
        Labels.

    Returns
    -------
    pd.DataFrame
        ``is_eligible`` (boolean), ``step`` (number of the first step that fails, missing for the eligible) and
        ``reason``, on the index of ``person_table``. A missing value is not eligible, with a reason of its own.

    Raises
    ------
    InputDataError
        If a step names a variable that this cohort does not have.
    """
    absent = [step.variable for step in eligible if step.variable not in person_table]
    if absent:
        raise InputDataError(
            Problem("eligible", f"the variable '{name}' is not in this cohort.", "Map it, or leave the step out.")
            for name in absent
        )
    step_number = np.full(len(person_table), -1)
    reason = np.full(len(person_table), "", dtype=object)
    for number, step in enumerate(eligible):
        values = person_table[step.variable]
        left = step_number < 0
        for out, words in (
            (values.isna().to_numpy(), f"{codebook.variable(step.variable).title} is missing"),
            (~_holds(values, step), f"not: {step_label(step, codebook)}"),
        ):
            leaves = left & out & (step_number < 0)
            step_number[leaves], reason[leaves] = number, words
    decided = pd.DataFrame(index=person_table.index)
    decided["is_eligible"] = pd.array(step_number < 0, dtype="boolean")
    decided["step"] = pd.Series(step_number, index=decided.index, dtype="Int64").mask(step_number < 0)
    decided["reason"] = pd.array(reason, dtype="string")
    return decided


def _holds(values: Column, step: Eligibility) -> Any:
    """Return where a step holds; a missing value holds nothing."""
    holds = values.notna().to_numpy(dtype=bool)
    if step.at_least is not None or step.below is not None:
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        if step.at_least is not None:
            holds = holds & (numbers >= step.at_least)
        if step.below is not None:
            holds = holds & (numbers < step.below)
    choices = step.values  # noqa: PD011 - not a DataFrame
    if choices is not None:
        # true and "true", 1 and 1.0 mean the same in a study file.
        allowed = {_plain(value) for value in choices}
        holds = holds & np.array([_plain(value) in allowed for value in values], dtype=bool)
    return holds


def _plain(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def step_label(step: Eligibility, codebook: Codebook) -> str:
    """Return the label of a step: its own, or one made of the variable and its bounds.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> step_label(Eligibility(variable="age_years", at_least=20), load_codebook())
    'Age (year) at least 20'
    """
    if step.label:
        return step.label
    parts = []
    if step.at_least is not None:
        parts.append(f"at least {step.at_least:g}")
    if step.below is not None:
        parts.append(f"below {step.below:g}")
    choices = step.values  # noqa: PD011 - not a DataFrame
    if choices is not None:
        parts.append(" or ".join(_plain(value).replace("_", " ") for value in choices))
    return f"{codebook.label(step.variable)} {' and '.join(parts)}".strip()


def build_flow(
    person_table: pd.DataFrame,
    decided: pd.DataFrame,
    eligible: Sequence[Eligibility],
    codebook: Codebook,
    *,
    people_in_files: int,
    undisputed: int,
) -> Flow:
    """Return the flow of people.

    Parameters
    ----------
    person_table, decided, eligible, codebook
        As in :func:`decide_eligibility`, and what it returned.
    people_in_files
        Identifiers in any table before cleaning.
    undisputed
        Of these, the ones with a row in ``person_table``.
    """
    steps = [FlowStep("People in the source files", people_in_files, 0, "")]
    if undisputed < people_in_files:
        reason = "no row among the participants, or contradictory ones"
        steps.append(FlowStep("With one undisputed record", undisputed, people_in_files - undisputed, reason))
    remaining = undisputed
    for number, step in enumerate(eligible):
        left = decided.loc[equals(decided["step"], number), "reason"]
        label = step_label(step, codebook)
        missing = int(left.str.endswith(" is missing").sum())
        if missing:
            name = codebook.variable(step.variable).title
            remaining -= missing
            steps.append(FlowStep(f"{name} known", remaining, missing, f"{name} is missing"))
        remaining -= len(left) - missing
        steps.append(FlowStep(label, remaining, len(left) - missing, f"not: {label}"))
    steps.append(FlowStep("Eligible", remaining, 0, ""))
    among = person_table.loc[decided["is_eligible"].to_numpy(dtype=bool)]
    return Flow(tuple(steps), _branches(among))


def _branches(among: pd.DataFrame) -> tuple[FlowStep, ...]:
    """Return how many of the eligible have each key measure, and how many have all that this cohort has at all."""
    branches, present = _weighted(among), []
    for label, columns in MEASURES.items():
        lacking = [name for name in columns if name not in among]
        if lacking:
            branches.append(FlowStep(label, 0, len(among), f"not in this cohort: {', '.join(lacking)}"))
            continue
        present += list(columns)
        n = int(among[list(columns)].notna().all(axis=1).sum())
        branches.append(FlowStep(label, n, len(among) - n, "missing"))
    if present:
        n = int(among[present].notna().all(axis=1).sum())
        branches.append(FlowStep("All of these that the cohort has", n, len(among) - n, "any of them missing"))
    return tuple(branches)


def _weighted(among: pd.DataFrame) -> list[FlowStep]:
    """Return how many of the eligible carry a sampling weight; nothing where all do, or the study has none."""
    if WEIGHT not in among:
        return []
    n = int((among[WEIGHT] > 0).sum())
    if n == len(among):
        return []
    return [FlowStep("With a sampling weight above zero", n, len(among) - n, "no weight: not in the examined sample")]
