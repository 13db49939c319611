"""What a study changes of the rules of cleaning, applied to them, and told in a table and in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cohort.cleaning.rule import Rule
from cohort.cleaning.rules import rules_of
from cohort.codebook import Codebook, Variable, load_codebook
from cohort.errors import Problem, StudyFileError
from cohort.ledger import Ledger
from cohort.rulebook import RuleEntry
from cohort.study_file.rule_settings import OFF, Range, RuleChange, RuleSetting

Settings = Mapping[str, RuleSetting]
NO_LIMIT = float("inf")


@dataclass(frozen=True)
class StudyRules:
    """The rules of a study.

    Parameters
    ----------
    rules
        The rules that are on, in order, with the study's actions and limits.
    codebook
        The codebook with the study's ranges of variables and analytes.
    ledger
        One line for each rule that the study changes.
    """

    rules: tuple[Rule, ...]
    codebook: Codebook
    ledger: Ledger


def rules_of_study(settings: Settings, codebook: Codebook) -> StudyRules:
    """Return the rules with what a study changes of them.

    Parameters
    ----------
    settings
        ``rules:`` of the study file, checked when it was read.
    codebook
        The codebook.

    Raises
    ------
    StudyFileError
        If a changed limit leaves no value between the limits of a variable or an analyte.

    Examples
    --------
    >>> changed = rules_of_study({"range_plausible": "off"}, load_codebook())
    >>> "range_plausible" in {rule.id for rule in changed.rules}
    False
    >>> changed.ledger.entries["reason"].tolist()
    ['range_plausible was changed by the study: turned off']
    """
    changes = {name: setting for name, setting in settings.items() if isinstance(setting, RuleChange)}
    rules = tuple(
        _with(rule, changes[rule.id]) if rule.id in changes else rule
        for rule in rules_of(codebook)
        if settings.get(rule.id) != OFF
    )
    ledger = Ledger.of(
        {
            "rule": "rule_changed",
            "severity": "info",
            "action": "map",
            "table": "" if codebook.rules[name].table == "*" else codebook.rules[name].table,
            "column": "",
            "reason": f"{name} was changed by the study: {_words(codebook.rules[name], setting)}",
        }
        for name, setting in settings.items()
    )
    return StudyRules(rules, _with_ranges(codebook, changes), ledger)


def rules_table(settings: Settings, codebook: Codebook | None = None) -> pd.DataFrame:
    """Return every rule of cleaning as one line of a table, with what a study changes of it.

    Parameters
    ----------
    settings
        ``rules:`` of the study file; empty when it changes nothing.
    codebook
        The codebook; by default the one that ships.

    Returns
    -------
    pd.DataFrame
        ``rule``, ``severity``, ``action`` (``off`` for a rule that is turned off), ``limits`` as in force,
        ``description``, ``changed`` (what the study changed, in words; empty where nothing) and ``is_changed``.

    Examples
    --------
    >>> table = rules_table({"visit_order": "off"}).set_index("rule")
    >>> table.loc["visit_order", ["action", "changed"]].tolist()
    ['off', 'turned off']
    """
    known = (codebook or load_codebook()).rules
    lines = []
    for name, entry in known.items():
        setting = settings.get(name)
        change = setting if isinstance(setting, RuleChange) else RuleChange()
        limits = {key: change.limits.get(key, limit.value) for key, limit in entry.limits.items()}
        shown = [f"{key} {value:g} {entry.limits[key].unit}" for key, value in limits.items()]
        shown += [f"{entry.ranges} limits of the codebook"] if entry.ranges else []
        shown += _range_words(change)
        lines.append(
            {
                "rule": name,
                "severity": entry.severity,
                "action": OFF if setting == OFF else change.action or entry.action,
                "limits": "; ".join(shown),
                "description": entry.description,
                "changed": "" if setting is None else _words(entry, setting),
                "is_changed": setting is not None,
            }
        )
    return pd.DataFrame(lines)


def _words(entry: RuleEntry, setting: RuleSetting) -> str:
    """Return what a setting changes."""
    if not isinstance(setting, RuleChange):
        return "turned off"
    words = [] if setting.action is None else [f"action {setting.action} in place of {entry.action}"]
    words += [f"{key} {value:g} in place of {entry.limits[key].value:g}" for key, value in setting.limits.items()]
    return "; ".join([*words, *_range_words(setting)])


def _range_words(change: RuleChange) -> list[str]:
    return [
        f"{name} {word} {value:g}"
        for name, limits in {**change.variables, **change.analytes}.items()
        for word, value in (("at least", limits.minimum), ("at most", limits.maximum))
        if value is not None
    ]


def _with(rule: Rule, change: RuleChange) -> Rule:
    limits = {**rule.limits, **{name: float(value) for name, value in change.limits.items()}}
    return replace(rule, action=change.action or rule.action, limits=limits)


def _with_ranges(codebook: Codebook, changes: Mapping[str, RuleChange]) -> Codebook:
    """Return the codebook with other limits of variables and analytes, wherever a table has them."""
    changed, problems = codebook, []
    for name, change in changes.items():
        kind = codebook.rules[name].ranges
        for analyte, limits in change.analytes.items():
            known = changed.analytes[analyte]
            if kind == "hard":
                low, high = _within(limits, known.minimum, known.maximum)
                known = replace(known, minimum=low, maximum=high)
            else:
                low, high = _within(limits, *known.plausible)
                known = replace(known, plausible=(low, high))
            changed = replace(changed, analytes={**changed.analytes, analyte: known})
            changed = _in_tables(changed, known.column, kind, limits)
            problems += _impossible(name, "analytes", analyte, low, high)
        for variable, limits in change.variables.items():
            changed = _in_tables(changed, variable, kind, limits)
            found = changed.variable(variable)
            ends = (found.minimum, found.maximum) if kind == "hard" else found.plausible or (None, None)
            problems += _impossible(name, "variables", variable, *ends)
    if problems:
        raise StudyFileError(problems)
    return changed


def _within(limits: Range, low: float | None, high: float | None) -> tuple[float, float]:
    """Return the limits in force; infinity stands for none."""
    least = limits.minimum if limits.minimum is not None else low
    most = limits.maximum if limits.maximum is not None else high
    return -np.inf if least is None else float(least), np.inf if most is None else float(most)


def _in_tables(codebook: Codebook, column: str, kind: str, limits: Range) -> Codebook:
    """Return the codebook with other limits of a column in every table that has it, the derived ones among them."""

    def changed(variable: Variable) -> Variable:
        if kind == "plausible":
            return replace(variable, plausible=_within(limits, *(variable.plausible or (None, None))))
        low, high = _within(limits, variable.minimum, variable.maximum)
        return replace(variable, minimum=None if low == -NO_LIMIT else low, maximum=None if high == NO_LIMIT else high)

    tables = {
        name: {**variables, column: changed(variables[column])} if column in variables else variables
        for name, variables in codebook.tables.items()
    }
    return replace(codebook, tables=tables)


def _impossible(rule: str, part: str, name: str, low: float | None, high: float | None) -> list[Problem]:
    if low is None or high is None or low <= high:
        return []
    what = f"no value lies between the limits, {low:g} and {high:g}."
    return [Problem(f"rules.{rule}.{part}.{name}", what, "Give both limits.")]
