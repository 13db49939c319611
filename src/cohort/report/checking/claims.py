"""Which claims a study can test, which not, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cohort.analysis.variables import MINIMUM_CELL
from cohort.codebook import Claim
from cohort.study import Study


@dataclass(frozen=True)
class ClaimCheck:
    """What a claim needs and a study lacks.

    Parameters
    ----------
    claim, family, text
        Identifier, family, and the claim in our words.
    notebook
        The notebook that tests it; None where none does.
    complete
        Whether a notebook tests it and the study has all it needs. A notebook may test a part of a claim without.
    missing
        Variables that the study does not fill.
    too_few
        Variables of which fewer than five eligible people are on one side.
    reason
        Why it cannot be tested as a whole, in words; empty when it can.
    """

    claim: str
    family: str
    text: str
    notebook: str | None
    complete: bool
    missing: tuple[str, ...]
    too_few: tuple[str, ...]
    reason: str


def check_claims(study: Study) -> tuple[ClaimCheck, ...]:
    """Return every claim of the codebook with what this study lacks to test it.

    Parameters
    ----------
    study
        The study, read and cleaned.
    """
    filled = filled_variables(study)
    people = study.person_table
    eligible = people.loc[people["is_eligible"].fillna(value=False).to_numpy(dtype=bool)]
    return tuple(_check(claim, study, filled, eligible) for claim in study.codebook.claims.values())


def filled_variables(study: Study) -> frozenset[str]:
    """Return the variables of any table that have at least one value."""
    return frozenset(str(name) for table in study.tables.values() for name in table if table[name].notna().any())


def _check(claim: Claim, study: Study, filled: frozenset[str], eligible: pd.DataFrame) -> ClaimCheck:
    missing = tuple(name for name in claim.variables if name not in filled)
    few = tuple(name for name in claim.variables if name in filled and _is_nearly_constant(eligible, name))
    label = study.codebook.label
    reasons = [f"not measured: {', '.join(missing)}"] if missing else []
    reasons += (
        [f"fewer than {MINIMUM_CELL} people with or without: {', '.join(label(name) for name in few)}"] if few else []
    )
    if claim.notebook is None:
        reasons = [claim.not_tested or "no notebook tests it", *reasons]
    complete = claim.notebook is not None and not reasons
    return ClaimCheck(
        claim.id, claim.family, claim.text, claim.notebook, complete, missing, few, " ".join(_sentences(reasons))
    )


def _sentences(reasons: list[str]) -> list[str]:
    return [f"{reason[:1].upper()}{reason[1:].rstrip('.')}." for reason in reasons]


def _is_nearly_constant(eligible: pd.DataFrame, name: str) -> bool:
    """Return whether a yes/no variable has too few people on one side."""
    if name not in eligible or not pd.api.types.is_bool_dtype(eligible[name].dtype):
        return False
    yes, no = int(eligible[name].sum()), int((~eligible[name].astype("boolean")).sum())
    return min(yes, no) < MINIMUM_CELL


@dataclass(frozen=True)
class Family:
    """How many claims of a family a notebook tests, and how many of these this study has all variables for."""

    family: str
    claims: int
    with_notebook: int
    complete: int
    lacking: tuple[str, ...]


def by_family(claims: tuple[ClaimCheck, ...]) -> tuple[Family, ...]:
    """Return a summary of the claims by family, in the order of the codebook.

    Parameters
    ----------
    claims
        What :func:`check_claims` returned.
    """
    families: dict[str, list[ClaimCheck]] = {}
    for claim in claims:
        families.setdefault(claim.family, []).append(claim)
    return tuple(
        Family(
            name,
            len(group),
            sum(claim.notebook is not None for claim in group),
            sum(claim.complete for claim in group),
            _most_lacking(group),
        )
        for name, group in families.items()
    )


def _most_lacking(group: list[ClaimCheck], most: int = 4) -> tuple[str, ...]:
    """Return the variables that most claims lack."""
    counts: dict[str, int] = {}
    for claim in group:
        for name in claim.missing:
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name))[:most])
