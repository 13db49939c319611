"""What the codebook says of a rule of cleaning: who it is, what is done, and every number with unit and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class RuleLimit:
    """A number that a rule of cleaning compares with: its value, unit, and where it comes from."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class RuleEntry:
    """What the codebook says of a rule of cleaning; the function that finds stands in :mod:`cohort.cleaning`.

    Parameters
    ----------
    id
        Identifier in ledger, quarantine and ``rules:`` of a study file.
    severity
        ``error`` for what cannot be true, ``warning`` for what is doubtful, ``info`` for what is worth knowing.
    action, actions
        What is done, and what a study may choose in its place.
    table
        The table it acts on; ``*`` for every canonical table.
    description
        What it finds and what is done, in words.
    needs_all_rows
        Whether it compares people, sites, plates or columns, so that a block of people is not enough.
    required
        Why no study may turn it off; empty when it may.
    limits
        Its numbers by name.
    ranges
        ``hard`` or ``plausible`` when it reads those limits of variables and analytes; else empty.
    lists
        Words or numbers that it looks for, by name.
    units
        Other units that laboratories report, by analyte.
    """

    id: str
    severity: Literal["error", "warning", "info"]
    action: Literal["repair", "set_missing", "quarantine", "flag", "merge"]
    actions: tuple[str, ...]
    table: str
    description: str
    needs_all_rows: bool = False
    required: str = ""
    limits: Mapping[str, RuleLimit] = field(default_factory=dict)
    ranges: Literal["", "hard", "plausible"] = ""
    lists: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_rule(name: str, spec: Mapping[str, Any]) -> RuleEntry:
    """Return the rule that an entry of ``rules.yaml`` describes.

    Parameters
    ----------
    name, spec
        Its identifier, and what stands under it.
    """
    changed = {
        "id": name,
        "actions": tuple(spec.get("actions", (spec["action"],))),
        "limits": {
            key: RuleLimit(float(limit["value"]), limit["unit"], limit["source"])
            for key, limit in spec.get("limits", {}).items()
        },
        "lists": {key: tuple(values) for key, values in spec.get("lists", {}).items()},
        "units": {key: tuple(values) for key, values in spec.get("units", {}).items()},
    }
    return RuleEntry(**{**spec, **changed})
