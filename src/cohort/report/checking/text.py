"""What ``cohort check`` prints: all of it in a hundred columns, long lists folded."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from cohort.report.checking.check import Check
from cohort.report.checking.claims import by_family
from cohort.report.checking.mapping import REJECTING, Mapped
from cohort.report.cleaning_tables import ACTIONS

WIDTH = 100
_MOST_ENTRIES = 60
_MOST_NAMES = 12
_MOST_COLUMNS = 15


def check_text(check: Check) -> str:
    """Return a check as text for a terminal of a hundred columns; what is folded stands in ``--json``.

    Parameters
    ----------
    check
        What :func:`cohort.report.checking.check_study` returned.
    """
    parts = [_head(check)]
    if check.is_ready:
        parts += [_mapping(check), _rejections(check)]
    parts.append(_unmapped(check))
    if check.is_ready:
        parts += [_layers(check), _claims(check), _effects(check), _instruments(check), _rows(check), _cleaning(check)]
    return "\n\n".join(part for part in parts if part)


def _head(check: Check) -> str:
    if not check.is_ready:
        count = len(check.problems)
        opened = len(check.files)
        read = f" {opened} {'file' if opened == 1 else 'files'} could be opened." if opened else ""
        return f"{check.title or 'The study'}: not ready, {count} problem{'s' if count > 1 else ''}.{read}"
    kind = "synthetic, its people do not exist" if check.synthetic else "real; counts are protected"
    title = textwrap.fill(f"{check.title}: ready ({kind}).", WIDTH)
    return f"{title}\nPeople: {check.people}; eligible: {check.eligible}."


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> str:
    """Return a table of texts, each column no wider than it may be, long cells wrapped.

    Parameters
    ----------
    title
        What it shows.
    heads, rows
        The names of the columns, and the cells.
    widths
        The largest width of each column, in letters.

    Examples
    --------
    >>> print(table("Layers", ["layer", "filled"], [["immune markers", "3"]], [6, 6]))
    Layers
      layer   filled
      immune  3
      marker
      s
    """
    wrapped = [
        [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)] for row in [heads, *rows]
    ]
    sizes = [max(len(line) for row in wrapped for line in row[place]) for place in range(len(heads))]
    lines = [title]
    for row in wrapped:
        for number in range(max(len(cell) for cell in row)):
            cells = [
                (cell[number] if number < len(cell) else "").ljust(size) for cell, size in zip(row, sizes, strict=True)
            ]
            lines.append(f"  {'  '.join(cells)}".rstrip())
    return "\n".join(lines)


def _folded(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _mapping(check: Check) -> str:
    """Return the entries with what they fill; those in excess of a screenful are named only."""
    if not check.mapping:
        return ""
    ordered = sorted(check.mapping, key=lambda one: not (one.missing or one.touched))
    shown = {one.place for one in ordered[:_MOST_ENTRIES]}
    rows = [_entry(one) for one in check.mapping if one.place in shown]
    rest = [one.variable for one in check.mapping if one.place not in shown]
    text = table("What maps", ["variable", "from", "filled", "of", "missing"], rows, [28, 24, 9, 9, 20])
    return f"{text}\n{_paragraph(f'and {len(rest)} more: {_folded(rest)}')}" if rest else text


def _entry(one: Mapped) -> list[str]:
    columns = _columns(one)
    missing = "; ".join(f"{_SHORT.get(kind, kind)} {count}" for kind, count in one.missing.items())
    return [one.variable, f"{one.file}: {columns}", one.filled or "0", one.possible or "–", missing or "–"]


def _columns(one: Mapped) -> str:
    """Return the first two columns of an entry; others, such as visit and date, are counted."""
    more = f" +{len(one.columns) - 2}" if len(one.columns) > 2 else ""
    return ", ".join(one.columns[:2]) + more or "a constant"


_SHORT = {
    "blank in the file": "blank",
    "declared missing": "declared",
    "could not be read": "unreadable",
    "set missing by a rule": "by a rule",
    "no row, or not asked": "no row",
}


def _rejections(check: Check) -> str:
    """Return what was rejected, by column, once for each variable; below it what each rule says."""
    seen: dict[str, Mapped] = {}
    for one in check.mapping:
        seen.setdefault(one.variable, one)
    rows = []
    reasons: dict[str, str] = {}
    for one in seen.values():
        counts: dict[str, list[str]] = {}
        for hit in one.rejected:
            counts.setdefault(hit.rule, []).append(hit.count)
            reasons.setdefault(hit.rule, hit.reason)
        if counts:
            told = "; ".join(f"{rule} {' + '.join(found)}" for rule, found in counts.items())
            rows.append([one.variable, f"{one.file}: {one.columns[0] if one.columns else '–'}", told])
    for place, hit in check.elsewhere:
        if hit.action in REJECTING:
            reasons.setdefault(hit.rule, hit.reason)
            rows.append([place, "–", f"{hit.rule} {hit.count}"])
    if not rows:
        return "What is rejected: nothing." if check.mapping else ""
    text = table("What is rejected", ["variable", "from", "by which rule"], rows[:_MOST_ENTRIES], [28, 24, 42])
    more = f"\n  and {len(rows) - _MOST_ENTRIES} more lines" if len(rows) > _MOST_ENTRIES else ""
    legend = "\n".join(_paragraph(f"{rule}: {reason}") for rule, reason in reasons.items())
    return f"{text}{more}\n  What these rules said, for instance:\n{legend}"


def _unmapped(check: Check) -> str:
    """Return the columns that nothing maps: those with a hint one by one, the others by file."""
    if not check.unmapped:
        return ""
    hinted = [one for one in check.unmapped if one.near]
    lines = [f"Columns that nothing maps: {len(check.unmapped)}"]
    if hinted:
        rows = [[one.file, one.column, ", ".join(one.near[:2]), one.why] for one in hinted[:_MOST_COLUMNS]]
        lines.append(table("  Perhaps forgotten:", ["file", "column", "may be", "because"], rows, [14, 20, 32, 24]))
        if len(hinted) > _MOST_COLUMNS:
            lines.append(f"  and {len(hinted) - _MOST_COLUMNS} more")
    files: dict[str, list[str]] = {}
    for one in check.unmapped:
        if not one.near:
            files.setdefault(one.file, []).append(one.column)
    lines += [_paragraph(f"{name} ({len(columns)}): {_folded(columns)}") for name, columns in files.items()]
    return "\n".join(lines)


def _paragraph(text: str) -> str:
    return textwrap.fill(text, WIDTH - 2, initial_indent="  ", subsequent_indent="    ")


def _layers(check: Check) -> str:
    rows = [
        [layer.layer, f"{layer.filled} of {layer.variables}", _folded(layer.lacking, 6) or "–"]
        for layer in check.layers
    ]
    return table("Coverage of the codebook", ["layer", "filled", "lacking"], rows, [14, 10, 68])


def _claims(check: Check) -> str:
    """Return the claims that a notebook tests, and the others by family."""
    tested = [claim for claim in check.claims if claim.notebook is not None]
    complete = sum(claim.complete for claim in tested)
    rows = [[claim.claim, "yes" if claim.complete else "in part", claim.text, claim.reason or "–"] for claim in tested]
    heads = ["claim", "testable", "what is claimed", "what is missing"]
    title = f"Claims that a notebook tests: {len(tested)}, all that they need is here for {complete}"
    families = [
        [
            family.family.replace("_", " "),
            str(family.claims),
            str(family.with_notebook),
            str(family.complete),
            _folded(family.lacking, 4) or "–",
        ]
        for family in by_family(check.claims)
    ]
    names = ["family", "claims", "tested", "all here", "lacked most often"]
    untested = f"All {len(check.claims)} claims by family; why the others are not tested stands in --json"
    return "\n\n".join([table(title, heads, rows, [6, 8, 40, 36]), table(untested, names, families, [24, 6, 6, 8, 44])])


def _effects(check: Check) -> str:
    rows = [
        [
            effect.exposure,
            effect.outcome,
            effect.measure,
            effect.reason or _effect(effect.smallest, effect.in_sd),
            effect.people or "–",
        ]
        for effect in check.effects
    ]
    title = "Smallest effects that this cohort could see (80 % power, two-sided 5 %, unadjusted)"
    return table(title, ["of", "on", "measure", "smallest", "people"], rows, [26, 18, 18, 22, 8])


def _effect(smallest: float | None, in_sd: float | None) -> str:
    told = "–" if smallest is None else f"{smallest:.2f}"
    return told if in_sd is None else f"{told} ({in_sd:.2f} SD)"


def _instruments(check: Check) -> str:
    rows = []
    for one in check.instruments:
        if one["is_validity_scale"]:
            rows.append([one["score"], "–", "–", "–", f"a point or more: {one['with_a_point']}"])
            continue
        alpha, omega = (_reliability(one[name]) for name in ("alpha", "omega"))
        rows.append([one["score"], one["people"], alpha, omega, " ".join(one["worth_a_look"]) or "–"])
    heads = ["score", "people", "alpha", "omega", "worth a look"]
    return table("Questionnaires", heads, rows, [24, 8, 6, 6, 46]) if rows else ""


def _reliability(numbers: dict[str, object]) -> str:
    value = numbers["value"]
    return f"{value:.2f}" if isinstance(value, float) else "–"


def _rows(check: Check) -> str:
    heads = ["file", "source rows", "used", "ineligible", "quarantined", "merged"]
    rows = [[str(line[head.replace(" ", "_")]) for head in heads] for line in check.rows]
    return table("Every row is accounted for", heads, rows, [30, 12, 12, 12, 12, 12])


def _cleaning(check: Check) -> str:
    """Return the sentences on cleaning, and what to look at first."""
    told = "\n".join(_paragraph(sentence) for sentence in check.cleaning["summary"])
    looked = [
        [line["severity"], line["rule"], ACTIONS.get(line["action"], line["action"]), line["values"], line["reason"]]
        for line in check.cleaning["look_first"]
    ]
    heads = ["", "rule", "done", "values", "what it found"]
    first = table("What to look at first", heads, looked, [8, 22, 18, 8, 34]) if looked else ""
    return "\n\n".join(part for part in (f"What cleaning would do\n{told}", first) if part)
