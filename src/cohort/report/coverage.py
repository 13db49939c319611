"""What of the codebook a study covers, and which claims it can test."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from cohort.analysis.power import MinimumDetectable, detectable_odds_ratio
from cohort.report.page import as_text
from cohort.study import Study


@dataclass(frozen=True)
class ClaimCoverage:
    """What a claim needs and a study lacks; a notebook may still test a part of it."""

    claim: str
    complete: bool
    missing: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Coverage:
    """What ``cohort check`` tells of a study.

    Parameters
    ----------
    title
        Title of the study.
    variables
        One row per variable of ``person_table`` that the study fills: name, label and people with a value.
    claims
        One entry per claim that a notebook tests.
    smallest_odds_ratio
        The smallest odds ratio of depression for any autoimmune disease that would be found with 80 % power.
    """

    title: str
    people: str
    eligible: str
    variables: pd.DataFrame
    claims: tuple[ClaimCoverage, ...]
    smallest_odds_ratio: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain data, for a program."""
        return {
            "title": self.title,
            "people": self.people,
            "eligible": self.eligible,
            "variables": self.variables.to_dict("records"),
            "claims": [asdict(claim) for claim in self.claims],
            "smallest_odds_ratio": self.smallest_odds_ratio,
        }

    def as_text(self) -> str:
        """Return the same as text for a terminal."""
        claims = pd.DataFrame(
            {
                "claim": [c.claim for c in self.claims],
                "all variables": ["yes" if c.complete else "no" for c in self.claims],
                "missing": [", ".join(c.missing) or "–" for c in self.claims],
            }
        )
        power = (
            f"Smallest odds ratio of depression for any autoimmune disease found with 80 % power: "
            f"{self.smallest_odds_ratio:.2f}"
            if self.smallest_odds_ratio is not None
            else "Depression or autoimmune disease is not measured: no smallest odds ratio."
        )
        return "\n\n".join(
            [
                f"{self.title}\npeople: {self.people}, eligible: {self.eligible}",
                as_text("What maps", self.variables),
                as_text("Claims that a notebook tests: what each needs, and what this study lacks of it", claims),
                power,
            ]
        )


def describe_coverage(study: Study) -> Coverage:
    """Return what a study covers.

    Parameters
    ----------
    study
        An opened study.
    """
    table = study.person_table
    eligible = table.loc[table["is_eligible"].fillna(value=False).astype(bool)]
    filled = [c for c in table.columns if c not in {"participant_id", "is_eligible"} and eligible[c].notna().any()]
    variables = pd.DataFrame(
        {
            "variable": filled,
            "meaning": [study.codebook.label(c) for c in filled],
            "people": [study.disclosure.text(int(eligible[c].notna().sum())) for c in filled],
        }
    )
    claims = []
    for claim in study.codebook.claims.values():
        if claim.notebook is None:
            continue
        missing = tuple(v for v in claim.variables if v not in filled)
        reason = "" if not missing else "not measured: " + ", ".join(missing)
        claims.append(ClaimCoverage(claim.id, not missing, missing, reason))
    detectable = detectable_odds_ratio(
        table, study.design, outcome="has_depression", exposure="has_any_autoimmune_disease"
    )
    smallest = detectable.odds_ratio if isinstance(detectable, MinimumDetectable) else None
    return Coverage(
        title=study.title,
        people=study.disclosure.text(len(table)),
        eligible=study.disclosure.text(len(eligible)),
        variables=variables,
        claims=tuple(claims),
        smallest_odds_ratio=smallest,
    )
