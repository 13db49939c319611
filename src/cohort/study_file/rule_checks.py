"""What the models cannot see of ``rules:``: which rules there are, what each allows, and which limits it has."""

from __future__ import annotations

from collections.abc import Iterable

from cohort.study_file.models import StudyFile
from cohort.study_file.reading import Step
from cohort.study_file.rule_settings import OFF, RuleChange
from cohort.study_file.sources import SourceChecks
from cohort.study_file.vocabulary import RuleEntry, Vocabulary, listed, suggestion

_READS_RANGES = "It reads the limits of variables and analytes: 'variables: {bmi_kg_m2: {maximum: 90}}'."


def check_rules(check: SourceChecks, study: StudyFile, vocabulary: Vocabulary) -> None:
    """Write every setting of a rule that does not fit into the problems of the file.

    Parameters
    ----------
    check
        Takes the problems.
    study
        The study.
    vocabulary
        What the codebook knows.
    """
    for name, setting in study.rules.items():
        steps: list[Step] = ["rules", name]
        entry = vocabulary.rules.get(name)
        if entry is None:
            check.add(steps, f"unknown rule '{name}'.", suggestion(name, vocabulary.rules))
        elif setting == OFF:
            if entry.required:
                check.add(steps, f"the rule cannot be turned off: {entry.required}.", "Remove the line.")
        elif isinstance(setting, RuleChange):
            _change(check, steps, setting, entry, vocabulary)


def _change(
    check: SourceChecks, steps: list[Step], change: RuleChange, entry: RuleEntry, vocabulary: Vocabulary
) -> None:
    if (
        change.action is None
        and not (change.limits or change.variables or change.analytes)
        and check.is_complete(steps)
    ):
        check.add(steps, "the entry changes nothing.", "Write what changes, or remove it.")
    if change.action is not None and change.action not in entry.actions:
        why = f": {entry.required}" if entry.required else ""
        fix = f"It allows {listed(entry.actions, 'or')}."
        check.add([*steps, "action"], f"the rule does not allow '{change.action}'{why}.", fix)
    for key, value in change.limits.items():
        if key not in entry.limits:
            fix = suggestion(key, entry.limits) or (_READS_RANGES if entry.ranges else "The rule has no limits.")
            check.add([*steps, "limits", key], f"the rule has no limit '{key}'.", fix)
        elif value < 0:
            check.add([*steps, "limits", key], "the limit is below 0.", "Write a number of 0 or more.")
    numbers = {
        variable.name for table in vocabulary.tables.values() for variable in table.values()
        if variable.type in ("number", "integer") and not variable.instrument
    }  # fmt: skip
    _ranges(check, [*steps, "variables"], change.variables, numbers, entry)
    _ranges(check, [*steps, "analytes"], change.analytes, vocabulary.analytes, entry)


def _ranges(
    check: SourceChecks, steps: list[Step], names: Iterable[str], known: Iterable[str], entry: RuleEntry
) -> None:
    for name in names:
        if not entry.ranges:
            check.add(steps, "the rule reads no limits of variables or analytes.", "Remove it.")
            return
        if name not in known:
            check.add([*steps, name], f"there is no such number as '{name}'.", suggestion(name, known))
