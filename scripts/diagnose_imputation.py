"""Whether multiple imputation finds coefficients that are known: bias and coverage beside complete cases.

People have a complete covariate, a binary, a skewed (log-normal) and a censored one, and a numeric or yes/no outcome.
Values are missing at random given the outcome and the complete covariate; a quarter of the censored covariate lies
below its limit. ``OMP_NUM_THREADS=1 python scripts/diagnose_imputation.py`` writes ``docs/diagnosis/imputation.csv``
and the table of ``docs/imputation.md`` anew. The seed stood here before the method was looked at;
the method on a logarithmic scale stands beside since a first look at 200 replicates.

Complete cases take the limit as the value, as an analysis does that does not know of it.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy import special
from threadpoolctl import threadpool_limits

from cohort.analysis.fitting import fit_linear, fit_logistic
from cohort.analysis.imputation import Variable, imputed
from cohort.analysis.model_frame import ModelFrame
from cohort.analysis.sampling import design_of
from cohort.analysis.variables import InestimableError
from cohort.output import write_text
from cohort.results import Estimate, NotTestable, Result

ROOT = Path(__file__).resolve().parent.parent
SEED = 20261124
SIZES = (500, 2000)
REPLICATES = 500
IMPUTATIONS = 20
ROUNDS = 5
LIMIT = -0.6
COVARIATES = ("binary", "skewed", "censored", "complete")
TRUTH = {
    "linear": {"binary": 0.5, "skewed": 0.3, "censored": 0.4, "complete": 0.5},
    "logistic": {"binary": 0.5, "skewed": 0.2, "censored": 0.4, "complete": 0.3},
}
METHODS = ("complete data", "complete cases", "imputed", "imputed, skewed on log scale")
TABLE = ROOT / "docs" / "diagnosis" / "imputation.csv"
PAGE = ROOT / "docs" / "imputation.md"
_START, _END = "<!-- table -->", "<!-- end of table -->"
_CHUNK = 10


def draw_people(model: str, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return people without anything missing."""
    complete = rng.normal(size=n)
    binary = rng.random(n) < special.expit(-0.8 + 0.5 * complete)
    skewed = np.exp(0.3 * complete + 0.6 * rng.normal(size=n))
    censored = 0.4 * complete + 0.5 * binary + rng.normal(size=n)
    people = pd.DataFrame({"binary": binary, "skewed": skewed, "censored": censored, "complete": complete})
    linear = sum(people[name].astype(float) * size for name, size in TRUTH[model].items())
    if model == "linear":
        people["outcome"] = 1.0 + linear + rng.normal(size=n)
    else:
        people["outcome"] = rng.random(n) < special.expit(-1.2 + linear)
    return people.astype({"binary": "boolean"})


def hide(people: pd.DataFrame, model: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return the same people as a study sees them: values missing at random, and values below the limit."""
    outcome = people["outcome"].astype(float).to_numpy()
    outcome = 0.6 * (outcome - 1.9) if model == "linear" else 1.2 * outcome
    complete = people["complete"].to_numpy()
    seen = people.copy()
    below = seen["censored"] < LIMIT
    seen["limit"] = np.where(below, "below", "none")
    seen.loc[below, "censored"] = LIMIT
    for name, logit in (
        ("binary", -1.6 + 0.5 * complete + outcome),
        ("skewed", -1.6 - 0.5 * complete + outcome),
        ("censored", -2.2 + outcome),
    ):
        seen.loc[rng.random(len(seen)) < special.expit(logit), name] = pd.NA if name == "binary" else math.nan
    return seen


def coefficients(table: pd.DataFrame, model: str) -> Mapping[str, Result]:
    """Return the regression coefficients of all covariates."""
    columns = [table[name].to_numpy(dtype=float, na_value=np.nan) for name in ("outcome", *COVARIATES)]
    numbers = np.column_stack(columns)
    known = ~np.isnan(numbers).any(axis=1)
    numbers = numbers[known]
    matrix = np.column_stack([np.ones(len(numbers)), numbers[:, 1:]])
    # The frame that model_frame makes of these columns, without its checks, which take longer than the fit.
    frame = ModelFrame(
        numbers[:, 0], matrix, ("intercept", *COVARIATES), np.ones(len(numbers)), known, (1.0,) * len(COVARIATES)
    )
    try:
        fit = (fit_linear if model == "linear" else fit_logistic)(frame, design_of(table))
    except InestimableError as reason:
        return {name: NotTestable(name, str(reason)) for name in COVARIATES}
    return {
        name: Estimate(
            name, "coefficient", float(fit.coefficients[place]), math.sqrt(fit.covariance[place, place]), df=fit.df
        )
        for place, name in enumerate(COVARIATES, start=1)
    }


def one_replicate(model: str, n: int, seed: np.random.SeedSequence) -> list[dict[str, object]]:
    """Return the estimates of all methods on one draw of people."""
    rng = np.random.default_rng(seed)
    people = draw_people(model, n, rng)
    seen = hide(people, model, rng)
    seed_of_imputation = int(rng.integers(2**32))

    def by_imputation(skewed: Variable) -> Mapping[str, Result]:
        return imputed(
            seen,
            lambda table: coefficients(table, model),
            ["outcome", "binary", skewed, Variable("censored", censoring="limit"), "complete"],
            design=design_of(seen),
            m=IMPUTATIONS,
            iterations=ROUNDS,
            seed=seed_of_imputation,
        )

    found: dict[str, Mapping[str, Result]] = {
        "complete data": coefficients(people, model),
        "complete cases": coefficients(seen, model),
        "imputed": by_imputation(Variable("skewed")),
        "imputed, skewed on log scale": by_imputation(Variable("skewed", log=True)),
    }
    rows: list[dict[str, object]] = []
    for method, results in found.items():
        for name, result in results.items():
            low, high = result.interval() if isinstance(result, Estimate) else (math.nan, math.nan)
            rows.append(
                {
                    "method": method,
                    "coefficient": name,
                    "estimate": result.value if isinstance(result, Estimate) else math.nan,
                    "standard_error": result.standard_error if isinstance(result, Estimate) else math.nan,
                    "covered": low <= TRUTH[model][name] <= high,
                }
            )
    return rows


def _chunk(model: str, n: int, seeds: list[np.random.SeedSequence]) -> list[dict[str, object]]:
    with threadpool_limits(1):
        return [row for seed in seeds for row in one_replicate(model, n, seed)]


def run(model: str, n: int, replicates: int, workers: int = 1) -> pd.DataFrame:
    """Return one row per method and coefficient: bias, coverage, and whether both pass their rule."""
    seeds = np.random.SeedSequence([SEED, n, len(model)]).spawn(replicates)
    chunks = [seeds[start : start + _CHUNK] for start in range(0, replicates, _CHUNK)]
    parts = Parallel(n_jobs=workers)(delayed(_chunk)(model, n, chunk) for chunk in chunks)
    draws = pd.DataFrame([row for part in parts for row in part])
    rows = []
    for (method, name), part in draws.groupby(["method", "coefficient"]):
        usable = part.dropna(subset=["estimate"])
        count, truth = len(usable), TRUTH[model][str(name)]
        empirical = float(usable["estimate"].std())
        bias, bias_error = float(usable["estimate"].mean()) - truth, empirical / math.sqrt(count)
        coverage = float(usable["covered"].mean())
        coverage_error = math.sqrt(0.95 * 0.05 / count)
        rows.append(
            {
                "model": model,
                "n": n,
                "method": method,
                "coefficient": name,
                "replicates": count,
                "truth": truth,
                "bias": bias,
                "bias_mc_se": bias_error,
                "bias_passes": abs(bias) <= 3 * bias_error,
                "coverage": coverage,
                "coverage_mc_se": coverage_error,
                "coverage_passes": abs(coverage - 0.95) <= 0.015 + 3 * coverage_error,
                "empirical_se": empirical,
                "model_se": float(np.sqrt((usable["standard_error"] ** 2).mean())),
            }
        )
    order = {name: place for place, name in enumerate((*METHODS, *COVARIATES))}
    return pd.DataFrame(rows).sort_values(["coefficient", "method"], key=lambda column: column.map(order))


def as_markdown(table: pd.DataFrame) -> str:
    """Return the table of the page: bias and coverage with their Monte-Carlo errors, and what does not pass in bold."""
    lines = [
        "| model | n | coefficient (truth) | method | bias (MC SE) | coverage (MC SE) | empirical SE | model SE |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        bias = f"{row.bias:+.4f} ({row.bias_mc_se:.4f})"
        coverage = f"{row.coverage:.3f} ({row.coverage_mc_se:.3f})"
        cells = [
            str(row.model),
            f"{row.n:,}",
            f"{row.coefficient} ({row.truth:g})",
            str(row.method),
            bias if row.bias_passes else f"**{bias}**",
            coverage if row.coverage_passes else f"**{coverage}**",
            f"{row.empirical_se:.4f}",
            f"{row.model_se:.4f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def page_of(text: str, table: pd.DataFrame, command: str) -> str:
    """Return the page with its table made anew.

    Parameters
    ----------
    text
        The page as it is.
    table
        What :func:`run` returned for all models and sizes.
    command
        How the table was made.
    """
    before, _, rest = text.partition(_START)
    _, _, after = rest.partition(_END)
    replicates = int(table["replicates"].max())
    told = f"{replicates} replicates, made by `{command}`. Bold: does not pass."
    return f"{before}{_START}\n{told}\n\n{as_markdown(table)}\n{_END}{after}"


def read_table(path: Path) -> pd.DataFrame:
    """Return a stored table."""
    return pd.read_csv(path, comment="#", encoding="utf-8")


def main() -> int:
    """Write the table and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    parts = []
    for model in TRUTH:
        for n in SIZES:
            parts.append(run(model, n, options.replicates, options.workers))
            print(parts[-1].to_string(index=False, float_format="{:.4f}".format), flush=True)
    command = f"python scripts/diagnose_imputation.py --replicates {options.replicates}"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    stored = pd.concat(parts).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_text(options.out, f"# {command} (seed {SEED})\n{stored}")
    write_text(options.page, page_of(options.page.read_text(encoding="utf-8"), read_table(options.out), command))
    return 0


if __name__ == "__main__":
    sys.exit(main())
