"""The page about cleaning: every rule with its limits, and how well the rules find planted defects."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cohort.codebook import Codebook
from cohort.defect_recovery.evidence import SITE_KINDS
from cohort.defect_recovery.scoring import Recovery, by_kind
from cohort.rulebook import RuleEntry
from cohort.synthetic.defects import catalogue_table

SCORE_TITLE = "## How well the rules work"

_INTRODUCTION = """# Cleaning

<!-- Made by scripts/score_cleaning.py from data_schema/rules.yaml; a test holds the rules below against it. -->

Between the files of a study and its clean tables stand rules. Each finds one kind of mistake, and one of these follows:

- **repair**: the value is replaced, because what it must have been is certain;
- **set_missing**: the value goes into the quarantine and is missing from then on;
- **quarantine**: the whole row is set aside;
- **merge**: of rows that say the same, one stays;
- **flag**: nothing changes, the ledger names the value, or the column with its site or plate.

Every one of these is a line in the ledger with the rule, the reason and the number of values; nothing disappears. Rules
find, and one place acts. They are applied in the order below: a rule sees what the earlier ones left.

## Changing a rule in study.yaml

```yaml
rules:
  range_plausible: off                                    # not applied
  unit_by_site: {action: flag}                            # another action that the rule allows
  age_against_birth_year: {limits: {years: 3}}            # another limit
  range_hard:                                             # other limits of a variable or analyte, in its canonical unit
    variables: {bmi_kg_m2: {minimum: 12, maximum: 90}}
    analytes: {crp: {maximum: 400}}
```

A name that does not exist is an error with its line and the nearest name that does. Whatever is changed stands in the
ledger (`rule_changed`) and in the report's table of rules. Rules marked "stays on" keep a promise of the clean tables
(one row for each key, words and ranges of the codebook) and cannot be turned off.

## The rules
"""


_HOW_SCORED = """A defect counts as caught when its value was repaired to what the clean twin of the cohort holds, was set missing or set
aside, or stands in the ledger as an error or a warning; a defect that a whole site shares also when a line names column and
site. A wrong repair counts as a miss. Intervals are Wilson's; for defects that a site shares they are too narrow.
"""  # noqa: E501 - the lines are those of the page

_HEADINGS = (
    "kind", "detectable", "planted", "caught", "repaired", "set missing", "flagged", "wrong repair", "missed",
    "share caught (95 % interval)",
)  # fmt: skip


def rules_page(codebook: Codebook) -> str:
    """Return the part of the page that describes the rules, as Markdown."""
    lines = [_INTRODUCTION]
    for entry in codebook.rules.values():
        lines += _rule(entry)
    return "\n".join(lines)


def _rule(entry: RuleEntry) -> list[str]:
    others = [action for action in entry.actions if action != entry.action]
    facts = [f"{entry.severity}, {entry.action}" + (f" (or {', '.join(others)})" if others else "")]
    facts.append("every table" if entry.table == "*" else f"table `{entry.table}`")
    facts += ["compares all rows"] if entry.needs_all_rows else []
    lines = [f"### `{entry.id}`", "", f"*{'; '.join(facts)}*", "", entry.description, ""]
    if entry.required:
        lines += [f"Stays on: {entry.required}.", ""]
    if entry.ranges:
        lines += [f"Limits: the {entry.ranges} limits of `datapackage.json` and `analytes.yaml`.", ""]
    if entry.limits:
        lines += ["| limit | value | unit | source |", "|---|---|---|---|"]
        lines += [
            f"| {name} | {limit.value:g} | {limit.unit} | {limit.source} |" for name, limit in entry.limits.items()
        ]
        lines.append("")
    for name, words in entry.lists.items():
        lines += [f"{name.capitalize()}: {', '.join(map(str, words))}.", ""]
    units = [f"{name} {', '.join(words)}" for name, words in entry.units.items()]
    if units:
        lines += [f"Units: {'; '.join(units)}.", ""]
    return lines


def score_page(results: Sequence[tuple[int, Recovery]], *, people: int, real: str = "") -> str:
    """Return the part of the page that tells how well the rules work, as Markdown.

    Parameters
    ----------
    results
        Seed and recovery of each run.
    people
        How many people each cohort has.
    real
        A sentence about a real study; empty for none.
    """
    planted = pd.concat([recovery.planted for _, recovery in results], ignore_index=True)
    table = by_kind(planted)
    alone = by_kind(planted.loc[~planted["kind"].isin(SITE_KINDS)]).iloc[-1]
    cells, changed = (sum(getattr(recovery, name) for _, recovery in results) for name in ("cells", "changed"))
    whole = table.iloc[-1]
    seeds = ", ".join(str(seed) for seed, _ in results)
    lines = [
        SCORE_TITLE,
        "",
        f"Scenario S24 (dirty data), {people:,} people, seeds {seeds}, written down before any result was seen.",
        "",
        _HOW_SCORED,
        f"**Of the detectable kinds {whole['caught']:,} of {whole['planted']:,} defects were caught",
        f"({whole['share']:.1%}), with {whole['wrong_repair']:,} wrong repairs.",
        f"Without the kinds that a whole site shares: {alone['caught']:,} of {alone['planted']:,}",
        f"({alone['share']:.1%}).",
        f"Of {cells:,} clean cells that no defect touched, {changed:,} differ from the clean twin",
        f"({changed / max(cells, 1):.4%}).**",
        *(["", real] if real else []),
        "",
        f"| {' | '.join(_HEADINGS)} |",
        f"|{'---|' * len(_HEADINGS)}",
    ]
    for line in table.to_dict("records"):
        numbers = " | ".join(
            f"{line[name]:,}"
            for name in ("planted", "caught", "repaired", "set_missing", "flagged", "wrong_repair", "missed")
        )
        share = f"{line['share']:.1%} ({line['low']:.1%} to {line['high']:.1%})"
        lines.append(f"| {line['kind']} | {'yes' if line['detectable'] else 'no'} | {numbers} | {share} |")
    lines += [
        "",
        "Kinds that cannot be found cell by cell, as declared with the defects before any rule was looked at:",
        "",
    ]
    kinds = catalogue_table()
    hidden = kinds.loc[~kinds["detectable"]]
    lines += [f"- {kind}: {why}" for kind, why in zip(hidden["kind"], hidden["why_not"], strict=True)]
    absent = sorted(set(kinds["kind"]) - set(planted["kind"]))
    lines += ["", f"Kinds that this scenario gives no occasion for: {', '.join(absent)}."] if absent else []
    return "\n".join([*lines, ""])
