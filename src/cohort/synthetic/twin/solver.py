"""Finding cells that give wanted answers: the inverse of reading conditions.

Columns that no question ties together are settled apart. For those that hang together all combinations of texts are
tried, a great sample where they are too many, and each row takes one that gives its answers, the likelier the more
often. Where no combination gives all of them, one that gives most.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cohort.synthetic.defects.raw_text import SOURCE, Flags, Floats, Texts, column_holds
from cohort.synthetic.twin.domains import Domain
from cohort.synthetic.twin.questions import ANY, EMPTY, INVALID, Answers, Question
from cohort.synthetic.twin.raw_table import RawTable

MOST_COMBINATIONS = 20_000
"""More combinations of texts than this are not listed but drawn."""

WHOLLY_EMPTY = 20.0
"""How much likelier a combination without any text is than its cells make it: a form that was not filled in."""

DRAWN_PER_ALTERNATIVE = 20
"""Combinations around each alternative of a condition, where combinations are drawn."""

REFUSED_COST = 1000
_FREE = -1

IntArray = npt.NDArray[np.int64]


def solve(
    table: RawTable,
    questions: Sequence[Question],
    domains: Mapping[str, Domain],
    groups: Texts,
    rng: np.random.Generator,
) -> tuple[list[Answers], int]:
    """Write cells that answer all questions as wanted, and return the answers that they give.

    Parameters
    ----------
    table
        The file; what is settled in it stays.
    questions
        What is asked of its rows.
    domains
        Texts to try, by column.
    groups
        Group of people of each row.
    rng
        Chooses among combinations that answer alike.

    Returns
    -------
    list
        The answers of each question, None in rows where nothing was asked.
    int
        In how many rows no combination gave all wanted answers.
    """
    answers = [np.full(len(table), None, dtype=object) for _ in questions]
    free = {
        column for question in questions for column in question.columns if column != SOURCE and not table.has(column)
    }
    missed = 0
    for columns, members in _components(questions, free):
        part = _Part(table, [questions[m] for m in members], columns, domains, groups)
        found, failed = part.settle(rng)
        missed += failed
        for member, answer in zip(members, found, strict=True):
            answers[member] = answer
    fixed = _fixed_cells(table, questions)
    for number, question in enumerate(questions):
        if not free & set(question.columns):
            answers[number] = question.answer({column: fixed[column] for column in question.columns})
    return answers, missed


def _fixed_cells(table: RawTable, questions: Sequence[Question]) -> dict[str, Texts]:
    """Return the cells of the columns that are settled."""
    columns = dict.fromkeys(column for question in questions for column in question.columns)
    fixed = {column: table.cells(column) for column in columns if table.has(column)}
    if SOURCE in columns and SOURCE not in fixed:
        fixed[SOURCE] = np.array(table.sources, dtype=object)[table.part]
    return fixed


def _components(questions: Sequence[Question], free: set[str]) -> list[tuple[list[str], list[int]]]:
    """Return sets of free columns that some question ties together, each with the questions that touch it."""
    parts: list[tuple[list[str], list[int]]] = []
    for number, question in enumerate(questions):
        columns = [column for column in question.columns if column in free]
        if not columns:
            continue
        touched = [part for part in parts if set(part[0]) & set(columns)]
        merged = list(dict.fromkeys([c for part in touched for c in part[0]] + columns))
        members = sorted([m for part in touched for m in part[1]] + [number])
        parts = [part for part in parts if part not in touched] + [(merged, members)]
    return parts


@dataclass
class _Part:
    """Columns that hang together, and the questions to them."""

    table: RawTable
    questions: list[Question]
    columns: list[str]
    domains: Mapping[str, Domain]
    groups: Texts

    def settle(self, rng: np.random.Generator) -> tuple[list[Answers], int]:
        """Write the cells; return the answers, and in how many rows some were missed."""
        labels = [_labels(question.wanted) for question in self.questions]
        wanted = np.column_stack([_coded(q.wanted, known) for q, known in zip(self.questions, labels, strict=True)])
        active = np.any([q.wanted != EMPTY for q in self.questions], axis=0)
        rows = np.flatnonzero(active)
        answers = [np.full(len(self.table), None, dtype=object) for _ in self.questions]
        if not len(rows):
            return answers, 0
        combinations = self._combinations(rng)
        first, kind = self._kinds_of_fixed_cells(rows)
        names = list(self.domains[self.columns[0]].weights)
        group = np.array([names.index(str(name)) for name in self.groups[rows]])
        classes, inverse = np.unique(np.column_stack([kind, group, wanted[rows]]), axis=0, return_inverse=True)
        given: dict[int, IntArray] = {}
        texts = {column: np.empty(len(rows), dtype=object) for column in self.columns}
        missed = 0
        for number, (fixed, name, *goal) in enumerate(classes):
            here = np.flatnonzero(inverse.reshape(-1) == number)
            if int(fixed) not in given:
                given[int(fixed)] = self._answers_of(combinations, first[int(fixed)], labels)
            goals = np.array(goal)
            pool, outcome = combinations, given[int(fixed)]
            cost = _cost(outcome, goals)
            if cost.min() > 0 and len(cost) >= MOST_COMBINATIONS:
                pool, outcome = self._repaired(combinations, cost, goals, first[int(fixed)], labels)
                cost = _cost(outcome, goals)
            missed += len(here) if cost.min() > 0 else 0
            best = np.flatnonzero(cost == cost.min())
            weights = self._weights({column: pool[column][best] for column in self.columns}, names[int(name)])
            chosen = best[rng.choice(len(best), size=len(here), p=weights / weights.sum())]
            for column in self.columns:
                texts[column][here] = pool[column][chosen]
            for q, known in enumerate(labels):
                back = {code: label for label, code in known.items()}
                answers[q][rows[here]] = np.array([back.get(int(o)) for o in outcome[chosen, q]], dtype=object)
        for column in self.columns:
            self.table.write(column, rows, texts[column])
        return answers, missed

    def _combinations(self, rng: np.random.Generator) -> dict[str, Texts]:
        """Return all combinations of texts, a column each; drawn ones where they are too many."""
        sizes = [len(self.domains[column].texts) for column in self.columns]
        if float(np.prod(np.array(sizes, dtype=float))) <= MOST_COMBINATIONS:
            grid = np.array(list(itertools.product(*map(range, sizes))), dtype=np.int64)
        else:
            grid = np.column_stack([self._drawn(column, rng) for column in self.columns])
            aimed = self._aimed()
            grid[: len(aimed)] = np.where(aimed == _FREE, grid[: len(aimed)], aimed)
        return {
            column: np.array(self.domains[column].texts, dtype=object)[grid[:, number]]
            for number, column in enumerate(self.columns)
        }

    def _aimed(self) -> IntArray:
        """Return combinations that meet one alternative of a condition each, their other cells drawn or empty."""
        empty = np.array([self.domains[column].texts.index("") for column in self.columns])
        rows = [empty]
        for question in self.questions:
            for alternative in itertools.chain.from_iterable(question.conditions):
                fitting = np.full(len(self.columns), _FREE)
                for column, wanted in alternative.items():
                    if column in self.columns:
                        texts = np.array(self.domains[column].texts, dtype=object)
                        held = np.flatnonzero(column_holds(texts, wanted, question.missing, self.table.order))
                        fitting[self.columns.index(column)] = int(held[0]) if len(held) else _FREE
                rows += [np.where(fitting == _FREE, empty, fitting), *[fitting] * DRAWN_PER_ALTERNATIVE]
        return np.array(rows[:MOST_COMBINATIONS], dtype=np.int64)

    def _drawn(self, column: str, rng: np.random.Generator) -> IntArray:
        domain = self.domains[column]
        weights = np.mean([w / w.sum() for w in domain.weights.values()], axis=0)
        even = np.full(len(weights), 1 / len(weights))
        return rng.choice(len(weights), size=MOST_COMBINATIONS, p=(weights + even) / (weights + even).sum())

    def _weights(self, combinations: Mapping[str, Texts], group: str) -> Floats:
        weights = np.ones(len(next(iter(combinations.values()))))
        empty = np.ones(len(weights), dtype=bool)
        for column, cells in combinations.items():
            domain = self.domains[column]
            known = dict(zip(domain.texts, domain.weights[group], strict=True))
            weights *= np.array([known[str(text)] for text in cells])
            empty &= cells == ""
        return np.where(empty, weights * WHOLLY_EMPTY, weights)

    def _kinds_of_fixed_cells(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """Return a row of each kind, and the kind of each row; settled cells do not tell rows of one kind apart."""
        fixed = _fixed_cells(self.table, self.questions)
        bits: list[Flags] = [np.zeros(len(rows), dtype=bool)]
        for question in self.questions:
            for alternative in itertools.chain.from_iterable(question.conditions):
                for column, wanted in alternative.items():
                    if column in fixed and column not in self.columns:
                        bits.append(column_holds(fixed[column][rows], wanted, question.missing, self.table.order))
        _, first, kind = np.unique(np.column_stack(bits), axis=0, return_index=True, return_inverse=True)
        return rows[first], kind.reshape(-1)

    def _answers_of(self, combinations: Mapping[str, Texts], row: int, labels: Sequence[dict[object, int]]) -> IntArray:
        """Return the answers that combinations give beside the settled cells of one row, as numbers."""
        size = len(next(iter(combinations.values())))
        fixed = _fixed_cells(self.table, self.questions)
        cells = {column: np.full(size, texts[row], dtype=object) for column, texts in fixed.items()} | dict(
            combinations
        )
        found = []
        for question, known in zip(self.questions, labels, strict=True):
            answer = question.answer({column: cells[column] for column in question.columns})
            for label in dict.fromkeys(answer):
                known.setdefault(label, len(known))
            found.append(np.array([known[label] for label in answer], dtype=np.int64))
        return np.column_stack(found)

    def _repaired(
        self,
        combinations: Mapping[str, Texts],
        cost: IntArray,
        goals: IntArray,
        row: int,
        labels: Sequence[dict[object, int]],
    ) -> tuple[dict[str, Texts], IntArray]:
        """Return the best of the drawn combinations, changed one cell at a time as long as that brings it nearer."""
        at = int(cost.argmin())
        best = {column: combinations[column][at] for column in self.columns}
        least = int(cost[at])
        while least > 0:
            tried: dict[str, list[str]] = {column: [] for column in self.columns}
            for changed in self.columns:
                for text in self.domains[changed].texts:
                    for column in self.columns:
                        tried[column].append(text if column == changed else str(best[column]))
            pool: dict[str, Texts] = {column: np.array(texts, dtype=object) for column, texts in tried.items()}
            costs = _cost(self._answers_of(pool, row, labels), goals)
            if int(costs.min()) >= least:
                break
            least = int(costs.min())
            best = {column: pool[column][int(costs.argmin())] for column in self.columns}
        single: dict[str, Texts] = {column: np.array([text], dtype=object) for column, text in best.items()}
        return single, self._answers_of(single, row, labels)


def _labels(wanted: Answers) -> dict[object, int]:
    """Return a number for each answer that is wanted; what intake would refuse has the number 0."""
    known: dict[object, int] = {INVALID: 0}
    for label in dict.fromkeys(wanted):
        if label not in (ANY, EMPTY):
            known.setdefault(label, len(known))
    return known


def _coded(wanted: Answers, known: Mapping[object, int]) -> IntArray:
    return np.array([_FREE if w in (ANY, EMPTY) else known[w] for w in wanted], dtype=np.int64)


def _cost(outcome: IntArray, goals: IntArray) -> IntArray:
    """Return how many answers of each combination are not the wanted ones; what intake would refuse weighs most."""
    wrong = (outcome != goals) & (goals != _FREE)
    return np.asarray(wrong.sum(axis=1) + REFUSED_COST * (outcome == 0).sum(axis=1), dtype=np.int64)
