"""The text of a scenario: its entries with their lines, and what is wrong with their values."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from cohort.errors import CohortError, Problem
from cohort.synthetic.model import NODES
from cohort.units import UnitError, convert_factor

HEAD = (
    "cohort_scenario",
    "id",
    "title",
    "extends",
    "source",
    "shows",
    "reference",
    "scale",
    "nodes",
    "change",
    "defects",
)
_NEEDED = ("cohort_scenario", "id", "title")
_PROBABILITIES = (
    "share", "sensitivity", "specificity", "missing", "loading", "probability", "cumulative_share", "stability"
)  # fmt: skip
_POSITIVE = (
    "rate", "odds_ratio", "rate_ratio", "age_shape", "false_positive_odds_ratio", "onset_median", "onset_spread",
    "severity_sd",
)  # fmt: skip
_NOT_NEGATIVE = ("sd", "cv", "limit", "upper", "decimals", "step", "years", "years_before_baseline")
_IN_THE_UNIT_OF_THE_NODE = ("intercept", "mean", "sd", "minimum", "maximum", "limit", "upper")
_WITH_UNIT = re.compile(r"\s*([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s+(\S.*?)\s*")


@dataclass(frozen=True)
class Entry:
    """One value of a scenario: its dotted path, the value, and where it stands."""

    path: str
    value: Any
    where: str


def nearest(word: str, known: list[str]) -> str:
    """Return a hint to the nearest known word, or to some of the known ones."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean '{close[0]}'?" if close else f"Known are: {', '.join(known[:12])}."


def read_scenario_file(path: Path) -> tuple[dict[str, Any], list[Entry]]:
    """Return the head of a scenario file (keys without a dot) and all of its entries.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CohortError
        If it cannot be read, is no scenario, or holds unknown or missing keys; with file and line, all at once.
    """
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
    except (OSError, UnicodeDecodeError) as error:
        raise CohortError([Problem(path.name, f"cannot be read ({type(error).__name__}).")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.name}, line {mark.line + 1}" if mark else path.name
        told = Problem(where, f"is not valid YAML: {getattr(error, 'problem', None) or error}.")
        raise CohortError([told]) from error
    if not isinstance(root, yaml.MappingNode):
        raise CohortError([Problem(path.name, "is not a scenario.", "It starts with 'cohort_scenario: 1'.")])
    problems: list[Problem] = []
    entries = list(_leaves(loader, root, path.name, "", problems))
    head = {entry.path: entry.value for entry in entries if "." not in entry.path}
    top = [str(key.value) for key, _ in root.value]
    for key, _ in root.value:
        if key.value not in HEAD:
            where = f"{path.name}, line {key.start_mark.line + 1}"
            problems.append(Problem(where, f"unknown key '{key.value}'.", nearest(str(key.value), list(HEAD))))
    problems += [Problem(path.name, f"the key '{name}' is missing.") for name in _NEEDED if name not in top]
    if head.get("cohort_scenario", 1) != 1:
        problems.append(Problem(path.name, "only version 1 of the format is known.", "Write 'cohort_scenario: 1'."))
    if problems:
        raise CohortError(problems)
    return head, entries


def _leaves(loader: Any, at: Any, file: str, prefix: str, problems: list[Problem]) -> Iterator[Entry]:
    seen: set[str] = set()
    for key, value in at.value:
        name, line = str(key.value), key.start_mark.line + 1
        path = f"{prefix}.{name}" if prefix else name
        where = f"{file}, line {line}, {path.removeprefix('change.').removeprefix('nodes.')}"
        if name in seen:
            problems.append(Problem(where, "the key stands twice."))
        seen.add(name)
        if isinstance(value, yaml.MappingNode) and value.value:
            yield from _leaves(loader, value, file, path, problems)
        elif not isinstance(value, yaml.MappingNode):
            try:
                yield Entry(path, loader.construct_object(value, deep=True), where)
            except yaml.YAMLError:
                problems.append(Problem(where, "the value is not a number, a text or a list."))


def checked_value(entry: Entry, node: str, rest: list[str]) -> tuple[Entry, list[Problem]]:
    """Return an entry with its value as a number in the unit of its node, and what is wrong with it.

    Parameters
    ----------
    entry
        The entry.
    node
        Name of the node that it belongs to.
    rest
        The path within the node.
    """
    if isinstance(entry.value, str):
        return _in_unit(entry, node, rest)
    values = entry.value if isinstance(entry.value, list) else [entry.value]
    if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in values):
        return entry, [Problem(entry.where, "the value is not a number.")]
    name = rest[0]
    what = ""
    if not all(math.isfinite(v) for v in values):
        what = "the value is not a finite number."
    elif _is(name, _POSITIVE) and any(v <= 0 for v in values):
        what = "a rate or ratio is not above 0."
    elif _is(name, _PROBABILITIES) and any(not 0 <= v <= 1 for v in values):
        what = "a probability lies outside 0 to 1."
    elif _is(name, _NOT_NEGATIVE) and any(v < 0 for v in values):
        what = "a standard deviation or limit is below 0."
    return entry, [Problem(entry.where, what)] if what else []


def _in_unit(entry: Entry, node: str, rest: list[str]) -> tuple[Entry, list[Problem]]:
    found = _WITH_UNIT.fullmatch(entry.value)
    if found is None:
        return entry, [Problem(entry.where, "the value is not a number.")]
    number, unit = float(found[1]), found[2]
    own = NODES[node].unit
    if rest[0] not in _IN_THE_UNIT_OF_THE_NODE or not own:
        return entry, [Problem(entry.where, "this number has no unit.", f"Write {number:g} alone.")]
    if own.startswith("ln "):
        fix = f"Write the logarithm of the value in {own[3:]}, without a unit."
        return entry, [Problem(entry.where, "this number is a logarithm and takes no unit.", fix)]
    try:
        factor = convert_factor(unit, own)
    except UnitError as error:
        return entry, [Problem(entry.where, f"the unit '{unit}' does not fit '{own}': {error.problems[0].what}")]
    return checked_value(replace(entry, value=number * factor), node, rest)


def _is(name: str, kinds: tuple[str, ...]) -> bool:
    return any(name == kind or name.startswith(f"{kind}_") or name.endswith(f"_{kind}") for kind in kinds)
