"""Scenarios: every number of the causal model, from YAML files of which all but one are changes of another."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from cohort.errors import CohortError, Problem
from cohort.shipped import shipped_folder
from cohort.synthetic.model import NODES

BASE = "default"
_PROBABILITIES = ("share", "sensitivity", "specificity", "missing", "loading")
_POSITIVE = ("rate", "odds_ratio", "rate_ratio", "age_shape", "reference_age", "false_positive_odds_ratio")
_NOT_NEGATIVE = ("sd", "cv", "limit", "decimals")
_HEAD = ("cohort_scenario", "id", "title", "extends", "reference", "nodes", "change")


@dataclass(frozen=True)
class Scenario:
    """A world: all numbers of the causal model.

    Parameters
    ----------
    name, id, title
        Name of its file, number in the blueprint (``S11``), and what is true in it, in words.
    knobs
        The numbers of each node.
    reference
        The values from which some causes count, such as an age of 48 years.
    changes
        What differs from the default, as pairs of a dotted path and a value.

    Examples
    --------
    >>> load_scenario("seed_claims").id
    'S11'
    """

    name: str
    id: str
    title: str
    knobs: Mapping[str, Mapping[str, Any]]
    reference: Mapping[str, float]
    changes: tuple[tuple[str, Any], ...] = ()

    def knob(self, path: str) -> Any:
        """Return one number by its dotted path, such as ``dep.odds_ratio.sex``."""
        found: Any = self.knobs
        for part in path.split("."):
            found = found[part]
        return found

    def with_changes(self, changes: Mapping[str, Any]) -> Scenario:
        """Return the same world with some numbers changed.

        Parameters
        ----------
        changes
            New value by dotted path.

        Raises
        ------
        CohortError
            If a path does not exist or a value is not possible; all problems at once.
        """
        entries = [_Entry(path, value, f"change, {path}") for path, value in changes.items()]
        return replace(self, knobs=_changed(self.knobs, entries), changes=(*self.changes, *changes.items()))


@dataclass(frozen=True)
class _Entry:
    path: str
    value: Any
    where: str


def scenario_names() -> list[str]:
    """Return the names of the scenarios that ship with the package, without the default that they change."""
    return sorted(path.stem for path in _folder().glob("*.yaml") if path.stem != BASE)


def list_scenarios() -> list[Scenario]:
    """Return the scenarios that ship with the package, by their number in the blueprint.

    Examples
    --------
    >>> [scenario.name for scenario in list_scenarios()][:2]
    ['total_null', 'no_autoimmune_effect']
    """
    return sorted(map(load_scenario, scenario_names()), key=lambda scenario: int(scenario.id.removeprefix("S")))


def load_scenario(where: str | Path) -> Scenario:
    """Return a scenario.

    Parameters
    ----------
    where
        Name of a scenario that ships with the package, or the path of a YAML file.

    Raises
    ------
    CohortError
        If the file is missing or anything in it is wrong, with file and line; all problems at once.

    Examples
    --------
    >>> load_scenario("literature_like").knob("dep.odds_ratio.sex")
    1.95
    """
    return _load(_find(where), ())


def _load(path: Path, heirs: tuple[Path, ...]) -> Scenario:
    head, entries = _read(path)
    parent = head.get("extends")
    if path.resolve() == (_folder() / f"{BASE}.yaml").resolve():
        knobs = _checked_tree(entries)
        reference = {e.path.split(".", 1)[1]: float(e.value) for e in entries if e.path.startswith("reference.")}
        return Scenario(path.stem, str(head["id"]), str(head["title"]), knobs, reference)
    if parent is None:
        raise CohortError([Problem(path.name, "the scenario extends nothing.", f"Add 'extends: {BASE}'.")])
    sibling = path.parent / f"{parent}.yaml"
    above = sibling if sibling.is_file() else _find(str(parent))
    if above in (path, *heirs):
        raise CohortError([Problem(path.name, "the scenarios extend one another in a circle.", f"Extend '{BASE}'.")])
    base = _load(above, (path, *heirs))
    changes = [replace(e, path=e.path.removeprefix("change.")) for e in entries if e.path.startswith("change.")]
    return replace(
        base,
        name=path.stem,
        id=str(head["id"]),
        title=str(head["title"]),
        knobs=_changed(base.knobs, changes),
        changes=(*base.changes, *((e.path, e.value) for e in changes)),
    )


def _folder() -> Path:
    return shipped_folder("synthetic_data") / "scenarios"


def _find(where: str | Path) -> Path:
    path = Path(where)
    if path.suffix in {".yaml", ".yml"}:
        if path.is_file():
            return path
        raise CohortError([Problem(path.name, "the scenario file does not exist.")])
    shipped = _folder() / f"{where}.yaml"
    if shipped.is_file():
        return shipped
    raise CohortError([Problem("scenario", f"there is no scenario '{where}'.", _nearest(str(where), scenario_names()))])


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean '{close[0]}'?" if close else f"Known are: {', '.join(known[:12])}."


def _read(path: Path) -> tuple[dict[str, Any], list[_Entry]]:
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
    except (OSError, UnicodeDecodeError) as error:
        raise CohortError([Problem(path.name, f"cannot be read ({type(error).__name__}).")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.name}, line {mark.line + 1}" if mark else path.name
        raise CohortError(
            [Problem(where, f"is not valid YAML: {getattr(error, 'problem', None) or error}.")]
        ) from error
    if not isinstance(root, yaml.MappingNode):
        raise CohortError([Problem(path.name, "is not a scenario.", "It starts with 'cohort_scenario: 1'.")])
    problems: list[Problem] = []
    entries = list(_leaves(loader, root, path.name, "", problems))
    head = {e.path: e.value for e in entries if "." not in e.path}
    top = [str(key.value) for key, _ in root.value]
    problems += [
        Problem(
            f"{path.name}, line {key.start_mark.line + 1}",
            f"unknown key '{key.value}'.",
            _nearest(str(key.value), list(_HEAD)),
        )
        for key, _ in root.value
        if key.value not in _HEAD
    ]
    problems += [Problem(path.name, f"the key '{name}' is missing.") for name in _HEAD[:3] if name not in top]
    if head.get("cohort_scenario", 1) != 1:
        problems.append(Problem(path.name, "only version 1 of the format is known.", "Write 'cohort_scenario: 1'."))
    if problems:
        raise CohortError(problems)
    return head, entries


def _leaves(loader: Any, at: Any, file: str, prefix: str, problems: list[Problem]) -> Iterator[_Entry]:
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
                yield _Entry(path, loader.construct_object(value, deep=True), where)
            except yaml.YAMLError:
                problems.append(Problem(where, "the value is not a number, a text or a list."))


def _checked_tree(entries: list[_Entry]) -> dict[str, dict[str, Any]]:
    tree: dict[str, dict[str, Any]] = {name: {} for name in NODES}
    problems: list[Problem] = []
    for entry in entries:
        if not entry.path.startswith("nodes."):
            continue
        name, *rest = entry.path.split(".")[1:]
        if name not in tree or not rest:
            problems.append(Problem(entry.where, f"the model has no node '{name}'.", _nearest(name, list(NODES))))
            continue
        problems += _value_problems(entry, rest)
        _put(tree[name], rest, entry.value)
    if problems:
        raise CohortError(problems)
    return tree


def _changed(knobs: Mapping[str, Mapping[str, Any]], changes: list[_Entry]) -> dict[str, dict[str, Any]]:
    tree = {name: _copy(values) for name, values in knobs.items()}
    known = list(_paths(knobs))
    problems: list[Problem] = []
    for entry in changes:
        if entry.path not in known:
            problems.append(Problem(entry.where, f"the model has no knob '{entry.path}'.", _nearest(entry.path, known)))
            continue
        name, *rest = entry.path.split(".")
        old: Any = knobs[name]
        for part in rest:
            old = old[part]
        found = _value_problems(entry, rest)
        if not found and isinstance(old, list) != isinstance(entry.value, list):
            found = [Problem(entry.where, "a list takes the place of a number, or the other way round.")]
        if not found and isinstance(old, list) and len(old) != len(entry.value):
            found = [Problem(entry.where, f"the list needs {len(old)} numbers and has {len(entry.value)}.")]
        problems += found
        if not found:
            _put(tree[name], rest, entry.value)
    if problems:
        raise CohortError(problems)
    return tree


def _value_problems(entry: _Entry, rest: list[str]) -> list[Problem]:
    values = entry.value if isinstance(entry.value, list) else [entry.value]
    if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in values):
        return [Problem(entry.where, "the value is not a number.")]
    name = rest[0]
    if _is(name, _PROBABILITIES) and any(not 0 <= v <= 1 for v in values):
        return [Problem(entry.where, "a probability lies outside 0 to 1.")]
    if _is(name, _POSITIVE) and any(v <= 0 for v in values):
        return [Problem(entry.where, "a rate or ratio is not above 0.")]
    if _is(name, _NOT_NEGATIVE) and any(v < 0 for v in values):
        return [Problem(entry.where, "a standard deviation or limit is below 0.")]
    return []


def _is(name: str, kinds: tuple[str, ...]) -> bool:
    return any(name == kind or name.startswith(f"{kind}_") or name.endswith(f"_{kind}") for kind in kinds)


def _paths(tree: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _copy(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) if isinstance(value, Mapping) else value for name, value in tree.items()}


def _put(tree: dict[str, Any], parts: list[str], value: Any) -> None:
    for part in parts[:-1]:
        tree = tree.setdefault(part, {})
    tree[parts[-1]] = value
