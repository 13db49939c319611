"""Write docs/diagnosis.md from the stored study: python scripts/write_diagnosis.py [FOLDER OF A FINISHED RUN].

With a folder that ``cohort diagnose --plan … --out FOLDER`` has made, its tables and figure are stored first. Nothing
is run here; what does not pass and why stands in docs/diagnosis/reasons.csv.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd

from cohort.diagnosis import load_plan, load_rules
from cohort.diagnosis.page import page
from cohort.output import write_text
from cohort.plots import Picture
from cohort.plots.diagnosis import draw_performance

DOCS = Path(__file__).resolve().parent.parent / "docs"
NAME = "comorbidity"
FILES = ("performance.csv", "checks.csv", "estimates.csv")
HEAD = """# Methods against known truth

The simulation study of the comorbidity analyses, told as ADEMP (Morris, White and Crowther 2019, Stat Med 38:2074). It
is about methods in synthetic people and says nothing of the world. Made by

```
cohort diagnose --plan docs/diagnosis/{name}.yaml --workers 1 --store STORE --out FOLDER
python scripts/write_diagnosis.py FOLDER
```

- **Aims:** that each analysis finds what is true, covers it as often as its interval says, and does not call nothing
  something; and that the naive analysis beside it fails as the scenario declares.
- **Data:** {studies} studies of {replicates} replicates each; scenarios of `synthetic_data/scenarios`, complete values,
  depression by interview. Sizes and seeds were fixed in [`{name}.yaml`](diagnosis/{name}.yaml) beforehand.
- **Estimands:** marginal odds ratios of current depression by intervention on the disease; in S5 among people without
  earlier depression; in S21 the relative excess risk due to interaction, and the ratio of odds ratios. The truth is
  found by intervention in other people; its own Monte-Carlo error is part of every error below.
- **Methods:** `cohort diagnose --list` tells all. Several methods of a study share its cohorts.
- **Performance:** the diagnosands of `cohort.diagnosis.DIAGNOSANDS`, judged by `synthetic_data/pass_rules.yaml`.

Tidy tables: [performance](diagnosis/{name}/performance.csv), [demands](diagnosis/{name}/checks.csv), [single
replicates](diagnosis/{name}/estimates.csv), from which every number can be made again; a slow test draws the first
replicates anew and compares them.

**What stays open.** The set that an analyst can measure lacks the familial liability `u_fam`. In cohorts
other than those below, estimates fell on the log scale when it was added: {liability}. It is nearly all of the bias
that the right methods have below, and what the rules allow is hardly more. A larger cohort would see that bias; only a
sibling design removes it. From [single estimates](diagnosis/liability.csv), made once with and once without
`--option liability=yes` by

```
cohort diagnose no_autoimmune_effect --method standardised --from complete --n 20000 --replicates 40 --seed 2026112492
cohort diagnose screened_controls --method same_screen --from complete --n 6000 --replicates 40 --seed 2026112492
cohort diagnose differential_self_report --method confirmed --from complete --n 20000 --replicates 40 --seed 2026112492
```

![Bias, coverage, standard errors and wrong verdicts of each method](diagnosis/{name}/performance.png)

"""


def liability_words(estimates: pd.DataFrame) -> str:
    """Return by how much estimates fall when the liability is in the set, study by study."""
    fall = (estimates["without"] - estimates["with"]).groupby(estimates["study"], sort=False)
    told = fall.agg(["mean", "sem", "size"])
    return ", ".join(
        f"{row['mean']:.3f} (SE {row['sem']:.3f}) in {row['size']:.0f} of {study}" for study, row in told.iterrows()
    )


def main() -> None:
    """Store a finished run, if one is named, and write the page."""
    stored = DOCS / "diagnosis" / NAME
    if len(sys.argv) > 1:
        stored.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copyfile(Path(sys.argv[1]) / name, stored / name)
    table, checks = (pd.read_csv(stored / name) for name in FILES[:2])
    Picture(draw_performance(table)).save(stored / "performance.png")
    reasons = pd.read_csv(DOCS / "diagnosis" / "reasons.csv")
    plan = load_plan(DOCS / "diagnosis" / f"{NAME}.yaml")
    liability = liability_words(pd.read_csv(DOCS / "diagnosis" / "liability.csv"))
    head = HEAD.format(name=NAME, studies=table["study"].nunique(), replicates=plan.replicates, liability=liability)
    write_text(DOCS / "diagnosis.md", head + page(table, checks, reasons, load_rules()) + "\n")
    print(f"{int(checks['passes'].sum())} of {len(checks)} demands hold")


if __name__ == "__main__":
    main()
