"""What cleaning did to a study, in sentences made of the study's own numbers, for somebody who audits it."""

from __future__ import annotations

import pandas as pd

from cohort.disclosure import Cell, Sum, flow_sums
from cohort.plots.text import percent
from cohort.report.cleaning_tables import READING_RULE, changed_rules, changes
from cohort.report.missing import BLANK, BY_RULE, DECLARED, KINDS, UNREADABLE, missing_reasons
from cohort.study import Study

_STATUSES = {
    "used": "are used",
    "ineligible": "belong to people or entries outside the analysis",
    "quarantined": "were set aside",
    "merged": "were merged as copies",
}


def plain_words(study: Study) -> list[str]:
    """Return a summary of cleaning in sentences: rows, people, values changed, rules, and what no rule can see.

    Parameters
    ----------
    study
        An opened study.
    """
    told = [_rows(study), _people(study), _values(study), _severity(study), _rules(study)]
    told.append(
        "A value that is wrong and plausible cannot be seen by any rule: what stands here says that the data agree "
        "with the codebook and with themselves, not that they are true."
    )
    return [sentence for sentence in told if sentence]


def _rows(study: Study) -> str:
    """Return how many rows came in and that each of them is accounted for."""
    rows = study.rows
    by_status = rows.groupby("status", observed=True)["rows"].sum()
    counts: dict[Cell, float] = {name: int(by_status.get(name, 0)) for name in _STATUSES}
    texts = study.disclosure.texts(counts | {"all": int(rows["rows"].sum())}, [Sum("all", tuple(_STATUSES))])
    files = rows["file"].nunique()
    parts = [f"{texts[name]} {words}" for name, words in _STATUSES.items() if name == "used" or counts[name]]
    many = f"{files} source files" if files > 1 else "one source file"
    return f"{texts['all']} rows of {many} were read, and each is accounted for: {', '.join(parts)}."


def _people(study: Study) -> str:
    """Return how many people there are, and how many are eligible; both as the flow tells them."""
    steps, branches = study.flow.steps, study.flow.branches
    if not steps:
        return f"They tell of {study.disclosure.text(len(study.person_table))} people."
    boxes = enumerate((*steps, *branches))
    cells: dict[Cell, float] = {(row, name): getattr(box, name) for row, box in boxes for name in ("n", "excluded")}
    texts = study.disclosure.texts(cells, flow_sums(len(steps), len(branches)))
    last = texts[len(steps) - 1, "n"]
    return f"They tell of {texts[0, 'n']} people, of whom {last} are eligible for the analysis."


def _values(study: Study) -> str:
    """Return how many values were changed, set missing and set aside, and out of how many."""
    found = missing_reasons(study)
    lines = changes(study)
    values = lines.loc[(lines["rule"] != READING_RULE).to_numpy(dtype=bool)]
    by_action = values.groupby("action")["count"].sum()
    counts: dict[Cell, float] = {kind: int(found[kind].sum()) for kind in ("filled", *KINDS)}
    counts |= {action: int(by_action.get(action, 0)) for action in ("repair", "flag")}
    parts: tuple[Cell, ...] = ("repair", BY_RULE, UNREADABLE)
    counts["altered"] = sum(counts[part] for part in parts)
    counts["all"] = counts["filled"] + counts[BY_RULE] + counts[UNREADABLE]
    sums = [Sum("altered", parts), Sum("all", ("filled", BY_RULE, UNREADABLE))]
    texts = study.disclosure.texts(counts, sums)
    above, below = study.disclosure.rounded(counts["altered"]), study.disclosure.rounded(counts["all"])
    share = f" ({percent(above / below)})" if above is not None and below and texts["altered"][:1].isdigit() else ""
    beside = (
        f"Flagged as doubtful and left as they are: {texts['flag']}. Blank cells: {texts[BLANK]}; cells with a code "
        f"that the study declares missing: {texts[DECLARED]}."
    )
    if not counts["altered"]:
        return (
            f"None of the {texts['all']} values that the files hold for the mapped variables was altered beyond what "
            f"the study declares (codes, units, limits of assays). {beside}"
        )
    return (
        f"Of {texts['all']} values that the files hold for the mapped variables, {texts['altered']}{share} were "
        f"altered: {texts['repair']} repaired, {texts[BY_RULE]} set missing by a rule, {texts[UNREADABLE]} could not "
        f"be read. {beside}"
    )


def _severity(study: Study) -> str:
    lines = changes(study)
    counted = lines.groupby("severity")["rule"].nunique()
    errors, warnings = int(counted.get("error", 0)), int(counted.get("warning", 0))
    if not errors and not warnings:
        return "No rule found an error or a doubt."
    told = f"{_many(errors, 'rule')} found what cannot be true" if errors else "No rule found what cannot be true"
    return f"{told}; {_many(warnings, 'rule') if warnings else 'none'} found what is doubtful."


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'s' if count != 1 else ''}"


def _rules(study: Study) -> str:
    changed = changed_rules(study.ledger)
    known = len(study.codebook.rules)
    if not changed:
        return f"All {known} rules of the codebook ran as they stand there; the study changed none."
    return f"The study changed {_many(len(changed), 'rule')} of {known}: {'; '.join(changed)}."


def privacy_notes(study: Study, tables: str = "") -> list[str]:
    """Return how people are protected, in sentences.

    Parameters
    ----------
    study
        An opened study.
    tables
        The folder of the clean tables, seen from the reader; empty when they lie beside the page.
    """
    rule = study.disclosure
    if study.synthetic:
        first = "The cohort is synthetic: its people do not exist, and counts are shown as they are."
    else:
        first = (
            f"Counts under {rule.least} are suppressed and read <{rule.least}, which is not zero; others are rounded "
            f"to {rule.round_to}; a count from which a small one could be worked out is withheld. This page may be "
            "passed on by whoever may pass on such counts."
        )
    where = f"in {tables}" if tables else "beside this page"
    rows = (
        f"The tables {where} hold one row per person; ledger and quarantine hold identifiers and values. They "
        "are personal data and stay where the source files may be."
    )
    told = study.provenance.get("study", {})
    hashed = isinstance(told, dict) and told.get("ids_are_hashed")
    ids = "Identifiers were replaced by a keyed hash." if hashed else ""
    return [first, rows, ids] if ids else [first, rows]


def first_words(looked: pd.DataFrame) -> str:
    """Return what the list of things to look at first says as a whole."""
    if looked.empty:
        return "Nothing: no rule found an error or a doubt."
    return "Errors first, then doubts, the most frequent on top; each line is one rule with its commonest reason."
