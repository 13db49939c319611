"""Which defects are planted, and how often: from a YAML file, every mistake in it told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cohort.errors import CohortError, Problem
from cohort.shipped import shipped_folder
from cohort.study_file.reading import DataPath, YamlText, read_yaml
from cohort.study_file.vocabulary import suggestion
from cohort.synthetic.defects.catalogue import CATALOGUE

_KEYS = ("cohort_defects", "kinds", "unit_factors", "sentinels")
_KIND_KEYS = ("rate", "source")


@dataclass(frozen=True)
class DefectPlan:
    """How often each kind of defect is planted.

    Parameters
    ----------
    rates
        Share of the units of a kind that are hit, by kind; 0 plants none, anything above plants at least one.
    sources
        Where each rate comes from.
    unit_factors
        What a result is multiplied by when its unit is mistaken, by analyte; ``other`` for the rest.
    sentinels
        Numbers that stand for "missing" and are declared nowhere.

    Examples
    --------
    >>> load_defect_plan().rates["duplicate_exact"]
    0.003
    """

    rates: Mapping[str, float]
    sources: Mapping[str, str]
    unit_factors: Mapping[str, tuple[float, ...]]
    sentinels: tuple[str, ...]

    def with_rates(self, rates: Mapping[str, float]) -> DefectPlan:
        """Return the same plan with some rates changed, as a scenario may do.

        Parameters
        ----------
        rates
            New rate by kind.

        Raises
        ------
        CohortError
            If a kind does not exist or a rate is no share; all problems at once.

        Examples
        --------
        >>> load_defect_plan().with_rates({"sentinel": 0.5}).rates["sentinel"]
        0.5
        """
        problems = [
            problem for kind, rate in rates.items() for problem in _rate_problems(f"rate of {kind}", kind, rate)
        ]
        if problems:
            raise CohortError(problems)
        changed = dict.fromkeys(rates, "changed")
        return replace(self, rates={**self.rates, **rates}, sources={**self.sources, **changed})

    def without(self, kinds: Iterable[str]) -> DefectPlan:
        """Return the same plan with some kinds planted nowhere."""
        return self.with_rates(dict.fromkeys(kinds, 0.0))

    def only(self, kinds: Iterable[str]) -> DefectPlan:
        """Return the same plan with all kinds but some planted nowhere."""
        kept = set(kinds)
        return self.with_rates({kind: rate for kind, rate in self.rates.items() if kind in kept}).without(
            kind for kind in self.rates if kind not in kept
        )


def load_defect_plan(path: Path | None = None) -> DefectPlan:
    """Return a plan of defects.

    Parameters
    ----------
    path
        A YAML file; by default the one that ships with the package. A file of your own names only what it changes.

    Raises
    ------
    CohortError
        If the file is missing or anything in it is wrong, with file and line; all problems at once.
    """
    shipped = shipped_folder("synthetic_data") / "defects.yaml"
    base = _parse(read_yaml(shipped), DefectPlan({}, {}, {}, ()))
    lacking = [kind for kind in CATALOGUE if kind not in base.rates]
    if lacking:
        raise CohortError([Problem(shipped.name, f"there is no rate for {', '.join(lacking)}.", "Add it.")])
    return base if path is None else _parse(read_yaml(path), base)


def _parse(text: YamlText, base: DefectPlan) -> DefectPlan:
    """Return the plan that a file makes of another one."""
    data: Mapping[str, Any] = text.data
    for key in data:
        if key not in _KEYS:
            text.add((key,), f"unknown key '{key}'.", suggestion(key, _KEYS))
    if data.get("cohort_defects") != 1:
        place: DataPath = ("cohort_defects",) if "cohort_defects" in data else ()
        text.add(place, "only version 1 of the format is known.", "Write 'cohort_defects: 1'.")
    rates, sources = _kinds(text, data.get("kinds", {}))
    factors = _unit_factors(text, data.get("unit_factors", {}))
    sentinels = data.get("sentinels", list(base.sentinels))
    if not isinstance(sentinels, list) or not all(_is_number(value) for value in map(_as_number, sentinels)):
        text.add(("sentinels",), "a list of numbers is due here.", "Write 'sentinels: [-9, 999]'.")
    if text.problems:
        raise CohortError([problem for _, problem in sorted(text.problems, key=lambda item: item[0])])
    return DefectPlan(
        {**base.rates, **rates},
        {**base.sources, **sources},
        {**base.unit_factors, **factors},
        tuple(str(value) for value in sentinels),
    )


def _kinds(text: YamlText, kinds: Any) -> tuple[dict[str, float], dict[str, str]]:
    rates: dict[str, float] = {}
    sources: dict[str, str] = {}
    if not isinstance(kinds, dict):
        text.add(("kinds",), "a mapping of kinds is due here.", "Write 'kinds: {sentinel: {rate: 0.002}}'.")
        return rates, sources
    for kind, given in kinds.items():
        spec = given if isinstance(given, dict) else {"rate": given}
        for key in spec:
            if key not in _KIND_KEYS:
                text.add(("kinds", kind, key), f"unknown key '{key}'.", suggestion(key, _KIND_KEYS))
        found = _rate_problems("", kind, spec.get("rate"))
        for problem in found:
            text.add(("kinds", kind), problem.what, problem.fix)
        if not found:
            rates[kind], sources[kind] = float(spec["rate"]), str(spec.get("source", "changed"))
    return rates, sources


def _unit_factors(text: YamlText, factors: Any) -> dict[str, tuple[float, ...]]:
    found: dict[str, tuple[float, ...]] = {}
    for analyte, given in (factors if isinstance(factors, dict) else {"": factors}).items():
        values = given if isinstance(given, list) else [given]
        if not analyte or not all(_is_number(value) and value > 0 and value != 1 for value in values):
            place: DataPath = ("unit_factors", analyte) if analyte else ("unit_factors",)
            text.add(place, "factors above 0 other than 1 are due here.", "Write 'crp: [10, 0.1]'.")
        else:
            found[analyte] = tuple(float(value) for value in values)
    return found


def _rate_problems(where: str, kind: str, rate: Any) -> list[Problem]:
    problems = []
    if kind not in CATALOGUE:
        problems.append(Problem(where, f"there is no kind of defect '{kind}'.", suggestion(kind, CATALOGUE)))
    if not _is_number(rate) or not 0 <= rate <= 1:
        problems.append(Problem(where, "the rate is no share between 0 and 1.", "Write a number such as 0.01."))
    return problems


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _as_number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
