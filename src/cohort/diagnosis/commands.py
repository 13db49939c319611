"""What ``cohort diagnose`` does: words of a command line in, a text or JSON out, files in a folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd

from cohort import __version__
from cohort.diagnosis.method import choose, parse_options
from cohort.diagnosis.methods import METHODS
from cohort.diagnosis.page import checks_text, performance_text, study_text
from cohort.diagnosis.plan import PlanResult, load_plan, run_plan, setting_of_rule
from cohort.diagnosis.rules import StudyRule, as_declared, check, load_rules
from cohort.diagnosis.running import Diagnosis, Setting, diagnose
from cohort.diagnosis.sample import Source
from cohort.errors import CohortError, Problem
from cohort.output import MARKER, check_writable, fresh_folder, write_json, write_text
from cohort.plots.diagnosis import draw_performance
from cohort.plots.style import Picture
from cohort.synthetic import load_scenario, parse_settings

ESTIMATE_COLUMNS = (
    "study", "method", "replicate", "seed", "estimate", "standard_error", "lower", "upper", "verdict", "size_verdict"
)  # fmt: skip
"""Columns of the file of single replicates, on the scale of analysis."""


def listing(*, as_json: bool) -> str:
    """Return all methods with their options, and what the pass rules declare of each scenario."""
    rules = load_rules()
    if as_json:
        methods = [
            {
                "method": one.name, "part": one.part, "title": one.title, "sources": list(one.sources),
                "options": {key: {"default": c.default, "values": list(c.values)} for key, c in one.options.items()},
            }
            for one in METHODS.values()
        ]  # fmt: skip
        studies = {name: json.loads(rule.model_dump_json(exclude_defaults=True)) for name, rule in rules.items()}
        return json.dumps({"methods": methods, "studies": studies}, indent=2)
    lines = ["Methods"]
    for one in METHODS.values():
        estimand = one.estimand({key: choice.default for key, choice in one.options.items()})
        lines.append(f"  {one.name} ({one.part}): {one.title}")
        lines.append(f"      estimand: {estimand.words}; data: {', '.join(one.sources)}")
        lines += [
            f"      --option {key}={choice.default}: {choice.words}; can be {', '.join(choice.values)}"
            for key, choice in one.options.items()
        ]
    lines.append("\nScenarios with pass rules")
    for name, rule in rules.items():
        lines.append(f"  {name}: {rule.scenario}, {rule.source} data; {rule.why}")
        lines += [f"      {one.part}: {c.label}" for one, c in zip(rule.methods, rule.chosen(), strict=True)]
    return "\n".join(lines)


def asked_for(
    scenario: str,
    methods: Sequence[str],
    options: Sequence[str],
    source: str | None,
    settings: Sequence[str],
    people: int,
    replicates: int,
    seed: int,
    truth_people: int,
) -> Setting:
    """Return the setting that a command line asks for: its methods, or those that the pass rules declare.

    Raises
    ------
    CohortError
        If anything in it is unknown or impossible.
    """
    world = load_scenario(scenario).with_changes(parse_settings(settings))
    if methods:
        kind = cast("Source", source or "clean")
        given = parse_options(options)
        chosen = tuple(choose(METHODS, name, given, kind) for name in methods)
        return Setting(world.name, world, chosen, kind, people, replicates, seed, truth_people)
    if options:
        raise CohortError([Problem("--option", "an option belongs to a method.", "Name it with --method.")])
    rule = _declared(world.name)
    if rule is None:
        told = f"the pass rules declare no method for '{world.name}'."
        raise CohortError([Problem("--method", told, "Name one; see: cohort diagnose --list")])
    if source not in (None, rule[1].source) or settings:
        told = "the declared methods are for the declared data and the world as it is."
        raise CohortError([Problem("--method", told, "Name a method, or leave --from and --set out.")])
    return setting_of_rule(rule[0], rule[1], people=people, replicates=replicates, seed=seed, truth_people=truth_people)


def _declared(scenario: str) -> tuple[str, StudyRule] | None:
    """Return the first study of the pass rules that is about a scenario as it is."""
    return next(((n, r) for n, r in load_rules().items() if r.scenario == scenario and not r.set), None)


def of_scenario(setting: Setting, *, workers: int, store: Path | None, out: Path | None, as_json: bool) -> str:
    """Return what was found of one setting, as text or JSON; tables and figure go to a folder."""
    if out is not None:
        check_writable(out)
    found = diagnose(setting, workers=workers, store=store)
    rule = load_rules().get(setting.name)
    checks = check(found.table, setting.name, rule) if rule is not None else None
    if out is not None:
        table = found.table if rule is None else as_declared(found.table, setting.name, rule)
        _write(out, table, checks, found.estimates.assign(study=setting.name))
    if as_json:
        told: dict[str, Any] = found.to_dict()
        if checks is not None:
            told["checks"] = _plain(checks)
        return json.dumps(told, indent=2)
    return study_text(found) + ("" if checks is None else f"\n\n{checks_text(checks)}")


def of_plan(
    path: Path, *, only: Sequence[str], workers: int, store: Path | None, out: Path | None, as_json: bool
) -> str:
    """Return what a plan found, as text or JSON; tables and figure go to a folder."""
    if out is not None:
        check_writable(out)
    found = run_plan(load_plan(path), workers=workers, store=store, only=only, tell=_tell)
    if out is not None:
        _write(out, found.table, found.checks, found.estimates)
    if as_json:
        return json.dumps(
            {"title": found.title, "performance": _plain(found.table), "checks": _plain(found.checks)}, indent=2
        )
    return _plan_text(found)


def _tell(name: str, found: Diagnosis, seconds: float) -> None:
    sys.stderr.write(f"{name}: {found.setting.replicates} replicates of {found.setting.people:,} in {seconds:.0f} s\n")
    sys.stderr.flush()


def _plan_text(found: PlanResult) -> str:
    return f"{found.title}\n\n{performance_text(found.table)}\n\n{checks_text(found.checks)}"


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows with nothing in place of a missing value, as JSON has it."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _write(out: Path, table: pd.DataFrame, checks: pd.DataFrame | None, estimates: pd.DataFrame) -> None:
    with fresh_folder(out) as folder:
        write_text(folder / "performance.csv", table.to_csv(index=False, lineterminator="\n"))
        if checks is not None:
            write_text(folder / "checks.csv", checks.to_csv(index=False, lineterminator="\n"))
        own = estimates[[name for name in ESTIMATE_COLUMNS if estimates[name].notna().any()]]
        write_text(folder / "estimates.csv", own.to_csv(index=False, lineterminator="\n"))
        Picture(draw_performance(table)).save(folder / "performance.png")
        write_json(folder / MARKER, {"cohort_version": __version__})
