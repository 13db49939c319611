"""An effect, were those who returned no form unlike the others, and differently so with and without the outcome.

An exposure is imputed within each group of a yes/no outcome, a delta added to the log odds of the imputed values of
each group: a map of the result over both deltas (delta adjustment in two directions; Cro, Morris, Kenward & Carpenter
2020, Stat Med 39:2815). Each group is imputed once for each delta, and every pair of them is pooled.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.analysis.imputation import Imputations, impute, pool
from cohort.analysis.imputation.imputations import completed_tables
from cohort.analysis.imputation.not_at_random import side_of_null
from cohort.analysis.regression import odds_ratio
from cohort.analysis.sampling import Design, Domain, analysis_domain
from cohort.analysis.variables import InestimableError, binary, readable, require, yes_no
from cohort.results import Estimate, NotTestable, Result, ResultTable

DELTAS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
"""Log odds ratios: 1.5 means 4.5 times the odds of those like them who answered."""
LEAST_MISSING = 20
"""With fewer missing no delta can change a conclusion."""


@dataclass(frozen=True, eq=False)
class TippingMap:
    """The pooled odds ratio over two deltas.

    Parameters
    ----------
    exposure, outcome
        Columns.
    cells
        Columns ``without`` and ``with`` (deltas of people without and with the outcome), ``estimate``, ``lower``,
        ``upper`` and ``interval`` (on which side of 1 it lies); all missing where there is no result.
    missing
        Share without the exposure, of people without and with the outcome, in tenths.
    n
        People.
    """

    exposure: str
    outcome: str
    cells: pd.DataFrame
    missing: tuple[float, float]
    n: int

    @property
    def at_random(self) -> pd.Series:
        """Return the cell without deltas."""
        return self.cells.loc[(self.cells["without"] == 0) & (self.cells["with"] == 0)].iloc[0]

    @property
    def words(self) -> str:
        """Return in a sentence where the conclusion changes."""
        base = str(self.at_random["interval"])
        same = {"above": "lies above 1", "below": "lies below 1"}.get(base, "includes 1")
        other = self.cells[self.cells["interval"] != base]
        start = f"With values missing at random the 95 % interval {same}"
        if other.empty:
            return f"{start}, and so it does at every delta shown."
        reach = (other[["without", "with"]].abs()).max(axis=1).min()
        pairs = other[other[["without", "with"]].abs().max(axis=1) == reach]
        words = readable(self.outcome).lower()
        first = pairs.assign(size=pairs[["without", "with"]].abs().sum(axis=1)).sort_values("size", kind="stable")
        odds = np.exp(first[["with", "without"]].iloc[0].to_numpy(dtype=float))
        nearest = f"{odds[0]:.2g} times the odds with {words} and {odds[1]:.2g} times without"
        return f"{start}; in {len(other)} of {len(self.cells)} cells it does not, first at {nearest}."

    def table(self) -> ResultTable:
        """Return the corners, the sides and the middle of the map."""
        ends = {self.cells["without"].min(), 0.0, self.cells["without"].max()}
        kept = self.cells[self.cells["without"].isin(ends) & self.cells["with"].isin(ends)]
        return ResultTable(
            "tipping_map",
            f"Were those without an answer on {readable(self.exposure).lower()} unlike the others",
            kept.rename(columns={"without": "delta without", "with": "delta with"}).reset_index(drop=True),
            formats={"delta without": "+.1f", "delta with": "+.1f", "estimate": ".2f", "lower": ".2f", "upper": ".2f"},
            note=f"Odds ratios of {readable(self.outcome).lower()}. Delta: added to the log odds of imputed answers of "
            f"people without and with it, of whom {100 * self.missing[0]:.0f} % and {100 * self.missing[1]:.0f} % "
            f"gave none. {self.words}",
        )


def tipping_map(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    adjustment: Sequence[str] = (),
    auxiliaries: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    deltas: Sequence[float] = DELTAS,
    m: int = 5,
    iterations: int = 3,
    seed: int,
) -> TippingMap | NotTestable:
    """Return the odds ratio of a yes/no outcome for a yes/no exposure that some did not tell, over two deltas.

    Assumes that, but for the deltas, the exposure is missing at random within each group of the outcome, given
    covariates and auxiliaries. Which deltas are believable is for the reader to judge.

    Parameters
    ----------
    table, outcome, exposure, adjustment, design, domain
        As in :func:`cohort.analysis.regression.odds_ratio`.
    auxiliaries
        Further columns that tell of the exposure; those that are absent are left out.
    deltas
        Log odds ratios, zero among them.
    m, iterations, seed
        As in :func:`cohort.analysis.imputation.impute`; all deltas share their random numbers.
    """
    label = readable(exposure)
    try:
        yes_no(table, exposure)
        exposed, ill = binary(require(table, exposure)), binary(require(table, outcome))
        inside = analysis_domain(table, design, domain) & ~np.isnan(ill)
        lacking = inside & np.isnan(exposed)
        if lacking.sum() < LEAST_MISSING:
            return NotTestable(label, f"fewer than {LEAST_MISSING} people lack it: nothing hangs on them", "odds ratio")
        groups = [inside & (ill == value) for value in (0, 1)]
        helpers = [name for name in auxiliaries if name in table and name not in adjustment]
        parts: list[dict[float, Imputations]] = [
            {
                delta: impute(
                    table, [exposure, *adjustment], design=design, domain=group, auxiliaries=helpers, m=m,
                    iterations=iterations, seed=seed + place, delta={exposure: delta},
                )
                for delta in deltas
            }
            for place, group in enumerate(groups)
        ]  # fmt: skip
    except InestimableError as reason:
        return NotTestable(label, str(reason), "odds ratio")
    rows = []
    for without, along in itertools.product(deltas, deltas):
        pooled = pool(
            [
                odds_ratio(filled, outcome=outcome, exposure=exposure, adjustment=adjustment, design=design,
                           domain=inside)
                for filled in completed_tables([parts[0][without], parts[1][along]])
            ]
        )  # fmt: skip
        rows.append({"without": without, "with": along, **_cell(pooled)})
    cells = pd.DataFrame(rows)
    if cells["estimate"].isna().any():
        return NotTestable(label, "some of the imputed tables have no estimate", "odds ratio")
    # Rounded, as the exact share of a small group gives its count away.
    shares = tuple(round(float(lacking[group].mean()), 1) for group in groups)
    return TippingMap(exposure, outcome, cells, (shares[0], shares[1]), int(inside.sum()))


def _cell(result: Result) -> dict[str, object]:
    if not isinstance(result, Estimate):
        return {"estimate": np.nan, "lower": np.nan, "upper": np.nan, "interval": ""}
    low, high = result.interval()
    return {"estimate": result.value, "lower": low, "upper": high, "interval": side_of_null(result)}
