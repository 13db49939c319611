"""The committed demo cohort, drawn anew."""

from __future__ import annotations

from pathlib import Path

from cohort.synthetic.writing import write_cohort

DEMO_SCENARIO = "literature_like"
DEMO_PEOPLE = 6000
DEMO_SEED = 20261124
"""The day on which the demo was drawn from the full model; taken as it fell."""


def draw_demo(folder: Path) -> None:
    """Write the demo cohort that ships with the package: the same bytes each time.

    Parameters
    ----------
    folder
        Where to.
    """
    write_cohort(
        DEMO_SCENARIO,
        DEMO_PEOPLE,
        DEMO_SEED,
        folder,
        name="demo",
        title="Demo: synthetic cohort with effects as in the literature",
    )
