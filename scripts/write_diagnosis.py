"""Write the page of a stored study: python scripts/write_diagnosis.py comorbidity|adversity|synergy [FOLDER OF A RUN].

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
PAGES = {"comorbidity": "diagnosis.md", "adversity": "diagnosis_adversity.md", "synergy": "diagnosis_synergy.md"}
FILES = ("performance.csv", "checks.csv", "estimates.csv")
COMMANDS = """
```
cohort diagnose --plan docs/diagnosis/{name}.yaml --workers 1 --store STORE --out FOLDER
python scripts/write_diagnosis.py {name} FOLDER
```
"""
PERFORMANCE = """
- **Methods:** `cohort diagnose --list` tells all. Several methods of a study share its cohorts.
- **Performance:** the diagnosands of `cohort.diagnosis.DIAGNOSANDS`, judged by `synthetic_data/pass_rules.yaml`.

Tidy tables: [performance](diagnosis/{name}/performance.csv), [demands](diagnosis/{name}/checks.csv), [single
replicates](diagnosis/{name}/estimates.csv), from which every number can be made again; a slow test draws the first
replicates anew and compares them.
"""
COMORBIDITY = (
    """# Methods against known truth

The simulation study of the comorbidity analyses, told as ADEMP (Morris, White and Crowther 2019, Stat Med 38:2074). It
is about methods in synthetic people and says nothing of the world. Trauma, infection and inflammation have
[a page of their own](diagnosis_adversity.md). Made by
"""
    + COMMANDS
    + """
- **Aims:** that each analysis finds what is true, covers it as often as its interval says, and does not call nothing
  something; and that the naive analysis beside it fails as the scenario declares.
- **Data:** {studies} studies of {replicates} replicates each; scenarios of `synthetic_data/scenarios`, complete values,
  depression by interview. Sizes and seeds were fixed in [`{name}.yaml`](diagnosis/{name}.yaml) beforehand.
- **Estimands:** marginal odds ratios of current depression by intervention on the disease; in S5 among people without
  earlier depression; in S21 the relative excess risk due to interaction, and the ratio of odds ratios. The truth is
  found by intervention in other people; its own Monte-Carlo error is part of every error below."""
    + PERFORMANCE
    + """
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
"""
)
ADVERSITY = (
    """# Methods against known truth: trauma, infection and inflammation

The simulation study of the analyses of trauma, infection and inflammation, told as ADEMP (Morris, White and Crowther
2019, Stat Med 38:2074). It is about methods in synthetic people and says nothing of the world. Autoimmune disease has
[a page of its own](diagnosis.md). Made by
"""
    + COMMANDS
    + """
- **Aims:** that each analysis finds what is true, covers it as often as its interval says, and does not call nothing
  something; and that the naive analysis beside it fails as the scenario declares.
- **Data:** {studies} studies of {replicates} replicates each; scenarios of `synthetic_data/scenarios`, complete values
  but for what a scenario is about, depression by interview. Sizes and seeds were fixed in
  [`{name}.yaml`](diagnosis/{name}.yaml) beforehand.
- **Estimands:** effects by intervention, found in other people; the Monte-Carlo error of a truth is part of every error
  below. Two are facts of a population. S6: the odds ratio of depression for trauma by the form had everybody returned
  it and nobody minimised, which is not that of the trauma that happened. S25: PHQ-9 at wave 2 had nobody left. Where
  the truth is no effect it is held against odds ratios per SD, for which no effect is the same in any unit."""
    + PERFORMANCE
    + """
**What stays open.**

- In S6 a range of deltas and a delta that a follow-up would give stand side by side. The second, 0.4, was found once in
  800,000 people of the scenario (seed 77), which is knowledge that a cohort without a follow-up has not.
- In S7 the g-formula takes the place of the random-intercept cross-lagged panel model of the blueprint, which the suite
  does not have. Its intervals rest on the standard error of 100 bootstrap samples.
- In S13 an estimate is given only where it tells something, which is where somebody without the virus is depressed: the
  mean of those estimates is not that of all cohorts, and no demand is made of their bias.
- In S17 two-stage least squares with ln IL-6 as the instrument removes the error of one sample of CRP, which the naive
  slope has as well as the infection.
- Interaction (S21) stands on [the first page](diagnosis.md), and with more people on [a page of its
  own](diagnosis_synergy.md). Trauma with infection is not asked about: trauma as the form has it is no exposure
  of which the truth by intervention is known.
- The set that an analyst can measure lacks the familial liability `u_fam`, but for S16.
"""
)
SYNERGY = (
    """# Methods against known truth: disease and infection together

The question of S21 in more people than on [the first page](diagnosis.md), told as ADEMP (Morris, White and Crowther
2019, Stat Med 38:2074). It is about methods in synthetic people and says nothing of the world. Made by
"""
    + COMMANDS
    + """
- **Aims:** that interaction is told right on both scales where odds multiply exactly, which is more than adding risks.
- **Data:** {studies} study of {replicates} replicates; scenario `additive_synergy`, complete values, depression by
  interview. Size and seed were fixed in [`{name}.yaml`](diagnosis/{name}.yaml) beforehand.
- **Estimands:** the relative excess risk due to interaction, and the ratio of odds ratios, by intervention in other
  people; the Monte-Carlo error of the truth is part of every error below."""
    + PERFORMANCE
    + """
**What stays open.** The set that an analyst can measure lacks the familial liability `u_fam`. In cohorts other than
those below the excess risk fell when it was added: {liability}. From
[single estimates](diagnosis/liability_synergy.csv), made once with and once without `--option liability=yes` by

```
cohort diagnose additive_synergy --method excess_risk --from complete --n 150000 --replicates 30 --seed 2026112493
```
"""
)
FIGURE = """
![Bias, coverage, standard errors and wrong verdicts of each method](diagnosis/{name}/performance.png)

"""
HEADS = {"comorbidity": COMORBIDITY + FIGURE, "adversity": ADVERSITY + FIGURE, "synergy": SYNERGY + FIGURE}


def liability_words(estimates: pd.DataFrame) -> str:
    """Return by how much estimates fall when the liability is in the set, study by study."""
    fall = (estimates["without"] - estimates["with"]).groupby(estimates["study"], sort=False)
    told = fall.agg(["mean", "sem", "size"])
    return ", ".join(
        f"{row['mean']:.3f} (SE {row['sem']:.3f}) in {row['size']:.0f} of {study}" for study, row in told.iterrows()
    )


def main() -> None:
    """Store a finished run, if one is named, and write the page."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in PAGES:
        sys.exit(f"Name a study: {' or '.join(PAGES)}.")
    stored = DOCS / "diagnosis" / name
    if len(sys.argv) > 2:
        stored.mkdir(parents=True, exist_ok=True)
        for file in FILES:
            shutil.copyfile(Path(sys.argv[2]) / file, stored / file)
    table, checks = (pd.read_csv(stored / file) for file in FILES[:2])
    Picture(draw_performance(table)).save(stored / "performance.png")
    reasons = pd.read_csv(DOCS / "diagnosis" / "reasons.csv")
    plan = load_plan(DOCS / "diagnosis" / f"{name}.yaml")
    single = "liability_synergy.csv" if name == "synergy" else "liability.csv"
    liability = liability_words(pd.read_csv(DOCS / "diagnosis" / single))
    head = HEADS[name].format(
        name=name, studies=table["study"].nunique(), replicates=plan.replicates, liability=liability
    )
    write_text(DOCS / PAGES[name], head + page(table, checks, reasons, load_rules()) + "\n")
    print(f"{int(checks['passes'].sum())} of {len(checks)} demands hold")


if __name__ == "__main__":
    main()
