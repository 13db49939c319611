"""The table of traps for readers: blocks for a terminal, and a page in Markdown."""

from __future__ import annotations

import textwrap
from typing import Any

import pandas as pd

from cohort.synthetic import load_scenario
from cohort.traps.registry import WITHOUT_EFFECT

WIDTH = 100
_INDENT = 14


def as_text(table: pd.DataFrame) -> str:
    """Return one block of lines per row of :func:`cohort.traps.trap_table`, for a terminal.

    Parameters
    ----------
    table
        The table.
    """
    blocks = [_block(row) for row in table.to_dict("records")]
    return "\n\n".join([*blocks, _fill("no row", without_effect()), _fill("count", counts(table))])


def as_markdown(table: pd.DataFrame, *, n: int, seed: int, command: str) -> str:
    """Return a page: the numbers in one table, then what each row is about in words.

    Parameters
    ----------
    table
        The table.
    n, seed, command
        How it was made.
    """
    lines = [
        "# Naive, true, right",
        "",
        "Every scenario with an effect to estimate sets a trap. The table holds what a naive analysis says of it, the",
        "truth by intervention in the same people, and what a right analysis says. No number is typed: all come from",
        "`cohort.traps.trap_table`. They are about the methods, in synthetic people, and say nothing of the world.",
        "",
        f"{n:,} people per scenario, seed {seed}. Made by `{command}`.",
        "",
        "*Misses*: the 95 % interval of the naive analysis excludes the truth. *Holds*: the interval of the right",
        "analysis holds the truth, or its bias is below a tenth of the truth (on the log scale for ratios) or below",
        "0.03 on the log scale.",
        "",
        "| | what is estimated | naive (95 % interval) | truth (MC SE) | right (95 % interval) | misses | holds |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table.to_dict("records"):
        naive, truth, right = (_number(row, which) for which in ("naive", "truth", "right"))
        lines.append(
            f"| {row['scenario_id']} | {_cell(row['estimand'])} | {naive} | {truth} | {right} | "
            f"{_yes(row['naive_misses'])} | {_yes(row['right_holds'])} |"
        )
    lines += ["", counts(table), "", without_effect(), "", "## In words", ""]
    for name in dict.fromkeys(table["scenario"]):
        world = load_scenario(str(name))
        lines += [f"### {world.id} `{name}`", "", f"{world.title}.", ""]
        for row in table[table["scenario"] == name].to_dict("records"):
            lines += [
                f"- **{_cell(row['estimand'])}**",
                f"  - naive: {_cell(row['naive_analysis'])}",
                f"  - right: {_cell(row['right_analysis'])}",
                f"  - declared: {_cell(row['declared'])}",
                *([f"  - {_cell(row['note'])}"] if row["note"] else []),
            ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def counts(table: pd.DataFrame) -> str:
    """Return how many naive analyses miss and how many right ones hold, in a sentence, with the rows that do not."""
    rows = len(table)
    misses, holds = int(table["naive_misses"].sum()), int(table["right_holds"].sum())
    said = f"The naive analysis misses the truth in {misses} of {rows} rows, the right one holds it in {holds}."
    wrong = {"naive_misses": "The naive one does not miss", "right_holds": "The right one does not hold"}
    for column, words in wrong.items():
        left = list(dict.fromkeys(table.loc[~table[column].astype(bool), "scenario_id"]))
        if left:
            said += f" {words} in {', '.join(map(str, left))}."
    return said


def without_effect() -> str:
    """Return which scenarios have no row, and why, in a sentence."""
    worlds = [load_scenario(name) for name in WITHOUT_EFFECT]
    named = ", ".join(f"{world.id} `{world.name}`" for world in worlds)
    return f"Without an effect to estimate, and without a row: {named}. They are about subgroups or dirty files."


def _block(row: dict[Any, Any]) -> str:
    head = f"{row['scenario_id']}  {row['scenario']}"
    lines = [head, "-" * len(head), _fill("estimated", row["estimand"])]
    for which, verdict in (("naive", "naive_misses"), ("truth", ""), ("right", "right_holds")):
        told = {"naive_misses": "misses the truth", "right_holds": "holds the truth"}.get(verdict, "")
        if verdict and not row[verdict]:
            told = {"naive_misses": "does not miss the truth", "right_holds": "DOES NOT HOLD the truth"}[verdict]
        lines.append(f"{which:<{_INDENT}}{_number(row, which):<38}{told}".rstrip())
    lines += [_fill("naive is", row["naive_analysis"]), _fill("right is", row["right_analysis"])]
    lines.append(_fill("declared", row["declared"]))
    if row["note"]:
        lines.append(_fill("note", row["note"]))
    return "\n".join(lines)


def _fill(label: str, words: str) -> str:
    return textwrap.fill(words, WIDTH, initial_indent=f"{label:<{_INDENT}}", subsequent_indent=" " * _INDENT)


def _number(row: dict[Any, Any], which: str) -> str:
    digits = int(row["decimals"])
    if which == "truth":
        return f"{row['truth']:.{digits}f} ({row['truth_monte_carlo_se']:.{digits + 1}f})"
    if pd.isna(row[f"{which}_estimate"]):
        return "no estimate"
    value, lower, upper = (row[f"{which}_{part}"] for part in ("estimate", "lower", "upper"))
    return f"{value:.{digits}f} ({lower:.{digits}f} to {upper:.{digits}f})"


def _cell(words: str) -> str:
    return words.replace("|", "\\|").strip()


def _yes(value: bool) -> str:
    return "yes" if value else "**no**"
