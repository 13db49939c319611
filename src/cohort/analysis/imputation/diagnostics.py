"""Whether the chains have settled, and whether what they imputed looks like what is observed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from cohort.analysis.imputation.coding import Coded, FloatArray
from cohort.analysis.imputation.imputations import Imputations
from cohort.results import ResultTable

SETTLED = 1.1
"""Largest R-hat of chains that may be called settled (Gelman et al., Bayesian Data Analysis, 3rd ed., section 11.4)."""


def r_hat(chains: FloatArray) -> float:
    """Return the potential scale reduction of several chains: their spread together over that within each.

    Parameters
    ----------
    chains
        One row per chain, one column per iteration, burn-in already left out.

    Returns
    -------
    float
        1 when chains agree; NaN for one chain or fewer than two iterations; infinite when chains stand still apart.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> f"{r_hat(rng.normal(size=(20, 50))):.2f} {r_hat(np.arange(4.0)[:, None] + rng.normal(size=(4, 50))):.1f}"
    '1.00 1.7'
    """
    count, length = chains.shape
    if count < 2 or length < 2:
        return math.nan
    within = float(chains.var(axis=1, ddof=1).mean())
    between = float(chains.mean(axis=1).var(ddof=1))
    if within <= 0:
        return math.nan if between <= 0 else math.inf
    return math.sqrt((length - 1) / length + between / within)


def convergence(imputations: Imputations, *, burn_in: int | None = None) -> pd.DataFrame:
    """Return R-hat of the mean and the SD of the imputed values of each variable, between chains.

    Mean and SD are on the scale of imputation; for more than two levels, of having the commonest.

    Parameters
    ----------
    imputations
        What :func:`cohort.analysis.imputation.impute` returned.
    burn_in
        Iterations left out; default the first half.
    """
    rounds = imputations.plan.iterations
    start = rounds // 2 if burn_in is None else burn_in
    late = imputations.trace[imputations.trace["iteration"] > start]
    rows = []
    for one in imputations.plan.visited:
        part = late[late["variable"] == one.name]
        found = [
            r_hat(part.pivot_table(index="imputation", columns="iteration", values=name).to_numpy())
            for name in ("mean", "sd")
        ]
        rows.append({"variable": one.name, "r_hat_mean": found[0], "r_hat_sd": found[1]})
    table = pd.DataFrame(rows, columns=["variable", "r_hat_mean", "r_hat_sd"])
    # Chains that stand still together, as for a constant, have no R-hat and nothing left to settle.
    return table.assign(settled=~(table[["r_hat_mean", "r_hat_sd"]] > SETTLED).any(axis=1))


def observed_beside_imputed(imputations: Imputations, *, name: str = "observed_beside_imputed") -> ResultTable:
    """Return how imputed values compare with observed ones: mean and SD, or the share of each level.

    They need not be alike: missing at random means alike given the other variables. A difference wants an explanation.

    Parameters
    ----------
    imputations
        What :func:`cohort.analysis.imputation.impute` returned.
    name
        Of the table.
    """
    rows: list[dict[str, Any]] = []
    for one in imputations.plan.visited:
        drawn = imputations.draws[one.name]
        shared = {"variable": one.name, "method": one.method, "observed": int(one.known.sum())}
        shared |= {"imputed": len(one.wanted)}
        if not one.words:
            seen, made = np.asarray(one.natural(one.given[one.known])), np.asarray(one.natural(drawn))
            rows.append({**shared, "what": "mean", "among observed": seen.mean(), "among imputed": made.mean()})
            rows.append({**shared, "what": "SD", "among observed": seen.std(), "among imputed": made.std()})
            continue
        for code, word in enumerate(one.words):
            if len(one.words) == 2 and code == 0:
                continue
            shares = {"among observed": one.shares()[code], "among imputed": float((drawn == code).mean())}
            rows.append({**shared, "what": f"share of {_spoken(word)}", **shares})
    columns = ["variable", "method", "what", "observed", "imputed", "among observed", "among imputed"]
    return ResultTable(
        name,
        "Observed beside imputed values",
        pd.DataFrame(rows, columns=columns),
        counts=("observed", "imputed"),
        formats={"among observed": ".3g", "among imputed": ".3g"},
        note="Imputed: mean over all imputations. Values beyond a limit count as imputed.",
        rests_on_counts=("among observed", "among imputed"),
    )


def _spoken(word: Any) -> str:
    return {0.0: "no", 1.0: "yes"}.get(word, str(word)) if isinstance(word, float) else str(word)


def observed_and_imputed_values(imputations: Imputations, variable: str) -> tuple[Coded, np.ndarray, np.ndarray]:
    """Return the variable, its observed values and its draws (imputations × missing), as an analyst reads them.

    Raises
    ------
    KeyError
        If nothing of it was imputed.
    """
    one = next((one for one in imputations.plan.visited if one.name == variable), None)
    if one is None:
        raise KeyError(variable)
    return one, one.natural(one.given[one.known]), one.natural(imputations.draws[variable])
