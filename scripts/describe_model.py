"""Write docs/model.md, the causal model node by node, and docs/model.png, its picture."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cohort.synthetic import load_scenario
from cohort.synthetic.model import MODEL, edges
from cohort.synthetic.node import Node

DOCS = Path(__file__).resolve().parent.parent / "docs"
ROOMS = {
    "background": "families, who people are, what they inherit, their early life",
    "history": "life before baseline, and lifestyle",
    "immune": "infections, autoimmune disease, drugs, inflammation",
    "clinical": "neurochemistry, depression and what goes with it",
    "questionnaires": "what questionnaires make of it",
    "assays": "what a laboratory makes of it",
    "recruitment": "who comes into the cohort, records, what is missing",
    "waves": "two waves after baseline",
}

# The picture: groups of nodes, each with its column and row, and the words in its box.
GROUPS: dict[str, tuple[float, float, str, tuple[str, ...]]] = {
    "people": (0, 3.2, "People", ("age", "sex", "ancestry", "birth_year", "ses_parent", "family", "role", "season")),
    "genes": (
        0,
        1.1,
        "Genes, liability",
        (
            "u_family",
            "u_person",
            "u_fam",
            "u_help",
            "prs_dep",
            "prs_aid",
            "prs_bmi",
            "prs_crp",
            "prs_il6",
            "httlpr",
            "aid_susceptibility",
        ),
    ),
    "early": (
        1,
        3.2,
        "Early life",
        ("trauma", "trauma_latent", "trauma_severe", "prenatal_infection", "prenatal_stress", "paternal_infection"),
    ),
    "past": (1, 1.1, "The past", ("aid_past", "dep_onset", "dep_past", "early_onset_*", "past_onset_*")),
    "lifestyle": (
        2,
        3.2,
        "Lifestyle",
        ("education", "smoking", "activity", "diet", "bmi", "oc_use", "ssri_t0", "type_2_diabetes", "statin"),
    ),
    "infection": (
        2,
        1.1,
        "Infections",
        ("cmv", "hsv1", "toxoplasma", "ebv_titre", "hosp_infection", "pelvic_infection", "acute_infection"),
    ),
    "disease": (
        3,
        3.2,
        "Autoimmunity",
        ("onset_* of eight diseases", "aid", "pain", "nsaid", "glucocorticoid", "levothyroxine", "insulin"),
    ),
    "immune": (
        3,
        1.1,
        "Inflammation",
        (
            "inflam",
            "crp_true",
            "il6_true",
            "tnf_true",
            "nlr_true",
            "wbc_true",
            "igg_true",
            "glutathione_true",
            "microbiome",
        ),
    ),
    "neuro": (4, 1.1, "Neurochemistry", ("kyn_trp", "trp", "platelet_5ht", "cortisol")),
    "depression": (
        4,
        3.2,
        "Depression",
        ("dep", "severity", "sev_somatic", "perceived_stress", "ssri_t2", "accidental_injury"),
    ),
    "measured": (
        5,
        2.15,
        "Measurement",
        (
            "phq9, bdi2, hamd17",
            "pss10, ctq_obs, denial",
            "crp_obs and 16 assays",
            "plate, centre, hour",
            "diagnosis on record",
        ),
    ),
    "selection": (5, 0.35, "Selection", ("s_clinic, s_volunteer", "s_control, recruitment", "r_ctq, r_blood, …")),
    "waves": (5, 4.0, "Two later waves", ("bmi, inflam, dep", "severity, phq9, crp", "retained")),
}


def group_of(node: str) -> str:
    """Return the group of the picture that a node belongs to."""
    for name, (*_, members) in GROUPS.items():
        if any(node == word or (word.endswith("*") and node.startswith(word[:-1])) for word in members):
            return name
    prefixes = {"early_onset": "past", "past_onset": "past", "onset": "disease", "r_": "selection"}
    for prefix, group in prefixes.items():
        if node.startswith(prefix):
            return group
    if node[-1] in "12" and node[-2] == "_":
        return "waves"
    room = next(found.draw.__module__.rsplit(".", 1)[1] for found in MODEL if found.name == node)
    here = {"questionnaires": "measured", "assays": "measured", "recruitment": "selection", "immune": "disease"}
    return here.get(
        room, {"landmark": "past", "visit_day": "people", "platelets": "genes", "transit": "genes"}.get(node, "people")
    )


def draw(path: Path) -> None:
    """Write the picture: groups as boxes, an arrow where a node of one is a cause of a node of another."""
    blue, ink, muted = "#0072b2", "#222222", "#8a8a8a"
    figure, axes = plt.subplots(figsize=(13.5, 7.2), dpi=110)
    width, step = 2.0, 2.42
    boxes: dict[str, tuple[float, float, float, float]] = {}
    for name, (column, row, title, members) in GROUPS.items():
        lines = textwrap.wrap(", ".join(members), 25) if len(members) > 5 else list(members)
        height = 0.42 + 0.19 * len(lines)
        left, bottom = column * step, row - height / 2
        boxes[name] = (left, bottom, width, height)
        axes.add_patch(
            FancyBboxPatch(
                (left, bottom), width, height, "round,pad=0,rounding_size=0.06", fc="white", ec=blue, lw=1.3, zorder=3
            )
        )
        axes.text(left + 0.08, bottom + height - 0.2, title, fontsize=10.5, weight="bold", color=ink, zorder=4)
        for k, line in enumerate(lines):
            axes.text(left + 0.08, bottom + height - 0.42 - 0.19 * k, line, fontsize=8, color=ink, zorder=4)
    pairs: dict[tuple[str, str], int] = {}
    for cause, effect in edges():
        pair = (group_of(cause), group_of(effect))
        if pair[0] != pair[1]:
            pairs[pair] = pairs.get(pair, 0) + 1
    for (a, b), count in sorted(pairs.items()):
        (la, ba, wa, ha), (lb, bb, wb, hb) = boxes[a], boxes[b]
        forward = lb > la
        start = (la + wa, ba + ha / 2) if forward else (la + wa / 2, ba if bb < ba else ba + ha)
        end = (lb, bb + hb / 2) if forward else (lb + wb / 2, bb + hb if bb < ba else bb)
        axes.add_patch(
            FancyArrowPatch(
                start, end, arrowstyle="-|>", mutation_scale=9, lw=0.5 + 0.22 * min(count, 12), color=muted, alpha=0.5,
                connectionstyle="arc3,rad=0.06", shrinkA=1, shrinkB=2, zorder=1,
            )
        )  # fmt: skip
    axes.set_xlim(-0.1, 5 * step + width + 0.1)
    axes.set_ylim(-0.55, 4.75)
    axes.axis("off")
    axes.set_title(
        f"The structural causal model: {len(MODEL)} nodes, {len(edges())} arrows, from causes on the left to "
        "measurement on the right",
        fontsize=12, color=ink, loc="left",
    )  # fmt: skip
    axes.text(0, -0.42, "A thicker arrow stands for more arrows between nodes. Names are those of docs/model.md.",
              fontsize=8.5, color=muted)  # fmt: skip
    figure.savefig(path, bbox_inches="tight", facecolor="white", metadata={"Software": None})
    plt.close(figure)


def _numbers(values: Mapping[str, Any]) -> str:
    if not values:
        return ""
    parts = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            inside = ", ".join(f"{cause} {strength:g}" for cause, strength in value.items())
            parts.append(f"{name.replace('_', ' ')}: {inside}")
        elif isinstance(value, list):
            parts.append(f"{name.replace('_', ' ')} {', '.join(f'{v:g}' for v in value)}")
        else:
            parts.append(f"{name.replace('_', ' ')} {value:g}")
    return "; ".join(parts)


def _row(node: Node, values: Mapping[str, Any]) -> str:
    causes = ", ".join(f"`{name}`" for name in node.parents) or "–"
    equation = " ".join(node.equation.split())
    unit = node.unit or ("" if not node.columns else f"{node.columns} values")
    return f"| `{node.name}` | {unit} | {causes} | {equation} | {_numbers(values)} |"


def text() -> str:
    """Return docs/model.md."""
    world = load_scenario("default")
    lines = [
        "# The causal model, node by node",
        "",
        "Written by `python scripts/describe_model.py` from the code and from `synthetic_data/scenarios/default.yaml`;",
        "a test holds it to them. Causes stand before effects. A *slope* adds per unit of a cause; an *odds ratio*",
        "or *rate ratio* multiplies per unit; sources of the numbers stand in `default.yaml`.",
        "",
        f"{len(MODEL)} nodes, {len(edges())} arrows.",
    ]
    for room, words in ROOMS.items():
        lines += [
            "",
            f"## `{room}.py`: {words}",
            "",
            "| node | unit | causes | equation | numbers |",
            "|---|---|---|---|---|",
        ]
        here = [node for node in MODEL if node.draw.__module__ == f"cohort.synthetic.{room}"]
        lines += [_row(node, world.knobs[node.settings]) for node in here]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (DOCS / "model.md").write_text(text(), encoding="utf-8", newline="\n")
    draw(DOCS / "model.png")
