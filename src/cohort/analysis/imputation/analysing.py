"""Any analysis of the package on imputed tables: impute, analyse each, pool; complete cases stand beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar, cast

import pandas as pd

from cohort.analysis.imputation.coding import Variable
from cohort.analysis.imputation.derived import Derived
from cohort.analysis.imputation.imputations import Imputations, completed_tables, impute, impute_within
from cohort.analysis.imputation.pooling import pool, pool_each
from cohort.analysis.sampling import Design, Domain
from cohort.analysis.variables import InestimableError
from cohort.results import Estimate, NotTestable, Result, ResultTable

Found: TypeAlias = Result | Mapping[str, Result]
Analysis: TypeAlias = Callable[[pd.DataFrame], Found]
R = TypeVar("R", Result, Mapping[str, Result])


def _each(found: Found, change: Callable[[Result], Result]) -> Found:
    if isinstance(found, Mapping):
        return {name: change(result) for name, result in found.items()}
    return change(found)


def _refused(reason: str) -> Callable[[Result], Result]:
    def refuse(result: Result) -> Result:
        return NotTestable(result.label, reason, result.measure, result.estimand, result.claims)

    return refuse


def imputed_words(*parts: Imputations) -> tuple[tuple[str, str], ...]:
    """Return what was imputed, in words for a table; shares are rounded to percent.

    Parameters
    ----------
    parts
        Imputations of one or several groups of people.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [30.0, 40, 50, 60, 70, 80, 35, 45], "crp": [1.0, 2, 2, 3, 4, 5, None, None]})
    >>> imputed_words(impute(people, ["age", "crp"], m=2, seed=1))
    (('imputed', 'crp 25 %'),)
    """
    plan = parts[0].plan
    people = sum(len(part.plan.rows) for part in parts)
    wanted, bounded = Counter[str](), Counter[str]()
    for part in parts:
        for one in part.plan.visited:
            wanted[one.name] += len(one.wanted)
            bounded[one.name] += int(one.bounded.sum())
    said = []
    for name, count in sorted(wanted.items(), key=lambda pair: pair[1]):
        missing = (count - bounded[name]) / people
        told = [_percent(missing)] if missing else []
        told += [f"{_percent(bounded[name] / people)} beyond a limit"] if bounded[name] else []
        said.append(f"{name} {' and '.join(told)}")
    words = [("imputed", "; ".join(said))]
    words += [("imputed within groups", str(len(parts)))] if len(parts) > 1 else []
    words += [("imputation and sampling design", plan.design_words)] if plan.design_words else []
    words += [("auxiliary variables not there", ", ".join(plan.left_out))] if plan.left_out else []
    shifted = [f"{name} {value:+g}" for name, value in plan.delta.items()]
    words += [("delta added to imputed values", ", ".join(shifted))] if shifted else []
    return tuple(words)


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.005 else f"{share:.0%}".replace("%", " %")


def analysed(
    imputations: Imputations | Sequence[Imputations],
    analysis: Callable[[pd.DataFrame], R],
    *,
    most_failures: float = 0.0,
) -> R:
    """Return the pooled result of an analysis of tables that are imputed already.

    Parameters
    ----------
    imputations
        What :func:`cohort.analysis.imputation.impute` or ``impute_within`` returned.
    analysis, most_failures
        As in :func:`imputed`.
    """
    parts = [imputations] if isinstance(imputations, Imputations) else list(imputations)
    if all(part.is_complete for part in parts):
        return analysis(next(completed_tables(parts)))
    found: list[Found] = [analysis(table) for table in completed_tables(parts)]
    pooled: Found
    if isinstance(found[0], Mapping):
        pooled = pool_each(cast(list[Mapping[str, Result]], found), most_failures=most_failures)
    else:
        pooled = pool(cast(list[Result], found), most_failures=most_failures)
    told = imputed_words(*parts)
    return cast(R, _each(pooled, lambda result: _with_details(result, told)))


def _with_details(result: Result, told: tuple[tuple[str, str], ...]) -> Result:
    return replace(result, details=(*result.details, *told)) if isinstance(result, Estimate) else result


def imputed(
    table: pd.DataFrame,
    analysis: Callable[[pd.DataFrame], R],
    variables: Sequence[str | Variable],
    *,
    design: Design,
    domain: Domain = None,
    auxiliaries: Sequence[str | Variable] = (),
    derived: Sequence[Derived] = (),
    by: str | None = None,
    m: int = 20,
    iterations: int = 10,
    seed: int,
    workers: int = 1,
    delta: Mapping[str, float] | None = None,
    most_failures: float = 0.0,
) -> R:
    """Return the result of an analysis by multiple imputation, in place of that of complete cases.

    Missing values are drawn ``m`` times, the analysis runs on every completed table, and its results are pooled by
    Rubin's rules. Rows and their order stay as they are, so that the analysis can use the design and the domain of the
    table. If nothing is missing, the result is that of the table itself. Assumes that values are missing at random
    given the variables of the imputation, and that each variable's model given the others is about right.

    Parameters
    ----------
    table
        One row per person.
    analysis
        From a table to a result, or to several by name: ``lambda t: odds_ratio(t, outcome=…, design=design)``.
    variables
        The variables of the analysis, all that its model holds: outcome, exposure, adjustment set. Names or
        :class:`Variable`.
    design, domain, auxiliaries, derived, m, iterations, seed, workers, delta
        As in :func:`cohort.analysis.imputation.impute`.
    by
        Impute within the groups of this column, each by itself, for an analysis of how an exposure acts in them.
    most_failures
        Share of imputed tables in which the analysis may fail without the whole becoming not testable.

    Returns
    -------
    Result or mapping of results
        What the analysis returns. ``details`` say what was imputed, how often, and the fraction of missing
        information. A :class:`~cohort.results.NotTestable` with the reason where the imputation cannot be.

    Examples
    --------
    >>> from cohort.analysis import design_of, mean
    >>> people = pd.DataFrame({"age": [30.0, 40, 50, 60, 70, 80, 35, 45], "crp": [1.0, 2, 2, 3, 4, 5, None, None]})
    >>> design = design_of(people)
    >>> crp = imputed(people, lambda t: mean(t, "crp", design), ["age", "crp"], design=design, seed=1)
    >>> crp.n, dict(crp.details)["imputed"]
    (8, 'crp 25 %')
    """
    options: dict[str, Any] = {
        "design": design,
        "domain": domain,
        "auxiliaries": auxiliaries,
        "derived": derived,
        "m": m,
        "iterations": iterations,
        "seed": seed,
        "workers": workers,
        "delta": delta,
    }
    try:
        if by is None:
            parts: Sequence[Imputations] = [impute(table, variables, **options)]
        else:
            parts = impute_within(table, variables, by, **options)
    except InestimableError as reason:
        return cast(R, _each(analysis(table), _refused(f"no multiple imputation: {reason}")))
    return analysed(parts, analysis, most_failures=most_failures)


def beside_complete_cases(
    complete: Found, pooled: Found, *, name: str = "imputed", title: str = "Multiple imputation beside complete cases"
) -> ResultTable:
    """Return the results of complete cases and of multiple imputation, row by row beside each other.

    Parameters
    ----------
    complete
        What the analysis gives on the table as it is.
    pooled
        What :func:`imputed` gives.
    name, title
        For the table.
    """
    rows: list[dict[str, object]] = []
    for words, found in (("complete cases", complete), ("imputed", pooled)):
        results = list(found.values()) if isinstance(found, Mapping) else [found]
        for place, result in enumerate(results):
            rows.append({"place": place, "analysis": words, **_row(result)})
    data = pd.DataFrame(rows).sort_values("place", kind="stable").drop(columns="place").reset_index(drop=True)
    data["n"] = data["n"].astype("Int64")
    return ResultTable(
        name,
        title,
        data,
        counts=("n",),
        formats={"estimate": ".2f", "lower": ".2f", "upper": ".2f", "df": ".0f"},
        note="Complete cases are right if values are missing regardless of the outcome given the covariates, "
        "imputation if they are missing at random given all variables of the imputation model.",
    )


def _row(result: Result) -> dict[str, object]:
    if isinstance(result, NotTestable):
        return {"label": result.label, "measure": result.measure, "n": pd.NA, "reason": result.reason}
    lower, upper = result.interval()
    details = dict(result.details)
    return {
        "label": result.label,
        "measure": result.measure,
        "n": result.n,
        "estimate": result.value,
        "lower": lower,
        "upper": upper,
        "df": result.df,
        "missing information": details.get("fraction of missing information", ""),
        "imputed": details.get("imputed", ""),
        "reason": "",
    }
