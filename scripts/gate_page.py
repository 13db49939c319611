"""The page docs/subgroup_gate.md and its figure, made from the stored cells of scripts/diagnose_gate.py."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cohort.output import write_text
from cohort.plots import Picture
from cohort.plots.style import BLUE, GREEN, MUTED, VERMILION, panels, use_style
from cohort.plots.text import NORMAL

CRITERIA = {"silhouette": "silhouette", "gap": "gap statistic", "bic_raw": "BIC, raw", "stability": "stability"}
_NOTE = (
    "Vertical lines: 95 % Monte-Carlo intervals; lower right: a mark per world and n. Shifts by marker add up over "
    "markers, so that the same number is a larger distance than in the panels by distance. About a method in synthetic "
    "people."
)
_SIZES = {500: (VERMILION, "o"), 1000: (BLUE, "s"), 2000: (GREEN, "D")}
_HEAD = """# The gate for discrete subgroups: error rates, power, number of groups

A simulation study told as ADEMP (Morris, White and Crowther 2019, Stat Med 38:2074). It is about a method in synthetic
people and says nothing of the world. Made by

```
OMP_NUM_THREADS=1 python scripts/diagnose_gate.py
```

- **Aims:** that the gate (`cohort.analysis.subgroups.discrete_subgroups`) seldom names groups in one population, finds
  groups that are far enough apart, and that the number of groups told is not too high.
- **Data:** the worlds below, fixed with seeds and sizes in [`plan.yaml`](diagnosis/gate/plan.yaml) before they were
  drawn, made in `scripts/gate_worlds.py`; and scenarios of `synthetic_data/scenarios` (clean person table, people with
  all markers and covariates), prepared by the package's own `prepare_markers`.
- **Estimands:** whether there are discrete groups, and how many.
- **Methods:** the gate with the settings that users get, {splits} splits and {draws} draws. Beside it on the same data
  in the first replicates: largest silhouette of k-means (k = 2 to 4) above 0.25 and the smallest BIC of Gaussian
  mixtures (k = 1 to 3), both on standardised raw markers, as published work has it; gap statistic that chooses k > 1
  and bootstrap Jaccard of at least 0.75 in both clusters of k = 2, on prepared log markers.
- **Performance:** share of data sets with tier 3, and with tier 2 or 3; adjusted Rand index (ARI) of the classes with
  the true groups. Monte-Carlo standard errors (SE) in brackets.

Every replicate stands as one digit in [type_1.csv](diagnosis/gate/type_1.csv), [others.csv](diagnosis/gate/others.csv),
[power.csv](diagnosis/gate/power.csv) and [number.csv](diagnosis/gate/number.csv); a slow test draws the first
replicates anew and compares them.

![Power of the gate, and false discoveries beside other criteria](diagnosis/gate/gate.png)

"""


def share(digits: str, least: int) -> float:
    """Return the share of replicates whose digit is at least so much."""
    return sum(int(digit) >= least for digit in digits) / len(digits)


def error(proportion: float, replicates: int) -> float:
    """Return the Monte-Carlo standard error of a share."""
    return math.sqrt(proportion * (1 - proportion) / replicates)


def allowed(limit: float, replicates: int) -> float:
    """Return what a share may be: the limit and two Monte-Carlo standard errors at the limit."""
    return limit + 2 * error(limit, replicates)


def percent(proportion: float, replicates: int | None = None) -> str:
    """Return a share as per cent, with its Monte-Carlo standard error when the replicates are given."""
    told = f"{100 * proportion:.1f}".removesuffix(".0")
    return told if replicates is None else f"{told} ({100 * error(proportion, replicates):.1f})"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def type_1_rows(plan: Mapping[str, Any], stored: pd.DataFrame, others: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row per world and size: shares of tier 3 and of tier 2 or 3, whether both pass, other criteria."""
    rows = []
    for cell in stored.itertuples():
        count = len(cell.tiers)
        least = {tier: share(cell.tiers, tier) for tier in (2, 3)}
        passes = max(least.values()) <= allowed(plan["type_1"]["limit"], count)
        row = {"world": cell.world, "n": cell.n, "replicates": count, **least, "passes": passes}
        if len(others):
            same = others[(others["world"] == cell.world) & (others["n"] == cell.n)]
            row |= {name: same[name].iloc[0] for name in CRITERIA if len(same)}
        rows.append(row)
    return rows


def _type_1(plan: Mapping[str, Any], rows: list[dict[str, Any]], reasons: Mapping[str, str]) -> str:
    told = plan["type_1"]
    lines = []
    for row in rows:
        count = row["replicates"]
        words = told["worlds"].get(row["world"], "scenario")
        name = f"`{row['world']}`: {words}" if row["n"] == min(told["sizes"]) else f"`{row['world']}`"
        shares = [percent(row[tier], count) for tier in (2, 3)]
        known = [percent(share(row[c], 1)) if c in row else "not drawn" for c in CRITERIA]
        lines.append([name, f"{row['n']:,}", *shares, "yes" if row["passes"] else "**no**", *known])
    head = ["world", "n", "tier 2 or 3, % (SE)", "tier 3, % (SE)", "passes", *(f"{c}, %" for c in CRITERIA.values())]
    replicates = sorted({row["replicates"] for row in rows})
    counts = " or ".join(f"{count:,}" for count in replicates)
    others = ", ".join(f"{count} at n = {n:,}" for n, count in plan["others"]["replicates"].items())
    limits = " or ".join(f"{100 * allowed(told['limit'], count):.1f} %" for count in replicates)
    text = f"""## One population

{counts} replicates; other criteria in the first ({others}). A world passes when neither share is above
{100 * told["limit"]:.0f} % and two Monte-Carlo SE ({limits}). None of the nine worlds is among those
that the gate was made on. Where none of {max(replicates):,} has groups, the true share is below
{percent(1 - 0.05 ** (1 / max(replicates)))} % with 95 % confidence.

{_table(head, lines)}
"""
    failing = sorted({row["world"] for row in rows if not row["passes"]})
    if not failing:
        return text + "\nEvery world and size drawn passes.\n"
    why = "\n".join(f"- `{world}`: {reasons.get(world, 'no reason is known')}" for world in failing)
    return f"{text}\n**What fails, and why:**\n\n{why}\n"


def _power(plan: Mapping[str, Any], stored: pd.DataFrame) -> str:
    told = plan["power"]
    lines = []
    for cell in stored.sort_values(["place", "apart", "n"]).itertuples():
        count = len(cell.tiers)
        shares = [percent(share(cell.tiers, tier), count) for tier in (2, 3)]
        ari = "" if pd.isna(cell.ari) else f"{cell.ari:.2f} ({cell.ari_replicates})"
        lines.append([f"`{cell.world}`", f"{cell.apart:g}", f"{cell.n:,}", str(count), *shares, ari])
    words = "\n".join(f"- `{name}`: {text}" for name, text in told["worlds"].items())
    demand = told["demand"]
    at = stored[(stored["apart"] == demand["separation"]) & (stored["n"] == demand["n"])]
    found = {cell.world: share(cell.tiers, 3) for cell in at.sort_values("place").itertuples()}
    reached = [name for name, power in found.items() if power >= demand["tier_3"]]
    missed = [f"`{name}` ({percent(power)} %)" for name, power in found.items() if power < demand["tier_3"]]
    judged = ", ".join(f"`{name}` ({percent(found[name])} %)" for name in reached) or "none"
    head = ["world", "SD", "n", "replicates", "tier 2 or 3, % (SE)", "tier 3, % (SE)", "ARI (data sets)"]
    return f"""## Power

{words}
- `three_subgroups_near`, `true_three_subgroups`, `three_subgroups_far`: the scenarios S8, three groups of 55, 27 and
  18 %, every two equally far apart by that distance in four of the log markers, before errors of measurement and
  before adjustment.

A shift of three markers by so many SD each is a distance {_ratio():.2f} times as large along the line between the
groups: the markers add up.

Demanded is tier 3 in at least {100 * demand["tier_3"]:.0f} % at {demand["separation"]:g} SD and n = {demand["n"]:,}.
Reached: {judged}. Not reached: {", ".join(missed) or "none"}. {_why_missed(missed)}

{_table(head, lines)}

ARI is of the tied Gaussian mixture that BIC prefers, in the first data sets with tier 3.
"""


def _why_missed(missed: list[str]) -> str:
    if not missed:
        return ""
    return (
        "Where distance is measured along the line between the groups, two Gaussians of one variance have two peaks "
        "only beyond 2 SD, and at 3 SD the valley is shallow; with a third group the axis of two groups mixes two."
    )


def _ratio() -> float:
    """Return the Mahalanobis length of a shift of one SD in three of the six markers of the worlds of groups."""
    covariance = 0.75 * np.eye(6) + 0.25
    shift = np.repeat([1.0, 0.0], 3)
    return float(np.sqrt(shift @ np.linalg.solve(covariance, shift)))


def number_rows(plan: Mapping[str, Any], stored: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row per world and size: shares of numbers told, and whether a world of two groups passes."""
    rows = []
    for cell in stored.itertuples():
        count, truth = len(cell.said), 2 if cell.world in plan["number"]["two_groups"] else 3
        above = sum(int(digit) > truth for digit in cell.said) / count
        rows.append(
            {
                "world": cell.world, "n": cell.n, "apart": cell.apart, "replicates": count, "truth": truth,
                **{told: cell.said.count(str(told)) / count for told in (1, 2, 3)},
                "four": share(cell.said, 4), "above": above, "ari": cell.ari,
                "passes": above <= allowed(plan["number"]["limit"], count),
            }
        )  # fmt: skip
    return rows


def _number(plan: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    told = plan["number"]
    words = told["two_groups"] | told["three_groups"]
    lines = []
    for row in sorted(rows, key=lambda row: (list(words).index(row["world"]), row["n"])):
        ari = "" if pd.isna(row["ari"]) else f"{row['ari']:.2f}"
        name = f"`{row['world']}`: {words[row['world']]}"
        shares = [percent(row[said]) for said in (1, 2, 3, "four")]
        above = percent(row["above"], row["replicates"])
        passes = "yes" if row["passes"] else "**no**"
        lines.append([name, str(row["truth"]), f"{row['n']:,}", str(row["replicates"]), *shares, above, passes, ari])
    holds = all(row["passes"] for row in rows)
    verdict = (
        'No world drawn is told more groups than it has more often than allowed, so that `number_of_groups` says "at '
        'least two" or "at least three", as far as it finds them.'
        if holds
        else 'The error rate does not hold everywhere, so that "at least two" is all that may be said.'
    )
    head = ["world", "groups", "n", "replicates", "none, %", "2, %", "3, %", "4 or more, %", "too many, % (SE)"]
    head += ["passes", "ARI of the parts"]
    return f"""## Number of groups

A cohort at tier 3 is cut by axes learnt on other people, the place along the axis is taken out of the markers as a
covariate is, and the gate is asked again within each part, with a threshold that rises with the number of parts
(Bonferroni). Groups on one line are not told apart beyond the first cut; hence always "at least".
Distance {", ".join(f"{apart:g}" for apart in told["separations"])} SD (in `three_by_marker` by marker). {verdict}

{_table(head, lines)}
"""


def draw_figure(plan: Mapping[str, Any], stored: Mapping[str, pd.DataFrame]) -> Picture:
    """Return power by distance, and false discoveries of the gate beside those of other criteria."""
    worlds = list(plan["power"]["worlds"])
    with use_style():
        places = panels(
            None, 2, 3, size=(10.2, 6.6),
            title="Tier 3 of the gate where there are groups, and groups found where there are none",
            note=_NOTE,
        )  # fmt: skip
        titles = {
            "two_by_marker": "Two groups, shift of 3 markers", "three_by_marker": "Three groups, shift of 3 markers",
            "two": "Two groups, by distance", "equilateral": "Three groups, by distance", "S8": "Scenarios S8",
        }  # fmt: skip
        power = stored["power"]
        scenarios = list(plan["power"]["scenarios"])
        for ax, (world, title) in zip(places, titles.items(), strict=False):
            here = power[power["world"].isin(scenarios if world == "S8" else [world])] if len(power) else power
            _draw_power(ax, here, title, legend=world == worlds[0])
        _draw_false(places[5], type_1_rows(plan, stored["type_1"], stored["others"]))
    return Picture(places[0], "Power of the gate by distance, and false discoveries beside other criteria")


def _draw_power(ax: Any, here: pd.DataFrame, title: str, *, legend: bool) -> None:
    ax.axhline(0.8, color=MUTED, linewidth=0.8, linestyle=":")
    for n, (colour, marker) in _SIZES.items():
        part = here[here["n"] == n].sort_values("apart") if len(here) else here
        if not len(part):
            continue
        found = np.array([share(digits, 3) for digits in part["tiers"]])
        bars = [1.96 * error(p, len(digits)) for p, digits in zip(found, part["tiers"], strict=True)]
        ax.errorbar(part["apart"], found, yerr=bars, color=colour, marker=marker, markersize=4.5, label=f"n = {n:,}")
    ax.set_title(title, fontsize=NORMAL)
    ax.set(xlabel="SD", ylabel="share at tier 3", ylim=(-0.04, 1.04), xlim=(1.3, 4.2))
    if legend and len(here):
        ax.legend(loc="lower right", frameon=False)


def _draw_false(ax: Any, rows: list[dict[str, Any]]) -> None:
    """Draw one dot per world and size for each criterion, and the largest allowed share of the gate."""
    names = {3: "gate, tier 3", 2: "gate, tier 2 or 3", **CRITERIA}
    for place, key in enumerate(names):
        known = [row[key] if isinstance(key, int) else share(row[key], 1) for row in rows if key in row]
        scatter = np.linspace(-0.22, 0.22, len(known)) if known else []
        gate = isinstance(key, int)
        ax.plot(known, place + np.asarray(scatter), "s" if gate else "o", color=BLUE if gate else VERMILION,
                markersize=4, markerfacecolor=BLUE if gate else "white", linestyle="none")  # fmt: skip
    ax.axvline(0.05, color=MUTED, linewidth=0.8, linestyle=":")
    ax.set(title="One population", xlabel="share with groups found", xlim=(-0.04, 1.04))
    ax.set_yticks(range(len(names)), list(names.values()))
    ax.invert_yaxis()


def write_page(plan: Mapping[str, Any], stored: Mapping[str, pd.DataFrame], docs: Path) -> None:
    """Write docs/subgroup_gate.md and the figure.

    Parameters
    ----------
    plan
        docs/diagnosis/gate/plan.yaml.
    stored
        The cells of each part.
    docs
        Folder of the page.
    """
    folder = docs / "diagnosis" / "gate"
    known = pd.read_csv(folder / "reasons.csv", encoding="utf-8")
    reasons = dict(zip(known["world"], known["reason"], strict=True))
    order = {name: place for place, name in enumerate([*plan["power"]["worlds"], *plan["power"]["scenarios"]])}
    text = _HEAD.format(**plan["gate"])
    text += _type_1(plan, type_1_rows(plan, stored["type_1"], stored["others"]), reasons)
    if len(stored["power"]):
        text += "\n" + _power(plan, stored["power"].assign(place=stored["power"]["world"].map(order)))
    if len(stored["number"]):
        text += "\n" + _number(plan, number_rows(plan, stored["number"]))
    write_text(docs / "subgroup_gate.md", text)
    draw_figure(plan, stored).save(folder / "gate.png")
