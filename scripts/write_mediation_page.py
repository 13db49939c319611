"""Write ``docs/mediation.md`` from ``docs/diagnosis/mediation.csv``, which ``scripts/diagnose_mediation.py`` made.

Every number of the page is of the table or of the settings of the study; what does not pass is listed with its reason.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))
import diagnose_mediation as study

from cohort.output import write_text

REASONS = {
    ("interaction", "complete cases"): (
        "who lacks a value depends on exposure and outcome, so that the people who are left are no sample of all"
    ),
    ("interaction", "imputed"): (
        "one model for everybody imputes the mediator as if it acted alike in exposed and unexposed, which draws the "
        "interaction towards none; imputation within exposed and unexposed lets it differ"
    ),
    ("not identified", "complete data"): (
        "education and past depression are consequences of trauma that act on smoking, body mass index and outcome: "
        "left out they confound mediators and outcome, held they would close ways of the effect. Such data do not tell "
        "the part through these two mediators alone, only that through all four; the total effect is not touched"
    ),
}
OTHER = "no reason is known; it stands here as it is"
TITLES = {
    "interaction": "A strong interaction of exposure and mediator",
    "literature": "The generator's world: trauma, smoking, body mass index, CRP",
    "not identified": "The generator's world as the literature has it: an assumption fails",
}


def as_markdown(table: pd.DataFrame) -> str:
    """Return rows of the table: bias and coverage with their Monte-Carlo errors, what does not pass in bold."""
    lines = [
        "| outcome | effect (truth) | method | cohorts | bias (MC SE) | coverage (MC SE) | empirical SE | model SE |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        effect = str(row.effect).replace("risk ratio", "log risk ratio")
        bias = f"{row.bias:+.4f} ({row.bias_mc_se:.4f})"
        coverage = f"{row.coverage:.3f} ({row.coverage_mc_se:.3f})"
        cells = [
            str(row.outcome),
            f"{effect} ({row.truth:.4f})",
            str(row.method),
            str(row.replicates) + (f" (+ {row.without_estimate} without estimate)" if row.without_estimate else ""),
            bias if row.bias_passes else f"**{bias}**",
            coverage if row.coverage_passes else f"**{coverage}**",
            f"{row.empirical_se:.4f}",
            f"{row.model_se:.4f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def failures(table: pd.DataFrame) -> str:
    """Return what does not pass, by world and method, with the reason."""
    lines = []
    for (world, method), part in table.groupby(["world", "method"], sort=False):
        failed = part[~(part["bias_passes"] & part["coverage_passes"])]
        if failed.empty:
            continue
        told = "; ".join(
            f"{row.effect} ({row.outcome}; "
            + ", ".join(
                word
                for word, passes in (
                    (f"bias {row.bias:+.4f} on {row.truth:.4f}", row.bias_passes),
                    (f"coverage {row.coverage:.3f}", row.coverage_passes),
                )
                if not passes
            )
            + ")"
            for row in failed.itertuples()
        )
        reason = REASONS.get((str(world), str(method)), OTHER)
        lines.append(f"- **{world}, {method}**: {len(failed)} of {len(part)} do not pass. {told}. Reason: {reason}.")
    unrun = [
        f"- **{name}, {kind} outcome**: not run, for the sake of time; it counts as not shown."
        for name, world in study.WORLDS.items()
        for kind in study.OUTCOMES
        if kind not in world.outcomes
    ]
    return "\n".join([*lines, *unrun]) or "Everything passes."


def summary(table: pd.DataFrame) -> str:
    """Return how many effects pass by world and method, and the range of coverage."""
    lines = [
        "| world | method | effects | bias passes | coverage passes | coverage, least to most |",
        "|---|---|---|---|---|---|",
    ]
    for (world, method), part in table.groupby(["world", "method"], sort=False):
        low, high = part["coverage"].min(), part["coverage"].max()
        lines.append(
            f"| {world} | {method} | {len(part)} | {int(part['bias_passes'].sum())} | "
            f"{int(part['coverage_passes'].sum())} | {low:.3f} to {high:.3f} |"
        )
    return "\n".join(lines)


def by_exposure(table: pd.DataFrame) -> str:
    """Return what imputation in one model and within exposed and unexposed do to the indirect effect, in words."""
    indirect = table[(table["world"] == "interaction") & (table["effect"].str.startswith("natural indirect"))]
    told = []
    for outcome, effect in indirect[["outcome", "effect"]].drop_duplicates().itertuples(index=False):
        part = indirect[(indirect["outcome"] == outcome) & (indirect["effect"] == effect)].set_index("method")
        one, own = (part.loc[method] for method in ("imputed", "imputed by exposure"))
        shares = (f"{row['bias'] / row['truth']:+.1%}".replace("%", " %") for row in (one, own))
        told.append(f"{' against '.join(shares)} of its {effect.split(', ')[1].replace('risk r', 'log risk r')}")
    return "; ".join(told)


def narrowing(table: pd.DataFrame) -> str:
    """Return how much the imputed standard errors exceed those without gaps, in words."""
    parts = table[table["effect"].str.contains("natural indirect")].set_index(["world", "outcome", "effect"])
    known, filled = (parts.loc[parts["method"] == method, "model_se"] for method in ("complete data", "imputed"))
    ratio = (filled / known).dropna()
    return f"{ratio.min():.2f} to {ratio.max():.2f}"


def page(table: pd.DataFrame) -> str:
    """Return the page."""
    worlds = study.WORLDS
    first, second, third = worlds.values()
    counts = study.REPLICATES
    sections = "\n\n".join(
        f"### {TITLES[name]}\n\n{worlds[name].n:,} people in each cohort; "
        f"mediators: {', '.join(worlds[name].mediators)}; held: {', '.join(worlds[name].adjustment)}.\n\n"
        f"{as_markdown(part)}"
        for name, part in table.groupby("world", sort=False)
    )
    several = np.round((table["model_se"] / table["empirical_se"]).quantile([0.05, 0.95]).to_numpy(), 2)
    return f"""# Mediation: does it find what is known by intervention?

`cohort.analysis.mediation` splits the effect of an exposure into a direct part and parts through mediators, by
g-computation and bootstrap. This page shows on synthetic people whose effects are known by intervention what it can and
cannot do. It is about the method and says nothing of the world. The page is written by
`python scripts/write_mediation_page.py` from `docs/diagnosis/mediation.csv`, which
`OMP_NUM_THREADS=1 python scripts/diagnose_mediation.py` makes (seed {study.SEED}).

## What was asked

- **Aims.** Bias and coverage of the total, the natural direct and the natural indirect effect, and of the
  interventional effects through each of two mediators; for a continuous and a yes/no outcome; with everything known and
  with a fifth of a mediator and a fifth of a covariate missing at random, given exposure and outcome.
- **Data.** *interaction*: two normal covariates, a yes/no exposure, a normal mediator whose effect on both outcomes
  depends on the exposure; the models hold exactly. *literature*: people of the package's own causal model (scenario
  `literature_like`), childhood trauma, smoking and body mass index, and ln CRP, in which education and past depression
  are made no consequences of trauma, so that natural effects are identified; the models of the analysis hold nearly.
  *not identified*: the same world as the literature has it, in which they are; ln CRP and depression, a rare outcome.
- **Estimands.** The effects by intervention: everybody's outcome with the exposure set, and mediators set to what they
  would be with or without it, the same people and the same errors in each arm; interventional effects with each
  mediator drawn anew. Monte-Carlo errors of the truth are in the table and enter those of the bias. With one mediator
  the interventional effects are the natural ones.
- **Methods.** `natural_effects` and `interventional_effects` with exposure-mediator interaction. *complete data*:
  nothing missing, {first.bootstrap[0]}, {second.bootstrap[0]} and {third.bootstrap[0]} bootstrap samples in the three
  worlds, percentile intervals. *complete cases* (of the first world): rows with all values, {first.bootstrap[1]}
  samples. *imputed*: {first.imputations} and {second.imputations} imputations of {study.ROUNDS} rounds,
  {first.bootstrap[2]} and {second.bootstrap[2]} bootstrap samples of each, pooled by Rubin's rules. *imputed by
  exposure*: the same, within exposed and unexposed.
- **Imputation, then bootstrap.** Each imputed table is bootstrapped and its bootstrap variance is the variance within
  imputations of Rubin's rules. Schomaker & Heumann 2018 (Stat Med 37:2252) find it to cover, as bootstrapping first
  does at many times the cost; Bartlett & Hughes 2020 (Stat Methods Med Res 29:3533) find that it does where imputation
  and analysis agree, and that only imputation inside the bootstrap does where they do not.
- **Performance.** {counts["complete"]} cohorts with complete data, in the first {counts["missing"]} of which values are
  hidden as well; {counts["not identified"]} in the third world. Coverage passes when it is within 0.015 + 3 Monte-Carlo
  standard errors of 0.95, bias when it is within 3 Monte-Carlo standard errors of zero or below a tenth of the truth.
  Seeds and rules stood in the script before the method was looked at. Sizes did not: cohorts, bootstrap samples and
  people were cut for the sake of time after runs of three cohorts of each world, those of the second and third world
  again when the results of the first were known, and the people of the truth when the continuous results were.

## What it shows

{summary(table)}

Standard errors say what estimates do: model over empirical SE is {several[0]:.2f} to {several[1]:.2f} in nine tenths of
all rows. Gaps make the standard error of the natural indirect effect {narrowing(table)} times that without gaps.

Where exposure and mediator interact, imputation in one model draws the interaction towards none even where it passes:
the bias of the natural indirect effect is, in one model against within exposed and unexposed, {by_exposure(table)}.
With a yes/no exposure that nobody lacks, `imputed(…, by=exposure)` is the better choice.

## What does not pass

{failures(table)}

## All numbers

Bold: does not pass. Risk ratios are on their logarithm.

{sections}

## Pinned elsewhere

`tests/unit/analysis/mediation` holds the estimates to base R: closed forms of Valeri & VanderWeele 2013 with their
delta-method standard errors (linear models with interaction; odds ratios of a rare outcome), numerical integrals and
exact sums for yes/no, ordered and multinomial mediators, several in order, and sampling weights. R's `mediation`,
`regmedint` and `CMAverse` are not in Debian; `r/*.R` beside the tests holds their formulas.
"""


def main() -> int:
    """Write the page."""
    write_text(study.PAGE, page(study.read_table(study.TABLE)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
