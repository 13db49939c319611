"""A plan: studies with their sizes and seeds, fixed in a file before anything is run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from cohort.diagnosis.rules import Strict, StudyRule, as_declared, check, load_rules, read_strict
from cohort.diagnosis.running import Diagnosis, Setting, diagnose
from cohort.diagnosis.truth import TRUTH_PEOPLE
from cohort.errors import CohortError, Problem
from cohort.synthetic import load_scenario


class PlannedStudy(Strict):
    """Size and seed of a study; its scenario and methods stand in the pass rules."""

    people: int
    seed: int
    replicates: int | None = None
    truth_people: int | None = None


class Plan(Strict):
    """What is run, in this order."""

    cohort_diagnosis: Literal[1]
    title: str
    replicates: int
    truth_people: int = TRUTH_PEOPLE
    studies: Mapping[str, PlannedStudy]


@dataclass(frozen=True)
class PlanResult:
    """What a plan found.

    Parameters
    ----------
    title
        Of the plan.
    table
        Tidy: one row per study, method and diagnosand.
    checks
        What the pass rules demand beside what was found.
    estimates
        One row per study, replicate and method.
    seconds
        Wall time of each study.
    """

    title: str
    table: pd.DataFrame
    checks: pd.DataFrame
    estimates: pd.DataFrame
    seconds: Mapping[str, float]


def load_plan(path: Path) -> Plan:
    """Return a plan.

    Raises
    ------
    CohortError
        If the file is not valid.
    """
    return read_strict(path, Plan)


def planned_settings(plan: Plan, rules: Mapping[str, StudyRule], only: Sequence[str] = ()) -> dict[str, Setting]:
    """Return the settings of the studies of a plan, by their names.

    Parameters
    ----------
    plan
        The plan.
    rules
        Pass rules by study.
    only
        Names of the studies wanted; all by default.

    Raises
    ------
    CohortError
        If a study has no pass rules, or one is asked for that the plan lacks.
    """
    problems = [
        Problem("plan", f"there are no pass rules for '{name}'.", f"There are: {', '.join(rules)}.")
        for name in plan.studies
        if name not in rules
    ]
    problems += [
        Problem("--only", f"the plan has no study '{name}'.", f"It has: {', '.join(plan.studies)}.")
        for name in only
        if name not in plan.studies
    ]
    if problems:
        raise CohortError(problems)
    found = {}
    for name, study in plan.studies.items():
        if only and name not in only:
            continue
        rule = rules[name]
        found[name] = setting_of_rule(
            name, rule, people=study.people, replicates=study.replicates or plan.replicates, seed=study.seed,
            truth_people=study.truth_people or plan.truth_people,
        )  # fmt: skip
    return found


def setting_of_rule(
    name: str, rule: StudyRule, *, people: int, replicates: int, seed: int, truth_people: int = TRUTH_PEOPLE
) -> Setting:
    """Return the setting of a study that the pass rules declare, at a size and seed."""
    world = load_scenario(rule.scenario).with_changes(rule.set)
    return Setting(name, world, rule.chosen(), rule.source, people, replicates, seed, truth_people, rule.above,
                   rule.claimed_size)  # fmt: skip


def run_plan(
    plan: Plan,
    *,
    workers: int = 1,
    store: Path | None = None,
    only: Sequence[str] = (),
    tell: Callable[[str, Diagnosis, float], None] | None = None,
) -> PlanResult:
    """Return what a plan finds.

    Parameters
    ----------
    plan
        The plan.
    workers, store
        As in :func:`~cohort.diagnosis.running.diagnose`.
    only
        Names of the studies wanted; all by default.
    tell
        Called after each study with its name, what was found, and the seconds that it took.

    Raises
    ------
    CohortError
        As in :func:`planned_settings` and :func:`~cohort.diagnosis.running.diagnose`.
    """
    rules = load_rules()
    tables, checks, estimates, seconds = [], [], [], {}
    for name, setting in planned_settings(plan, rules, only).items():
        start = time.perf_counter()
        found = diagnose(setting, workers=workers, store=store)
        seconds[name] = time.perf_counter() - start
        tables.append(as_declared(found.table, name, rules[name]))
        checks.append(check(found.table, name, rules[name]))
        estimates.append(found.estimates.assign(study=name))
        if tell is not None:
            tell(name, found, seconds[name])
    table, demands, single = (pd.concat(parts, ignore_index=True) for parts in (tables, checks, estimates))
    return PlanResult(plan.title, table, demands, single, seconds)
