"""Pass rules: what each scenario demands of the right method, and how the naive one must fail; read from a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cohort.diagnosis.method import Chosen, choose
from cohort.diagnosis.methods import METHODS
from cohort.diagnosis.sample import Source
from cohort.errors import CohortError, Problem
from cohort.shipped import shipped_folder

NOMINAL = 0.95
COVERAGE_WITHIN = 0.015
COVERAGE_ERRORS = 3.0
"""Coverage passes when it is within 0.015 and three Monte-Carlo standard errors of 0.95 (DESIGN.md)."""
BLUEPRINT_COVERAGE = (0.92, 0.97)
"""The bounds of the blueprint (dag.md section 5), told beside it."""
SHARE_OF_TRUTH = 0.10
LOG_SCALE = 0.03
"""Bias passes below a tenth of the truth or, for ratios, below 0.03 on the log scale (dag.md section 5)."""
Read = TypeVar("Read", bound=BaseModel)
CHECK_COLUMNS = ("study", "method", "part", "demand", "value", "monte_carlo_se", "passes")


class Strict(BaseModel):
    """An entry of a file in which nothing may stand that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Limit(Strict):
    """A limit of a diagnosand; all that are given hold."""

    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None

    def holds(self, value: float) -> bool:
        """Return whether a value keeps to it; a missing one does not."""
        return (
            not math.isnan(value)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    @property
    def words(self) -> str:
        """Return the limit in words."""
        given = self.model_dump(exclude_none=True)
        return " and ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in given.items())


class MethodRule(Strict):
    """What is demanded of a method."""

    method: str
    part: Literal["naive", "right"]
    options: Mapping[str, str] = {}
    must: Mapping[str, Literal["nominal", "small"] | Limit] = {}


class StudyRule(Strict):
    """A scenario with its methods and what is demanded of them."""

    scenario: str
    why: str
    source: Source = "complete"
    set: Mapping[str, float] = {}
    above: tuple[float, ...] = ()
    claimed_size: float | None = None
    methods: tuple[MethodRule, ...]

    def chosen(self) -> tuple[Chosen, ...]:
        """Return the methods with their options settled."""
        return tuple(choose(METHODS, one.method, one.options, self.source, "pass rules") for one in self.methods)


class PassRules(Strict):
    """All studies by their names."""

    cohort_pass_rules: Literal[1]
    studies: Mapping[str, StudyRule]


def load_rules(path: Path | None = None) -> Mapping[str, StudyRule]:
    """Return the pass rules by the name of the study, from the shipped file unless another is named.

    Raises
    ------
    CohortError
        If the file is not valid; all problems at once.
    """
    where = path or shipped_folder("synthetic_data") / "pass_rules.yaml"
    return read_strict(where, PassRules).studies


def read_strict(path: Path, model: type[Read]) -> Read:
    """Return what a YAML file says, as a strict model.

    Raises
    ------
    CohortError
        If it cannot be read or says something else; all problems at once.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        told = "is not there" if isinstance(error, FileNotFoundError) else "cannot be read as YAML"
        raise CohortError([Problem(path.name, f"the file {told}.")]) from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise CohortError(
            [Problem(f"{path.name}, {'.'.join(map(str, e['loc'])) or 'the file'}", f"{e['msg']}.")
             for e in error.errors()]
        ) from error  # fmt: skip


def as_declared(table: pd.DataFrame, study: str, rule: StudyRule) -> pd.DataFrame:
    """Return the tidy table with the part that each method plays in a study: a right method can be naive elsewhere.

    Parameters
    ----------
    table, study, rule
        As in :func:`check`.
    """
    parts = {chosen.label: one.part for one, chosen in zip(rule.methods, rule.chosen(), strict=True)}
    own = table["study"] == study
    return table.assign(part=table["method"].map(parts).where(own, table["part"]).fillna(table["part"]))


def check(table: pd.DataFrame, study: str, rule: StudyRule) -> pd.DataFrame:
    """Return what is demanded of each method of a study beside what was found.

    Parameters
    ----------
    table
        The tidy table of diagnosands.
    study
        Name of the study in it.
    rule
        Its demands.

    Returns
    -------
    DataFrame
        ``study``, ``method``, ``part``, ``demand`` in words, ``value``, ``monte_carlo_se``, ``passes``.
    """
    rows = []
    for one, chosen in zip(rule.methods, rule.chosen(), strict=True):
        own = table[(table["study"] == study) & (table["method"] == chosen.label)].set_index("diagnosand")
        is_log = bool((own["scale"] == "log").any())
        for name, demand in one.must.items():
            value, error = (float(own[column].get(name, float("nan"))) for column in ("value", "monte_carlo_se"))
            words, passes = _judge(name, demand, value, error, float(own["value"].get("truth", 0.0)), is_log)
            rows.append((study, chosen.label, one.part, words, value, error, passes))
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


def _judge(name: str, demand: str | Limit, value: float, error: float, truth: float, is_log: bool) -> tuple[str, bool]:
    if isinstance(demand, Limit):
        return f"{name} {demand.words}", demand.holds(value)
    if demand == "nominal":
        allowed = COVERAGE_WITHIN + COVERAGE_ERRORS * error
        return f"{name} within {allowed:.3f} of {NOMINAL:g}", abs(value - NOMINAL) <= allowed
    allowed = max(LOG_SCALE if is_log else 0.0, SHARE_OF_TRUTH * abs(truth))
    return f"size of {name} below {allowed:.3f}", abs(value) < allowed
