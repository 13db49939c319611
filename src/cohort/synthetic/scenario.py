"""Scenarios: every number of the causal model, from YAML files of which all but one are changes of another."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from cohort.errors import CohortError, Problem
from cohort.shipped import shipped_folder
from cohort.synthetic import model
from cohort.synthetic.defects import REFUSED_BY_INTAKE, DefectPlan, load_defect_plan
from cohort.synthetic.model import NODES, path_between
from cohort.synthetic.scenario_file import Entry, checked_value, nearest, read_scenario_file

BASE = "default"
_STRENGTHS = ("slope", "odds_ratio", "rate_ratio")
"""Groups of strengths to which a scenario may add a cause."""


@dataclass(frozen=True)
class Scenario:
    """A world: all numbers of the causal model.

    Parameters
    ----------
    name, id, title
        Name of its file, number in the blueprint (``S11``), and what is true in it, in words.
    knobs
        The numbers of each node.
    reference, scale
        The values from which some causes count, such as an age of 48 years, and the units in which they do.
    changes
        What differs from the default, as pairs of a dotted path and a value.
    added
        Causes that nodes have here and not in the default, by node.
    source, shows
        Where its numbers come from, and what a naive analysis makes of it, in words.
    defects
        Which defects the export is dirtied with: a rate by kind; empty for a clean export.

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
    scale: Mapping[str, float] = field(default_factory=dict)
    changes: tuple[tuple[str, Any], ...] = ()
    added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""
    shows: str = ""
    defects: Mapping[str, Any] = field(default_factory=dict)

    @functools.cached_property
    def order(self) -> tuple[str, ...]:
        """Return the names of all nodes, causes before effects."""
        return model.order(self.added)

    def parents(self, node: str) -> tuple[str, ...]:
        """Return the direct causes of a node in this world."""
        return model.parents_of(node, self.added)

    def defect_plan(self) -> DefectPlan:
        """Return the kinds of defects of its export, with their rates.

        ``kinds: all`` plants every kind at the rate of ``defects.yaml``, ``kinds: default`` what intake accepts; a
        kind of its own name has a rate of its own.
        """
        return _plan_of(self.defects)

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """Return the nodes that some nodes depend on in this world, with these nodes themselves."""
        return model.ancestors(names, self.added)

    def descendants(self, names: Iterable[str]) -> set[str]:
        """Return the nodes that some nodes have an effect on in this world, without these nodes themselves."""
        return model.descendants(names, self.added)

    def knob(self, path: str) -> Any:
        """Return one number by its dotted path, such as ``dep.odds_ratio.sex``."""
        return _at(self.knobs, path)

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
        return _with(self, [Entry(path, value, f"change, {path}") for path, value in changes.items()])


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
    return sorted(map(load_scenario, scenario_names()), key=lambda s: (float(s.id.removeprefix("S")), s.name))


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


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Return changes that are written as ``path=value`` on a command line.

    Parameters
    ----------
    settings
        Texts such as ``dep.odds_ratio.bmi=1.1`` or ``recruitment.share_clinic=1``; a value is read as YAML.

    Raises
    ------
    CohortError
        If a text has no ``=``, or its value cannot be read; all problems at once.

    Examples
    --------
    >>> parse_settings(["dep.odds_ratio.bmi=1.1", "il6_obs.series_shift=[-0.2, 0.2]"])
    {'dep.odds_ratio.bmi': 1.1, 'il6_obs.series_shift': [-0.2, 0.2]}
    """
    found: dict[str, Any] = {}
    problems = []
    for text in settings:
        path, sign, value = text.partition("=")
        try:
            found[path.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            sign = ""
        if not sign or not path.strip() or not value.strip():
            problems.append(Problem("--set", f"'{text}' is not PATH=VALUE.", "Write --set dep.odds_ratio.bmi=1.1"))
    if problems:
        raise CohortError(problems)
    return found


def _load(path: Path, heirs: tuple[Path, ...]) -> Scenario:
    head, entries = read_scenario_file(path)
    parent = head.get("extends")
    if path.resolve() == (_folder() / f"{BASE}.yaml").resolve():
        groups = {
            group: {e.path.split(".", 1)[1]: float(e.value) for e in entries if e.path.startswith(f"{group}.")}
            for group in ("reference", "scale")
        }
        knobs, title = _checked_tree(entries), str(head["title"])
        return Scenario(path.stem, str(head["id"]), title, knobs, groups["reference"], groups["scale"])
    if parent is None:
        raise CohortError([Problem(path.name, "the scenario extends nothing.", f"Add 'extends: {BASE}'.")])
    sibling = path.parent / f"{parent}.yaml"
    above = sibling if sibling.is_file() else _find(str(parent))
    if above in (path, *heirs):
        raise CohortError([Problem(path.name, "the scenarios extend one another in a circle.", f"Extend '{BASE}'.")])
    base = _load(above, (path, *heirs))
    changes = [replace(e, path=e.path.removeprefix("change.")) for e in entries if e.path.startswith("change.")]
    return replace(
        _with(base, changes),
        name=path.stem,
        id=str(head["id"]),
        title=str(head["title"]),
        source=str(head.get("source", "")),
        shows=str(head.get("shows", "")),
        defects={**base.defects, **_defects(entries)},
    )


def _defects(entries: list[Entry]) -> dict[str, Any]:
    """Return which defects a scenario plants; a kind that does not exist or a rate that is no share is told here."""
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for entry in entries:
        if entry.path.startswith("defects."):
            kind = entry.path.split(".", 1)[1]
            found[kind] = entry.value
            try:
                _plan_of({kind: entry.value})
            except CohortError as error:
                problems += [Problem(entry.where, problem.what, problem.fix) for problem in error.problems]
    if problems:
        raise CohortError(problems)
    return found


def _plan_of(defects: Mapping[str, Any]) -> DefectPlan:
    plan = load_defect_plan()
    asked = defects.get("kinds")
    if asked == "default":
        plan = plan.without(REFUSED_BY_INTAKE)
    elif asked is None:
        plan = plan.only(())
    elif asked != "all":
        raise CohortError([Problem("defects", f"'{asked}' is not a set of kinds.", "Write all or default.")])
    return plan.with_rates({kind: rate for kind, rate in defects.items() if kind != "kinds"})


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
    raise CohortError([Problem("scenario", f"there is no scenario '{where}'.", nearest(str(where), scenario_names()))])


def _checked_tree(entries: list[Entry]) -> dict[str, dict[str, Any]]:
    tree: dict[str, dict[str, Any]] = {name: {} for name in NODES}
    problems: list[Problem] = []
    for given in entries:
        if not given.path.startswith("nodes."):
            continue
        name, *rest = given.path.split(".")[1:]
        if name not in tree or not rest:
            problems.append(Problem(given.where, f"the model has no node '{name}'.", nearest(name, list(NODES))))
            continue
        entry, found = checked_value(given, name, rest)
        problems += found
        _put(tree[name], rest, entry.value)
    if problems:
        raise CohortError(problems)
    return tree


def _with(base: Scenario, changes: list[Entry]) -> Scenario:
    """Return a scenario with changes; all problems at once."""
    tree = {name: _copy(values) for name, values in base.knobs.items()}
    known = list(_paths(base.knobs))
    added = {name: list(causes) for name, causes in base.added.items()}
    problems: list[Problem] = []
    done: list[tuple[str, Any]] = []
    for given in changes:
        name, *rest = given.path.split(".")
        is_new = given.path not in known
        if is_new:
            found = _new_cause_problems(base.knobs, given, added)
            if found:
                problems += found
                continue
        entry, found = checked_value(given, name, rest)
        if not found and not is_new:
            found = _shape_problems(entry, _at(base.knobs, given.path))
        problems += found
        if found:
            continue
        _put(tree[name], rest, entry.value)
        done.append((given.path, entry.value))
        if is_new and rest[1] not in (*NODES[name].parents, *added.get(name, [])):
            added.setdefault(name, []).append(rest[1])
    if problems:
        raise CohortError(problems)
    causes = {name: tuple(found) for name, found in added.items()}
    return replace(base, knobs=tree, changes=(*base.changes, *done), added=causes)


def _new_cause_problems(knobs: Mapping[str, Any], entry: Entry, added: Mapping[str, list[str]]) -> list[Problem]:
    """Return why an entry that the base does not have cannot be a new cause of a node either."""
    name, *rest = entry.path.split(".")
    if name not in NODES:
        return [Problem(entry.where, f"the model has no node '{name}'.", nearest(name, list(NODES)))]
    if len(rest) != 2 or rest[0] not in _STRENGTHS or rest[0] not in knobs[name]:
        known = [path for path in _paths(knobs) if path.startswith(f"{name}.")]
        return [Problem(entry.where, f"the model has no knob '{entry.path}'.", nearest(entry.path, known))]
    cause = rest[1]
    if cause not in NODES:
        return [Problem(entry.where, f"the model has no node '{cause}'.", nearest(cause, list(NODES)))]
    if NODES[cause].columns:
        return [Problem(entry.where, f"'{cause}' has several values per person and can't be added as a cause.")]
    so_far = {key: tuple(value) for key, value in added.items()}
    way = path_between(name, cause, so_far)
    if way:
        circle = " -> ".join((*way, name))
        return [Problem(entry.where, f"'{cause}' cannot be a cause of '{name}': that would be a cycle, {circle}.")]
    return []


def _shape_problems(entry: Entry, old: Any) -> list[Problem]:
    if isinstance(old, list) != isinstance(entry.value, list):
        return [Problem(entry.where, "a list takes the place of a number, or the other way round.")]
    if isinstance(old, list) and len(old) != len(entry.value):
        return [Problem(entry.where, f"the list needs {len(old)} numbers and has {len(entry.value)}.")]
    return []


def _at(tree: Any, path: str) -> Any:
    for part in path.split("."):
        tree = tree[part]
    return tree


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
