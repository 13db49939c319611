"""Running methods on replicates: cohorts drawn once for all methods, in chunks, by several processes, resumable."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from cohort.analysis.verdicts import judge_direction, judge_size
from cohort.diagnosis.method import Chosen, choose
from cohort.diagnosis.methods import METHODS
from cohort.diagnosis.performance import summarise
from cohort.diagnosis.sample import Source, draw, vocabulary
from cohort.diagnosis.store import ChunkStore, Row, code_version
from cohort.diagnosis.truth import TRUTH_PEOPLE, KnownTruth, truth_of
from cohort.errors import CohortError, Problem
from cohort.progress import progress
from cohort.results import Estimate, Result
from cohort.synthetic import Scenario, load_scenario

CHUNK = 5
LEAST_PEOPLE = 50
COLUMNS = (
    "study", "scenario_id", "scenario", "source", "people", "replicates", "seed", "method", "part", "estimand", "scale",
    "diagnosand", "value", "monte_carlo_se",
)  # fmt: skip
"""Columns of the tidy table."""


@dataclass(frozen=True)
class Setting:
    """What is run: methods against replicates of a scenario.

    Parameters
    ----------
    name
        Name of the study.
    scenario
        The world.
    methods
        The methods, which share the replicates.
    source
        How far the data have come.
    people, replicates, seed
        Size of each replicate, how many, and the seed that all others are spawned from.
    truth_people
        Number of people in whom the truth is found.
    above
        Natural values of which it is told how often the whole interval lies above them.
    claimed_size
        A claimed size that is judged as well.
    """

    name: str
    scenario: Scenario
    methods: tuple[Chosen, ...]
    source: Source = "complete"
    people: int = 5000
    replicates: int = 200
    seed: int = 1
    truth_people: int = TRUTH_PEOPLE
    above: tuple[float, ...] = ()
    claimed_size: float | None = None

    def fixes(self) -> dict[str, Any]:
        """Return everything that the numbers of a replicate depend on, as plain data."""
        world = self.scenario
        return {
            "scenario": world.name,
            "world": {"knobs": world.knobs, "reference": world.reference, "scale": world.scale, "added": world.added,
                      "defects": world.defects},
            "source": self.source,
            "people": self.people,
            "seed": self.seed,
            "methods": [[one.method.name, dict(one.options)] for one in self.methods],
            "claimed_size": self.claimed_size,
            "chunk": CHUNK,
            "code": code_version(from_files=self.source in ("raw", "dirty")),
        }  # fmt: skip


@dataclass(frozen=True)
class Diagnosis:
    """How methods did against a known truth.

    Parameters
    ----------
    setting
        What was run.
    truths
        The truth of each method's estimand, by its label.
    table
        Tidy: one row per method and diagnosand; on the log scale for ratios.
    estimates
        One row per replicate and method.
    """

    setting: Setting
    truths: Mapping[str, KnownTruth]
    table: pd.DataFrame
    estimates: pd.DataFrame

    def value(self, name: str, method: str | None = None) -> float:
        """Return one diagnosand of a method, by default of the only one."""
        return float(self._row(name, method)["value"])

    def error(self, name: str, method: str | None = None) -> float:
        """Return the Monte-Carlo standard error of one diagnosand."""
        return float(self._row(name, method)["monte_carlo_se"])

    def _row(self, name: str, method: str | None) -> pd.Series:
        label = method or self.setting.methods[0].label
        return self.table[(self.table["method"] == label) & (self.table["diagnosand"] == name)].iloc[0]

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the single replicates as plain data."""
        setting = self.setting
        # A diagnosand without a value is null in JSON.
        plain = self.table.astype(object).where(self.table.notna(), None)
        return {
            "study": setting.name,
            "scenario": setting.scenario.name,
            "source": setting.source,
            "people": setting.people,
            "replicates": setting.replicates,
            "seed": setting.seed,
            "methods": [
                {
                    "method": one.label,
                    "title": one.method.title,
                    "part": one.method.part,
                    "estimand": one.estimand.words,
                    "truth": self.truths[one.label].natural,
                    "truth_error": self.truths[one.label].error,
                    "diagnosands": plain.loc[
                        self.table["method"] == one.label, ["diagnosand", "value", "monte_carlo_se"]
                    ].to_dict("records"),
                }
                for one in setting.methods
            ],
        }


def diagnose(setting: Setting, *, workers: int = 1, store: Path | None = None) -> Diagnosis:
    """Return how methods do on replicates of a scenario; the same numbers for any number of workers, resumed or not.

    Parameters
    ----------
    setting
        What is run.
    workers
        Processes; each takes chunks of replicates, with one thread for its matrices.
    store
        Folder where finished chunks are kept and looked for; None keeps nothing.

    Raises
    ------
    CohortError
        If there are too few people or replicates, or the scenario does not declare the truth of a method.
    """
    _check(setting)
    truths = {one.label: _truth(setting, one) for one in setting.methods}
    seeds = [int(s) for s in np.random.SeedSequence(setting.seed).generate_state(setting.replicates, dtype=np.uint32)]
    parts = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    kept = None if store is None else ChunkStore.open(store, setting.name, setting.fixes())
    found: dict[int, list[Row]] = {}
    if kept is not None:
        found = {i: rows for i, part in enumerate(parts) if (rows := kept.load(i, part)) is not None}
    missing = [i for i in range(len(parts)) if i not in found]
    label = f"{setting.name}: {setting.scenario.name}"
    with progress(len(parts), label) as step, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)  # joblib, when it renews one
        for _ in found:
            step("")
        for i, rows in zip(missing, _done(setting, [parts[i] for i in missing], workers), strict=True):
            found[i] = rows
            if kept is not None:
                kept.save(i, parts[i], rows)
            step("")
    estimates = pd.DataFrame([row for i in range(len(parts)) for row in found[i]])
    estimates.insert(0, "replicate", np.repeat(np.arange(len(seeds)), len(setting.methods)))
    return Diagnosis(setting, truths, _table(setting, truths, estimates), estimates)


def setting_of(
    scenario: str | Path,
    methods: Sequence[tuple[str, Mapping[str, str]]],
    *,
    source: Source = "complete",
    people: int = 5000,
    replicates: int = 200,
    seed: int = 1,
    changes: Mapping[str, Any] | None = None,
    truth_people: int = TRUTH_PEOPLE,
) -> Setting:
    """Return a setting from names.

    Parameters
    ----------
    scenario
        Name or path.
    methods
        Names of methods, each with its options.
    source, people, replicates, seed, truth_people
        As in :class:`Setting`.
    changes
        Numbers of the scenario that are changed.

    Raises
    ------
    CohortError
        If a name is unknown or an option impossible.
    """
    world = load_scenario(scenario).with_changes(changes or {})
    chosen = tuple(choose(METHODS, name, options, source) for name, options in methods)
    return Setting(world.name, world, chosen, source, people, replicates, seed, truth_people)


def _check(setting: Setting) -> None:
    problems = []
    if setting.people < LEAST_PEOPLE:
        problems.append(Problem("--n", f"a replicate needs at least {LEAST_PEOPLE} people.", "Ask for more."))
    if setting.replicates < 2:
        problems.append(Problem("--replicates", "a spread takes at least 2 replicates.", "Ask for more."))
    if setting.seed < 0:
        problems.append(Problem("--seed", "a seed is a whole number of at least 0."))
    labels = [one.label for one in setting.methods]
    if not labels:
        problems.append(Problem("--method", "no method was asked for.", "See: cohort diagnose --list"))
    if len(set(labels)) < len(labels):
        problems.append(Problem("--method", "the same method was asked for twice."))
    if problems:
        raise CohortError(problems)


def _truth(setting: Setting, one: Chosen) -> KnownTruth:
    """Return the truth, found in people of a seed of their own."""
    seed = int(np.random.SeedSequence([setting.seed, 1]).generate_state(1, dtype=np.uint32)[0])
    return _cached_truth(_Same(setting.scenario), one.estimand, setting.source, setting.truth_people, seed)


@dataclass(frozen=True, eq=False)
class _Same:
    """A scenario that a cache can hold: the same when it says the same."""

    world: Scenario

    def _key(self) -> str:
        return repr((self.world.knobs, self.world.reference, self.world.scale, self.world.added))

    def __hash__(self) -> int:
        return hash(self._key())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._key() == other._key()


@functools.lru_cache(maxsize=64)
def _cached_truth(same: _Same, estimand: Any, source: Source, people: int, seed: int) -> KnownTruth:
    return truth_of(same.world, estimand, source, people, seed)


def _done(setting: Setting, parts: list[list[int]], workers: int) -> Iterator[list[Row]]:
    """Yield the rows of the chunks in their order, however many processes work on them."""
    if workers == 1 or len(parts) < 2:
        yield from (_run_chunk(setting, part) for part in parts)
        return
    plain = [(one.method.name, dict(one.options)) for one in setting.methods]
    jobs = (
        delayed(_run_elsewhere)(setting.scenario, plain, setting.source, setting.people, setting.claimed_size, part)
        for part in parts
    )
    yield from Parallel(n_jobs=workers, return_as="generator")(jobs)


def _run_elsewhere(
    world: Scenario,
    methods: list[tuple[str, dict[str, str]]],
    source: Source,
    people: int,
    claimed_size: float | None,
    seeds: list[int],
) -> list[Row]:
    chosen = tuple(choose(METHODS, name, options, source) for name, options in methods)
    return _run_chunk(Setting("", world, chosen, source, people, claimed_size=claimed_size), seeds)


def _run_chunk(setting: Setting, seeds: Sequence[int]) -> list[Row]:
    words = vocabulary(setting.source)
    columns = dict.fromkeys([words.outcome, *(name for one in setting.methods for name in one.columns)])
    rows = []
    with threadpool_limits(1):
        for seed in seeds:
            sample = draw(setting.source, setting.scenario, setting.people, seed, columns)
            for one in setting.methods:
                rows.append({"seed": seed, "method": one.label, **row_of(one.analyse(sample), setting.claimed_size)})
    return rows


_NOTHING = ("estimate", "standard_error", "lower", "upper", "null")


def row_of(result: Result, claimed_size: float | None = None) -> Row:
    """Return a result as numbers on its scale of analysis, with the verdicts on it.

    Parameters
    ----------
    result
        An estimate, or why there is none.
    claimed_size
        A claimed size that is judged as well.
    """
    size = None if claimed_size is None else judge_size(result, claim="", size=claimed_size, synthetic=True).status
    if not isinstance(result, Estimate):
        verdict = judge_direction(result, claim="", claimed="above", synthetic=True).status
        return {**dict.fromkeys(_NOTHING, math.nan), "verdict": verdict, "size_verdict": size, "reason": result.reason}
    if math.isnan(result.standard_error):
        # A share of discoveries: any of them says that something is there.
        said = "supported" if result.value > 0 else "inconclusive"
        return {**dict.fromkeys(_NOTHING, math.nan), "estimate": result.value, "verdict": said, "size_verdict": None,
                "reason": None}  # fmt: skip
    if result.null is None:
        lower, upper = result.interval()
        return {"estimate": result.value, "standard_error": result.standard_error, "lower": lower, "upper": upper,
                "null": math.nan, "verdict": None, "size_verdict": None, "reason": None}  # fmt: skip
    verdict = judge_direction(result, claim="", claimed="above", synthetic=True).status
    values = (result.value, *result.interval(), result.null)
    estimate, lower, upper, null = (math.log(v) for v in values) if result.scale == "log" else values
    return {"estimate": estimate, "standard_error": result.standard_error, "lower": lower, "upper": upper,
            "null": null, "verdict": verdict, "size_verdict": size, "reason": None}  # fmt: skip


def _table(setting: Setting, truths: Mapping[str, KnownTruth], estimates: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for one in setting.methods:
        own = estimates[estimates["method"] == one.label]
        found = summarise(own, truths[one.label], above=setting.above, claimed_size=setting.claimed_size)
        parts.append(
            found.assign(
                study=setting.name, scenario_id=setting.scenario.id, scenario=setting.scenario.name,
                source=setting.source, people=setting.people, replicates=setting.replicates, seed=setting.seed,
                method=one.label, part=one.method.part, estimand=one.estimand.words,
                scale="log" if truths[one.label].is_log else "identity",
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]
