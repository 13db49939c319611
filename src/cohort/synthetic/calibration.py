"""How the default world lands on the numbers of the literature: each quantity beside its target."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cohort.synthetic.scenario import Scenario
from cohort.synthetic.simulate import simulate
from cohort.synthetic.targets import NODES, quantities

_REASONS = {
    "ln CRP, d, past depression": "at the end of its range: weight and smoking after depression (edges) make it",
    "PHQ-9, SD": "a mean of 2.9 with 8 % at 10 or more implies it; NHANES 2017-2020 has 4.1",
    "PHQ-9 of 0": "the source gives 20-30 % from memory; NHANES 2017-2020 has 33 %",
    "PHQ-9 of 10 or more, sensitivity": "the source is about current depression; here it is of the last 12 months",
    "PHQ-9 in current depression, SD": "a threshold at 10 defines 'current' here and cuts the lower end off",
    "CRP above 3, no longer so at a second draw": (
        "a log-normal CRP with the declared ICC of 0.62 gives 0.57 whatever else is set; the cohort of the source left "
        "out CRP above 10, where most stay high"
    ),
    "women and depression, odds ratio": (
        "the edge gives 1.95 given past depression, whose own path comes on top; kept, since PHQ-9 of 10 or more in "
        "women and men would fall further apart from its source"
    ),
    "cytomegalovirus, women 70 and over": "fitted to 50 % in all, between the Netherlands and Germany (this row)",
    "trauma, form and truth, kappa": "the edge's loading of 0.8 implies it; edge and source contradict one another",
    "trauma on the form and depression, odds ratio": (
        "the true 2.2 is attenuated by the form; retrospective studies also have recall by the depressed, which is a "
        "scenario here (edge dep -> ctq_obs, 0 by default)"
    ),
    "CTQ-SF total, g, current depression against well": (
        "recall by the depressed is off by default, and the source compares patients with healthy volunteers"
    ),
    "PHQ-9 of 20 or more": "depressed people lie 2.3 SD higher (edge), whatever the severity of their depression",
}


def calibration_table(
    n: int = 200_000, seed: int = 1, scenario: Scenario | str = "literature_like", *, workers: int = 1
) -> pd.DataFrame:
    """Return what the generator gives beside what the literature has, with whether it lies in the range.

    The rows of section 6 of dag.md come first, with the value that it simulated.

    Parameters
    ----------
    n
        Number of simulated people; small diseases need many.
    seed
        Seed.
    scenario
        The world to look at; the targets are those of the default one.
    workers
        Processes.

    Returns
    -------
    DataFrame
        ``quantity``, ``simulated``, ``low``, ``high`` (range of the target), ``blueprint`` (section 6 of dag.md,
        where it has the row), ``source`` (row of calibration.csv), ``in_range``, and for known misses the ``reason``.
    """
    values = simulate(scenario, n, seed, nodes=NODES, workers=workers).nodes
    rows = quantities(values)
    table = pd.DataFrame(rows, columns=["quantity", "simulated", "low", "high", "blueprint", "source"])
    within = table["simulated"].between(table["low"], table["high"])
    return table.assign(in_range=within, reason=table["quantity"].map(_REASONS).where(~within, "").fillna(""))


def calibration_text(table: pd.DataFrame) -> str:
    """Return a calibration table for a terminal, with a note of what misses its range and why.

    Parameters
    ----------
    table
        From :func:`calibration_table`.
    """
    lines = [f"{'quantity':<52}{'simulated':>10}{'target':>18}  {'dag.md':<22}source"]
    rows: list[Any] = list(table.itertuples())
    for row in rows:
        mark = " " if row.in_range else "*"
        target = f"{row.low:g} to {row.high:g}"
        lines.append(f"{row.quantity!s:<52}{row.simulated:>10.4f}{mark}{target:>17}  {row.blueprint:<22}{row.source}")
    missed = table[~table["in_range"]]
    lines.append(f"\n{len(table) - len(missed)} of {len(table)} quantities lie in their range.")
    rows_missed: list[Any] = list(missed.itertuples())
    lines += [f"* {row.quantity!s}: {row.simulated:.3f}; {row.reason or 'no reason known'}." for row in rows_missed]
    return "\n".join(lines)
