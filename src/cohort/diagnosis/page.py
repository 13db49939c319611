"""Diagnosands and checks as text for a terminal and as Markdown for a page."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from cohort.diagnosis.rules import BLUEPRINT_COVERAGE, StudyRule
from cohort.diagnosis.running import Diagnosis

_SHOWN = ("bias", "empirical SE", "model SE", "coverage", "type I error", "power", "wrong verdicts", "not testable")


def study_text(found: Diagnosis) -> str:
    """Return everything found of one setting: per method its estimand, its truth and all diagnosands."""
    setting = found.setting
    lines = [
        f"{setting.scenario.title}.",
        f"{setting.replicates} replicates of {setting.people:,} people, {setting.source} data, seed {setting.seed}",
    ]
    for one in setting.methods:
        truth = found.truths[one.label]
        own = found.table[found.table["method"] == one.label]
        lines += [
            "",
            f"{one.label} ({one.method.part}): {one.method.title}",
            f"{one.estimand.words}; truth {truth.natural:.4f} (Monte-Carlo SE {truth.error:.4f})"
            f"{', scale of the logarithm below' if truth.is_log else ''}",
            f"{'diagnosand':<42}{'value':>10}{'MC SE':>10}",
        ]
        known = own.dropna(subset=["value"])
        lines += [
            f"{name:<42}{_number(value):>10}{_number(error):>10}"
            for name, value, error in zip(known["diagnosand"], known["value"], known["monte_carlo_se"], strict=True)
        ]
    return "\n".join(lines)


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}"


def performance_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per study and method with the main diagnosands as text, ``value (Monte-Carlo SE)``.

    Parameters
    ----------
    table
        The tidy table.
    """
    rows = []
    for (study, method), own in table.groupby(["study", "method"], sort=False):
        found = own.set_index("diagnosand")
        truth = float(found["value"].get("truth", math.nan))
        is_log = bool((own["scale"] == "log").any())
        row = {
            "study": study,
            "method": method,
            "part": own["part"].iloc[0],
            "n": f"{own['people'].iloc[0]:,}",
            "truth": f"{math.exp(truth) if is_log else truth:.2f}",
        }
        for name in _SHOWN:
            value = float(found["value"].get(name, math.nan))
            error = float(found["monte_carlo_se"].get(name, math.nan))
            row[name] = "" if math.isnan(value) else f"{value:.3f} ({error:.3f})"
        rows.append(row)
    return pd.DataFrame(rows)


def performance_text(table: pd.DataFrame) -> str:
    """Return the main diagnosands of every study and method, in columns."""
    return str(performance_table(table).to_string(index=False))


def checks_text(checks: pd.DataFrame) -> str:
    """Return what the pass rules demand beside what was found; what fails stands there as failing."""
    lines = [f"{'study':<14}{'passes':<8}demand and finding"]
    for row in checks.itertuples():
        lines.append(
            f"{row.study:<14}{'yes' if row.passes else 'NO':<8}{row.part} {row.method}: {row.demand}; "
            f"found {row.value:.4f} (MC SE {row.monte_carlo_se:.4f})"
        )
    good = int(checks["passes"].sum())
    lines.append(f"{good} of {len(checks)} demands hold")
    return "\n".join(lines)


def markdown(table: pd.DataFrame) -> str:
    """Return a table of text as Markdown.

    Examples
    --------
    >>> print(markdown(pd.DataFrame({"study": ["S0"], "passes": ["yes"]})))
    | study | passes |
    |---|---|
    | S0 | yes |
    """
    head = f"| {' | '.join(map(str, table.columns))} |"
    body = [f"| {' | '.join(map(str, row))} |" for row in table.itertuples(index=False)]
    return "\n".join([head, "|" + "---|" * len(table.columns), *body])


def page(table: pd.DataFrame, checks: pd.DataFrame, reasons: pd.DataFrame, rules: Mapping[str, StudyRule]) -> str:
    """Return the tables of a stored study as Markdown: what passes, what does not and why, and the numbers.

    Parameters
    ----------
    table, checks
        The tidy table, and what the pass rules demand beside what was found.
    reasons
        ``study``, ``method`` and ``reason`` of what does not pass.
    rules
        Pass rules by study.
    """
    failed = checks[~checks["passes"]].merge(reasons, on=["study", "method"], how="left")
    parts = [
        f"{int(checks['passes'].sum())} of {len(checks)} demands hold.",
        "## By scenario",
        markdown(_by_study(checks, rules)),
        "## What does not pass",
        markdown(
            pd.DataFrame(
                {
                    "study": failed["study"],
                    "method": failed["method"],
                    "demand": failed["demand"],
                    "found (Monte-Carlo SE)": _pairs(failed),
                    "reason": failed["reason"].fillna("not understood"),
                }
            )
        )
        if len(failed)
        else "Nothing.",
        "## How each method did",
        "Bias and errors on the log scale for ratios. In brackets Monte-Carlo standard errors.",
        markdown(performance_table(table)),
        "## Every demand",
        markdown(
            pd.DataFrame(
                {
                    "study": checks["study"],
                    "method": checks["method"],
                    "demand": checks["demand"],
                    "found (Monte-Carlo SE)": _pairs(checks),
                    "passes": checks["passes"].map({True: "yes", False: "**no**"}),
                }
            )
        ),
        _blueprint_coverage(table),
    ]
    return "\n\n".join(parts)


def _pairs(rows: pd.DataFrame) -> list[str]:
    return [
        f"{value:.3f}" if math.isnan(error) else f"{value:.3f} ({error:.3f})"
        for value, error in zip(rows["value"], rows["monte_carlo_se"], strict=True)
    ]


def _by_study(checks: pd.DataFrame, rules: Mapping[str, StudyRule]) -> pd.DataFrame:
    """Return one row per study: whether the right methods pass, and whether the naive ones fail as declared."""
    rows = []
    for study, own in checks.groupby("study", sort=False):
        rule = rules[str(study)]
        right, naive = (own.loc[own["part"] == part, "passes"] for part in ("right", "naive"))
        rows.append(
            {
                "study": study,
                "scenario": rule.scenario,
                "right methods meet": f"{right.sum()} of {len(right)} demands",
                "naive methods fail as declared": f"{naive.sum()} of {len(naive)}" if len(naive) else "–",
                "passes": "yes" if own["passes"].all() else "**no**",
                "about": rule.why,
            }
        )
    return pd.DataFrame(rows)


def _blueprint_coverage(table: pd.DataFrame) -> str:
    """Return how the right methods' coverage stands to the bounds of the blueprint, which do not decide."""
    own = table[(table["diagnosand"] == "coverage") & (table["part"] == "right") & table["value"].notna()]
    low, high = BLUEPRINT_COVERAGE
    outside = own[~own["value"].between(low, high)]
    told = "; ".join(f"{row['study']} {row['method']} {row['value']:.3f}" for row in outside.to_dict("records"))
    inside = len(own) - len(outside)
    return (
        f"The blueprint's own bounds of coverage, {low:g} to {high:g}, hold {inside} of {len(own)} right methods"
        f"{f'; outside: {told}' if told else ''}. They do not decide: of twenty correct methods some would miss them."
    )
