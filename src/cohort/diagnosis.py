"""A method against a scenario with known truth: bias, coverage and power over replicates, each with its own error.

Diagnosands and their Monte-Carlo standard errors follow Morris, White and Crowther 2019, Stat Med 38:2074.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from cohort.analysis import mean_difference, odds_ratio, standardised_contrasts
from cohort.analysis.design import design_of
from cohort.errors import CohortError, Problem
from cohort.progress import progress
from cohort.results import Estimate, Result
from cohort.synthetic import load_scenario, person_table, simulate, true_effects

_CHUNK = 5
_TRUTH_PEOPLE = 400_000


@dataclass(frozen=True)
class Method:
    """A named analysis and the estimand that it aims at.

    Parameters
    ----------
    name, title
        Name for the command line; description in words.
    exposure, outcome, measure
        The estimand, as named in the truth of a scenario.
    estimate
        From a person table to a result.
    """

    name: str
    title: str
    exposure: str
    outcome: str
    measure: str
    estimate: Callable[[pd.DataFrame], Result]


# The back-door set of autoimmune disease -> depression (dag.md section 4) as far as a cohort can measure it.
_H1_SET = (
    "age_years",
    "sex",
    "parental_ses_sd",
    "education",
    "smoking",
    "has_childhood_trauma",
    "hospital_infection_count",
    "has_lifetime_depression",
)
_TRAUMA_SET = ("age_years", "sex", "parental_ses_sd")


def _crude_odds_ratio(table: pd.DataFrame) -> Result:
    return odds_ratio(table, outcome="has_depression", exposure="has_any_autoimmune_disease", design=design_of(table))


def _standardised(measure: str) -> Callable[[pd.DataFrame], Result]:
    def estimate(table: pd.DataFrame) -> Result:
        contrasts = standardised_contrasts(
            table,
            outcome="has_depression",
            exposure="has_any_autoimmune_disease",
            adjustment=_H1_SET,
            design=design_of(table),
        )
        return contrasts[measure]

    return estimate


def _trauma_on_crp(adjustment: tuple[str, ...]) -> Callable[[pd.DataFrame], Result]:
    def estimate(table: pd.DataFrame) -> Result:
        return mean_difference(
            table, outcome="ln_crp", exposure="has_childhood_trauma", adjustment=adjustment, design=design_of(table)
        )

    return estimate


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method(
            "crude_odds_ratio",
            "odds ratio of depression for any autoimmune disease, unadjusted",
            "has_any_autoimmune_disease",
            "has_depression",
            "odds ratio",
            _crude_odds_ratio,
        ),
        Method(
            "standardised_odds_ratio",
            "marginal odds ratio by g-computation over the measured adjustment set",
            "has_any_autoimmune_disease",
            "has_depression",
            "odds ratio",
            _standardised("odds ratio"),
        ),
        Method(
            "standardised_risk_difference",
            "risk difference by g-computation over the measured adjustment set",
            "has_any_autoimmune_disease",
            "has_depression",
            "risk difference",
            _standardised("risk difference"),
        ),
        Method(
            "trauma_crp_total",
            "mean difference in ln CRP for childhood trauma, total effect",
            "has_childhood_trauma",
            "ln_crp",
            "mean difference",
            _trauma_on_crp(_TRAUMA_SET),
        ),
        Method(
            "trauma_crp_over_adjusted",
            "the same with the mediators BMI and smoking in the model",
            "has_childhood_trauma",
            "ln_crp",
            "mean difference",
            _trauma_on_crp((*_TRAUMA_SET, "bmi_kg_m2", "smoking")),
        ),
    )
}


@dataclass(frozen=True)
class Diagnosis:
    """How a method did against a known truth.

    Parameters
    ----------
    scenario, method, people, replicates, seed
        What was run.
    truth
        True value on the natural scale, with its Monte-Carlo standard error on the scale of analysis.
    diagnosands
        One row each: name, value and Monte-Carlo standard error; on the log scale for ratios.
    estimates
        One row per replicate.
    """

    scenario: str
    method: str
    people: int
    replicates: int
    seed: int
    truth: float
    truth_error: float
    diagnosands: pd.DataFrame
    estimates: pd.DataFrame

    def value(self, name: str) -> float:
        """Return one diagnosand."""
        return float(self.diagnosands.set_index("diagnosand")["value"].loc[name])

    def error(self, name: str) -> float:
        """Return the Monte-Carlo standard error of one diagnosand."""
        return float(self.diagnosands.set_index("diagnosand")["monte_carlo_se"].loc[name])

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the single replicates as plain data."""
        return {
            "scenario": self.scenario,
            "method": self.method,
            "people": self.people,
            "replicates": self.replicates,
            "seed": self.seed,
            "truth": self.truth,
            "truth_error": self.truth_error,
            # A diagnosand without a value is null in JSON.
            "diagnosands": self.diagnosands.astype(object).where(self.diagnosands.notna(), None).to_dict("records"),
        }

    def as_text(self) -> str:
        """Return a table for a terminal."""
        lines = [
            f"{self.method} on {self.scenario}",
            f"{self.replicates} replicates of {self.people:,} people, seed {self.seed}",
            f"truth {self.truth:.4f} (Monte-Carlo SE {self.truth_error:.4f})",
            f"{'diagnosand':<22}{'value':>10}{'MC SE':>10}",
        ]
        lines += [
            f"{row.diagnosand:<22}{row.value:>10.4f}{row.monte_carlo_se:>10.4f}"
            for row in self.diagnosands.itertuples()
        ]
        return "\n".join(lines)


def diagnose(scenario: str, method: str, *, people: int, replicates: int, seed: int, workers: int = 1) -> Diagnosis:
    """Return how a method does on replicates of a scenario; the same numbers for any number of workers.

    Parameters
    ----------
    scenario
        Name of a scenario or path of its file.
    method
        A name of :data:`METHODS`.
    people
        Size of each replicate.
    replicates
        Number of replicates.
    seed
        Seed from which every replicate's own seed and the truth's are spawned.
    workers
        Processes; each takes chunks of replicates.

    Raises
    ------
    CohortError
        If the method is unknown, or the scenario does not declare the truth it needs.
    """
    if method not in METHODS:
        listed = "; ".join(f"{m.name} ({m.title})" for m in METHODS.values())
        raise CohortError([Problem("--method", f"there is no method '{method}'.", f"There are: {listed}.")])
    chosen = METHODS[method]
    truth, truth_error = _truth(scenario, chosen, seed)
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(replicates, dtype=np.uint32)]
    chunks = [seeds[start : start + _CHUNK] for start in range(0, replicates, _CHUNK)]
    rows: list[dict[str, float]] = []
    with progress(len(chunks), f"{method} on {scenario}") as step:
        for found in _chunks_done(scenario, method, people, chunks, workers):
            rows += found
            step("")
    estimates = pd.DataFrame(rows)
    return Diagnosis(
        scenario=scenario,
        method=method,
        people=people,
        replicates=replicates,
        seed=seed,
        truth=truth,
        truth_error=truth_error,
        diagnosands=summarise(estimates, _on_scale(truth, chosen.measure)),
        estimates=estimates,
    )


def _chunks_done(
    scenario: str, method: str, people: int, chunks: list[list[int]], workers: int
) -> Iterator[list[dict[str, float]]]:
    """Yield the results of the chunks in their order, however many processes work on them."""
    if workers == 1:
        yield from (_run_chunk(scenario, method, people, chunk) for chunk in chunks)
        return
    jobs = (delayed(_run_chunk)(scenario, method, people, chunk) for chunk in chunks)
    yield from Parallel(n_jobs=workers, return_as="generator")(jobs)


def _on_scale(value: float, measure: str) -> float:
    return math.log(value) if "ratio" in measure else value


def _truth(scenario: str, method: Method, seed: int) -> tuple[float, float]:
    effects = true_effects(load_scenario(scenario), _TRUTH_PEOPLE, seed, exposures=[method.exposure], with_paths=False)
    found = effects.loc[
        (effects["exposure"] == method.exposure)
        & (effects["outcome"] == method.outcome)
        & (effects["measure"] == method.measure)
    ]
    if len(found) != 1:
        raise CohortError(f"scenario '{scenario}' declares no truth for {method.exposure} -> {method.outcome}.")
    row = found.iloc[0]
    return float(row["value"]), float(row["monte_carlo_se"])


def _run_chunk(scenario: str, method: str, people: int, seeds: list[int]) -> list[dict[str, float]]:
    loaded, chosen = load_scenario(scenario), METHODS[method]
    rows = []
    with threadpool_limits(1):
        for seed in seeds:
            result = chosen.estimate(person_table(simulate(loaded, people, seed)))
            rows.append(_row(seed, result))
    return rows


def _row(seed: int, result: Result) -> dict[str, float]:
    if not isinstance(result, Estimate):
        return {
            "seed": seed,
            "estimate": math.nan,
            "standard_error": math.nan,
            "lower": math.nan,
            "upper": math.nan,
            "null": math.nan,
        }
    lower, upper = result.interval()
    values = (result.value, lower, upper, result.null if result.null is not None else math.nan)
    estimate, lower, upper, null = (math.log(v) for v in values) if result.scale == "log" else values
    return {
        "seed": seed,
        "estimate": estimate,
        "standard_error": result.standard_error,
        "lower": lower,
        "upper": upper,
        "null": null,
    }


def summarise(estimates: pd.DataFrame, truth: float) -> pd.DataFrame:
    """Return bias, errors, coverage and rejection rate with their Monte-Carlo standard errors.

    Parameters
    ----------
    estimates
        One row per replicate: ``estimate``, ``standard_error``, ``lower``, ``upper`` and ``null`` on one scale.
    truth
        The true value on that scale.

    Examples
    --------
    >>> rows = pd.DataFrame({"estimate": [0.0, 2.0], "standard_error": 1.0, "lower": [-2.0, 0.1], "upper": [2.0, 4.0],
    ...                      "null": 0.0})
    >>> summarise(rows, 1.0).set_index("diagnosand").loc["coverage", "value"]
    np.float64(1.0)
    """
    usable = estimates.dropna(subset=["estimate"])
    n = len(usable)
    absent = 1 - n / len(estimates)
    not_testable = ("not testable", absent, math.sqrt(absent * (1 - absent) / len(estimates)))
    if n < 2:  # nothing to average: hardly any replicate could be analysed
        names = ("bias", "empirical SE", "model SE", "root mean squared error", "coverage", "rejects no effect")
        rows = [*((name, math.nan, math.nan) for name in names), not_testable]
        return pd.DataFrame(rows, columns=["diagnosand", "value", "monte_carlo_se"])
    error = usable["estimate"] - truth
    covered = ((usable["lower"] <= truth) & (truth <= usable["upper"])).to_numpy()
    rejected = ((usable["lower"] > usable["null"]) | (usable["upper"] < usable["null"])).to_numpy()
    empirical = float(usable["estimate"].std(ddof=1))
    squared = error**2
    coverage, rejection = float(covered.mean()), float(rejected.mean())
    rows = [
        ("bias", float(error.mean()), empirical / math.sqrt(n)),
        ("empirical SE", empirical, empirical / math.sqrt(2 * (n - 1))),
        (
            "model SE",
            float(np.sqrt((usable["standard_error"] ** 2).mean())),
            float((usable["standard_error"] ** 2).std(ddof=1) / (2 * usable["standard_error"].mean() * math.sqrt(n))),
        ),
        (
            "root mean squared error",
            math.sqrt(float(squared.mean())),
            float(squared.std(ddof=1)) / (2 * math.sqrt(float(squared.mean())) * math.sqrt(n)),
        ),
        ("coverage", coverage, math.sqrt(coverage * (1 - coverage) / n)),
        ("rejects no effect", rejection, math.sqrt(rejection * (1 - rejection) / n)),
        not_testable,
    ]
    return pd.DataFrame(rows, columns=["diagnosand", "value", "monte_carlo_se"])
