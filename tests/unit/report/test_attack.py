"""Acceptance of disclosure control: an attacker with all tables of a report works out no count below the minimum.

The attack is written apart from ``cohort.disclosure``. It reads the texts as a reader does, knows every sum that the
tables declare, that who has a value and who lacks it make everybody, and which cells of different tables count the same
people; for each small count, shown or implied, it asks an integer program for the least and greatest value.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Hashable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from cohort import report
from cohort.analysis import adversity, autoimmunity, inflammation, missingness, table_one
from cohort.cleaning.flow import build_flow, decide_eligibility
from cohort.disclosure import Disclosure, Memory
from cohort.report.cleaning_report import cleaning_report_tables
from cohort.report.page import Page
from cohort.study import Study, open_study
from cohort.study_file import Eligibility

Key = Hashable
Loaded = dict[str, tuple[pd.DataFrame, dict]]


# --- the attacker -----------------------------------------------------------------------------------------------


def window(text: str, minimum: int, base: int) -> tuple[float, float] | None:
    """Return the smallest and largest count that a text can stand for; None where it says nothing."""
    text = str(text).strip().split(" (")[0]
    number = re.sub(r"[^\d]", "", text)
    if text == "not shown":
        return 0, math.inf
    if not number:
        return None
    count = int(number)
    if text.startswith("<"):
        return 1, count - 1
    if text.startswith("≥"):
        return count, math.inf
    if text.startswith("≈"):
        return count - 5 * minimum, count + 5 * minimum
    if count == 0 or base == 1:
        return count, count
    shown = [n for n in range(count - base, count + base + 1) if n >= minimum and base * round(n / base) == count]
    return shown[0], shown[-1]


class Attack:
    """Bounds of counts, and equations between them."""

    def __init__(self) -> None:
        self.bounds: dict[Key, tuple[float, float]] = {}
        self.equations: list[dict[Key, int]] = []

    def learn(self, key: Key, told: tuple[float, float] | None) -> None:
        if told is not None:
            low, high = self.bounds.get(key, (0, math.inf))
            self.bounds[key] = max(low, told[0]), min(high, told[1])

    def adds_up(self, whole: Key, parts: list[Key]) -> None:
        equation: dict[Key, int] = {whole: 1}
        for part in parts:
            equation[part] = equation.get(part, 0) - 1
        self.equations.append(equation)

    def range_of(self, key: Key) -> tuple[float, float]:
        equations = self._connected(key)
        keys = list(dict.fromkeys([key, *(name for equation in equations for name in equation)]))
        place = {name: i for i, name in enumerate(keys)}
        low = np.array([self.bounds.get(name, (0, math.inf))[0] for name in keys], dtype=float)
        high = np.array([min(self.bounds.get(name, (0, math.inf))[1], 1e5) for name in keys], dtype=float)
        matrix = np.zeros((max(len(equations), 1), len(keys)))
        for row, equation in enumerate(equations):
            for name, sign in equation.items():
                matrix[row, place[name]] = sign
        ends = []
        for sign in (1.0, -1.0):
            goal = np.zeros(len(keys))
            goal[place[key]] = sign
            found = milp(goal, integrality=np.ones(len(keys), dtype=int), bounds=Bounds(low, high),
                         constraints=LinearConstraint(matrix, 0, 0))  # fmt: skip
            assert found.status == 0, f"the tables contradict each other around {key}"
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]

    def _connected(self, key: Key) -> list[dict[Key, int]]:
        reached, left, found = {key}, list(self.equations), []
        while True:
            touched = [equation for equation in left if reached & set(equation)]
            if not touched:
                return found
            found += touched
            left = [equation for equation in left if not reached & set(equation)]
            reached |= {name for equation in touched for name in equation}


def load(folder: Path) -> Loaded:
    return {
        path.stem.split("__")[1]: (
            pd.read_csv(path, dtype=str, keep_default_na=False),
            json.loads(path.with_suffix(".json").read_text(encoding="utf-8")),
        )
        for path in sorted((folder / "tables").glob("*.csv"))
    }


def cells(name: str, frame: pd.DataFrame, told: dict) -> Iterator[tuple[Key, str]]:
    """Yield the counts of a table; those of Table 1 stand in cells with percentages, and one in its note."""
    if name != "table_one":
        yield from (((name, row, column), frame.loc[row, column]) for column in told["counts"] for row in frame.index)
        return
    for column in (c for c in frame if c in ("all", "missing") or c.startswith("Depression:")):
        for row in frame.index:
            if column == "missing" or frame.loc[row, "statistic"] in ("n", "n (%)"):
                yield (name, row, column), frame.loc[row, column]
    unknown = re.search(r"not known for (.*?);", told["note"])
    if unknown:
        yield (name, "unknown"), unknown[1]


def key_of(name: str, cell: str | list) -> Key:
    if isinstance(cell, str):
        return (name, "unknown") if cell == "unknown" else ("people", cell)
    return (name, *cell)


def links(loaded: Loaded) -> list[tuple[Key, Key]]:
    """Return the cells that count the same people, each with the name of these people."""
    return [
        ((name, *entry[:-1]), ("people", entry[-1]))
        for name, (_, told) in loaded.items()
        for entry in told["names"]
        if len(entry) == 3 or entry[0] == "unknown"
    ]


def attack_on(loaded: Loaded, truth: dict[Key, float], rule: Disclosure) -> Attack:
    attack = Attack()
    for name, (frame, told) in loaded.items():
        for key, text in cells(name, frame, told):
            attack.learn(key, window(text, rule.least, rule.round_to))
        for number, one in enumerate(told["sums"]):
            rest = [(name, "rest", number)] if one["has_rest"] else []
            attack.adds_up(key_of(name, one["whole"]), [*(key_of(name, part) for part in one["parts"]), *rest])
    for cell, people in links(loaded):
        attack.adds_up(cell, [people])
    for key in truth:
        if key[0] == "people" and key[1].endswith(" known") and key[1].count(";") == 1:
            base = ("people", key[1].partition("; ")[0])
            attack.adds_up(base, [key, ("people", key[1].replace(" known", " missing"))])
    return attack


def true_counts(loaded: Loaded, shown: Loaded) -> dict[Key, float]:
    """Return the counts of an unprotected report, with those that the sums of the protected one imply."""
    truth = {}
    for name, (frame, told) in loaded.items():
        truth |= {key: window(text, 1, 1)[0] for key, text in cells(name, frame, told) if window(text, 1, 1)}
    for cell, people in links(loaded):
        if cell in truth:
            assert truth.setdefault(people, truth[cell]) == truth[cell], f"not the same people: {people}"
    for key in list(truth):
        if key[0] == "people" and key[1].endswith(" missing"):
            base = ("people", key[1].partition("; ")[0])
            truth["people", key[1].replace(" missing", " known")] = truth[base] - truth[key]
    for _ in range(3):
        for name, (_frame, told) in shown.items():
            for number, one in enumerate(told["sums"]):
                whole, *parts = (truth.get(key_of(name, cell)) for cell in (one["whole"], *one["parts"]))
                if None in parts:
                    continue
                if one["has_rest"] and whole is not None:
                    truth[name, "rest", number] = whole - sum(parts)
                elif not one["has_rest"] and whole is None:
                    truth[key_of(name, one["whole"])] = sum(parts)
    return truth


def exposed(shown: Loaded, truth: dict[Key, float], rule: Disclosure) -> tuple[int, dict[Key, tuple]]:
    """Return how many counts are small, and of which the attacker rules out a value from 1 to the minimum less one."""
    attack = attack_on(shown, truth, rule)
    for key, (low, high) in attack.bounds.items():
        assert low <= truth.get(key, low) <= high, f"the text of {key} is not true"
    there = set(attack.bounds) | {key for equation in attack.equations for key in equation}
    small = [key for key, count in truth.items() if 0 < count < rule.least and key in there]
    ranges = {key: attack.range_of(key) for key in small}
    return len(small), {
        key: (truth[key], *found) for key, found in ranges.items() if found[0] > 1 or found[1] < rule.least - 1
    }


# --- what is attacked -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo() -> Study:
    return open_study("demo")


def small_study(demo: Study, seed: int, rule: Disclosure, people: int = 250) -> Study:
    """Return a real-like study with many small counts: few people, a few values missing everywhere."""
    rng = np.random.default_rng(seed)
    table = demo.person_table.sample(people, random_state=seed).reset_index(drop=True)
    for name in ("education", "smoking", "sex", "has_depression", "crp_mg_l", "has_any_autoimmune_disease"):
        gone = rng.choice(people, rng.integers(0, 8), replace=False)
        table.loc[gone, name] = np.nan if name == "crp_mg_l" else pd.NA
        if name == "has_depression":
            table.loc[gone, "phq9_total"] = pd.NA
    steps = [Eligibility(variable="age_years", at_least=int(rng.integers(18, 24)))]
    decided = decide_eligibility(table, steps, demo.codebook)
    table["is_eligible"] = decided["is_eligible"].to_numpy()
    flow = build_flow(table, decided, steps, demo.codebook, people_in_files=people + 3, undisputed=people)
    rows = []
    for file in ("a", "b", "c"):
        counts = [int(n) for n in rng.integers([50, 0, 0, 0], [300, 30, 6, 6])]
        statuses = zip(("used", "ineligible", "quarantined", "merged"), counts, strict=True)
        rows += [{"file": file, "source": file, "status": status, "reason": "", "rows": n} for status, n in statuses]
    tables = {**demo.tables, "person_table": table}
    return dataclasses.replace(
        demo, synthetic=False, disclosure=rule, tables=tables, flow=flow, rows=pd.DataFrame(rows), truth=None
    )


def write_tables(study: Study, folder: Path) -> Loaded:
    """Write the tables with counts of all four notebooks, in their order, and those of the cleaning report."""
    page, people, design = Page(study, "nb", folder), study.person_table, study.design
    page.table(report.rows_table(study))
    page.table(report.flow_table(study))
    page.table(report.missingness_table(missingness(people, report.key_variables(study))))
    shown = report.shown_variables(study)
    page.table(table_one(people, "has_depression", design, shown, disclosure=study.disclosure))
    page.results("depression", "D", report.depression_prevalence(study))
    page.results("prevalence", "P", autoimmunity.prevalence(people, design))
    sets = autoimmunity.adjustment_sets(people)
    page.table(autoimmunity.comorbidity_table(autoimmunity.odds_ratios(people, design, sets)))
    page.table(inflammation.marker_table(people))
    page.results("crp_strata", "S", inflammation.strata(people, design))
    page.results("exposures", "E", adversity.prevalence(people, design))
    written = {path.stem.split("__")[1] for path in (folder / "tables").glob("*.csv")}
    for table in cleaning_report_tables(study):
        if table.name not in written:
            page.table(table)
    return load(folder)


@pytest.fixture(autouse=True)
def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cohort.report.page.display", lambda *_, **__: None)


def attacked(study: Study, folder: Path) -> tuple[int, dict[Key, tuple]]:
    shown = write_tables(study, folder / "shown")
    true = write_tables(dataclasses.replace(study, disclosure=Disclosure.off()), folder / "true")
    return exposed(shown, true_counts(true, shown), study.disclosure)


def assert_few_digits(shown: Loaded) -> None:
    """Check that a file of a real study tells no more digits than a page: exact shares tell exact counts."""
    numbers = ("estimate", "lower", "upper", "standard_error", "p", "odds_ratio", "missing, %")
    texts = [text for frame, _ in shown.values() for name in numbers if name in frame for text in frame[name]]
    digits = [len(text.lstrip("0.").replace(".", "").rstrip("0")) for text in texts if text and "e" not in text]
    assert len(digits) > 50
    assert max(digits) <= 4


def test_no_small_count_follows_from_all_tables_together(demo: Study, tmp_path: Path) -> None:
    small, found = attacked(small_study(demo, 5, Disclosure(5, 5, Memory())), tmp_path)
    assert small > 30
    assert found == {}
    assert_few_digits(load(tmp_path / "shown"))


def test_the_attack_succeeds_where_each_table_is_judged_alone(demo: Study, tmp_path: Path) -> None:
    _, found = attacked(small_study(demo, 5, Disclosure(5, 5)), tmp_path)
    assert found["table_one", "unknown"] == (4, 4, 4), "4 people, and the attacker knows that they are 4"


@pytest.mark.slow
@pytest.mark.parametrize("policy", [(5, 5), (5, 1), (10, 10), (10, 5), (3, 3)], ids=str)
@pytest.mark.parametrize("seed", range(10, 18))
def test_no_small_count_follows_under_any_policy(
    demo: Study, seed: int, policy: tuple[int, int], tmp_path: Path
) -> None:
    small, found = attacked(small_study(demo, seed, Disclosure(*policy, Memory())), tmp_path)
    assert small > 0
    assert found == {}
