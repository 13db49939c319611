"""Figures of notebook 03 that need more than one call: results of an analysis in, Axes out."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

import networkx as nx
import pandas as pd
from matplotlib.axes import Axes

from cohort.analysis.adversity_curves import Curve
from cohort.analysis.adversity_paths import DIRECT, THROUGH, TOTAL, Mediated
from cohort.analysis.causal import AdjustmentSet, load_graph
from cohort.analysis.variables import readable
from cohort.plots import draw_dose_response, draw_forest, draw_graph, draw_interaction, draw_paths
from cohort.plots.paths import PathDiagram
from cohort.plots.style import WIDTH, empty_axes, panels
from cohort.report.tables import truth_of
from cohort.results import Estimate, NotTestable, Result, ResultTable
from cohort.study import Study

_PAIRS_TOLD = ("product of odds ratios", "relative excess risk due to interaction", "ratio of slopes")
_UNITS = {"ctq_total": "CTQ-SF total (25 to 125)", "bmi_kg_m2": "Body mass index (kg/m²)"}


def open_paths_figure(chosen: AdjustmentSet, *, mediators: Collection[str], title: str) -> Axes:
    """Return the causal graph of a question: what is closed by adjustment, and a path that each missing cause opens.

    Parameters
    ----------
    chosen
        What is adjusted for, and what is missing.
    mediators
        Nodes on the way from exposure to outcome to show.
    title
        What is shown.
    """
    causal = load_graph()
    start, end = causal.node_of(chosen.exposure), causal.node_of(chosen.outcome)
    held = [node for node in chosen.nodes if node not in chosen.missing]
    free = causal.graph.subgraph(set(causal.graph) - {start, *held})
    ways = {
        node: nx.shortest_path(free, node, end)
        for node in chosen.missing
        if causal.graph.has_edge(node, start) and nx.has_path(free, node, end)
    }
    shown = {start, end, *chosen.nodes, *mediators, *(node for way in ways.values() for node in way)}
    between = {*mediators, end}
    kept = {edge for edge in causal.graph.subgraph([start, *mediators, end]).edges if edge[1] in between}
    kept |= {(node, other) for node in held for other in (start, *between) if causal.graph.has_edge(node, other)}
    kept |= {(node, start) for node in ways}
    kept |= {pair for way in ways.values() for pair in itertools.pairwise(way)}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(node for node in causal.graph if node in shown)
    graph.add_edges_from(sorted(kept))
    graph.remove_nodes_from([node for node in list(graph) if not graph.degree(node)])
    layers = dict.fromkeys(graph, 0) | dict.fromkeys(mediators, 2) | {start: 1, end: 4}
    return draw_graph(
        graph, layers, exposure=start, outcome=end, adjusted=held,
        latent=[node for node in chosen.missing if node in graph],
        open_paths=[(start, *way) for way in ways.values()],
        labels={node: causal.nodes[node].label for node in graph}, title=title,
    )  # fmt: skip


def over_adjusted_figure(study: Study, results: Sequence[Result], *, title: str) -> Axes:
    """Return the total effect of trauma on ln CRP beside the over-adjusted one, the truth marked where it is known.

    Parameters
    ----------
    study
        Whose counts are protected.
    results
        From :func:`cohort.analysis.adversity.beside_over_adjusted`.
    title
        What is shown.
    """
    truth = truth_of(study, exposure="has_childhood_trauma", outcome="ln_crp", measure="difference in mean ln CRP")
    return draw_forest(
        list(results), disclosure=study.disclosure, claimed=truth, claimed_label="truth" if truth is None else
        f"truth {truth:.3f}", directions=("lower CRP", "higher CRP"), title=title,
    )  # fmt: skip


def curves_figure(study: Study, found: Mapping[str, Curve], values: Mapping[str, pd.Series], *, title: str) -> Axes:
    """Return the dose-response curves, two beside each other; those that cannot be had say why.

    Parameters
    ----------
    study
        Whose counts are protected.
    found
        From :func:`cohort.analysis.adversity_curves.curves`.
    values
        The exposure of the people, by title.
    title
        What is shown.
    """
    refused = {name: one.reason for name, one in found.items() if isinstance(one, NotTestable)}
    shown = {name: one for name, one in found.items() if name not in refused}
    if not shown:
        return empty_axes(None, "; ".join(dict.fromkeys(refused.values())), title=title)
    columns = min(2, len(shown))
    rows = (len(shown) + 1) // 2
    made = panels(None, rows, columns, size=(_wide(columns), 4.6 * rows), title=title, note=_untold(refused))
    for ax, (name, one) in zip(made, shown.items(), strict=False):
        assert not isinstance(one, NotTestable)
        draw_dose_response(one, values.get(name), disclosure=study.disclosure, title=name,
                           xlabel=_UNITS.get(one.exposure, readable(one.exposure)), ax=ax)  # fmt: skip
    for ax in made[len(shown) :]:
        ax.set_visible(False)
    return made[0]


def _wide(columns: int) -> float:
    return WIDTH + 1.4 if columns == 2 else WIDTH * 0.85


def _untold(refused: Mapping[str, str]) -> str:
    return " ".join(f"{name}: not testable, {reason}." for name, reason in refused.items())


def interactions_figure(
    study: Study,
    cells: Mapping[str, Mapping[str, Sequence[Result]]],
    measures: Mapping[str, Mapping[str, Result]],
    *,
    title: str,
) -> Axes:
    """Return the four cells of each pair of exposures in a panel, with the measures of interaction below.

    Parameters
    ----------
    study
        Whose counts are protected.
    cells
        From :func:`cohort.analysis.exposure_interactions.panels`.
    measures
        From :func:`cohort.analysis.adversity.interactions`.
    title
        What is shown.
    """
    refused, shown = {}, {}
    for key, groups in cells.items():
        results = [one for members in groups.values() for one in members]
        reasons = [one.reason for one in results if isinstance(one, NotTestable)]
        if reasons and len(reasons) == len(results):
            refused[key] = reasons[0]
        else:
            shown[key] = groups
    if not shown:
        return empty_axes(None, "; ".join(dict.fromkeys(refused.values())), title=title)
    columns = min(2, len(shown))
    rows = (len(shown) + 1) // 2
    made = panels(None, rows, columns, size=(_wide(columns), 4.3 * rows), title=title, note=_untold(refused))
    for ax, (key, groups) in zip(made, shown.items(), strict=False):
        told = [one for name, one in measures.get(key, {}).items() if name in _PAIRS_TOLD and isinstance(one, Estimate)]
        named = [one.with_label(f"{one.measure[:1].upper()}{one.measure[1:]}") for one in told]
        first = next(one for members in groups.values() for one in members if isinstance(one, Estimate))
        words = "Depression, %" if first.measure == "prevalence" else "CRP, geometric mean (mg/L)"
        draw_interaction(groups, disclosure=study.disclosure, contrasts=named, title=key, ylabel=words, ax=ax)
        # Half the usual width leaves the numbers no room beside the lines.
        if columns == 2:
            ax.set_xlim(-1.15, 2.15)
    for ax in made[len(shown) :]:
        ax.set_visible(False)
    return made[0]


def paths_figure(study: Study, found: Sequence[Mediated], *, title: str) -> Axes:
    """Return path diagrams with the part of the effect that passes each mediator.

    Parameters
    ----------
    study
        Whose counts are protected.
    found
        From :func:`cohort.analysis.adversity_paths.ways`.
    title
        What is shown.
    """
    diagrams = [
        PathDiagram(
            f"{one.way.key[:1].upper()}{one.way.key[1:]}",
            readable(one.way.exposure).split(",")[0],
            readable(one.way.outcome),
            one.found.get(TOTAL, NotTestable(one.way.key, "no mediator was measured")),
            one.found.get(DIRECT, NotTestable(one.way.key, "no mediator was measured")),
            {name.removeprefix(THROUGH): result for name, result in one.found.items() if name.startswith(THROUGH)},
        )
        for one in found
    ]
    return draw_paths(
        diagrams, disclosure=study.disclosure, title=title,
        note="Interventional effects as differences of means, 95 % bootstrap intervals; width: size of the part. "
        "Body mass index: one SD more.",
    )  # fmt: skip


def paths_truth_table(study: Study, found: Sequence[Mediated]) -> ResultTable:
    """Return direct and indirect effects of trauma on ln CRP beside their truth by intervention.

    Parameters
    ----------
    study
        A study; a real one has no truth, and the table says so.
    found
        From :func:`cohort.analysis.adversity_paths.ways`.
    """
    first = found[0]
    rows: list[dict[str, object]] = []
    for part, words in ((DIRECT, "natural direct effect, not by BMI and smoking"),
                        ("through all of them", "natural indirect effect, by BMI and smoking")):  # fmt: skip
        result = first.joint.get(part) or next(iter(first.joint.values()))
        truth = _truth(study, words, first)
        row: dict[str, object] = {"effect": words}
        if isinstance(result, NotTestable) or truth is None:
            row["inside"] = result.reason if isinstance(result, NotTestable) else "no truth is known"
        else:
            low, high = result.interval()
            row |= {"estimate": result.value, "lower": low, "upper": high, "truth": truth,
                    "inside": "yes" if low <= truth <= high else "no"}  # fmt: skip
        rows.append(row)
    columns = ["effect", "estimate", "lower", "upper", "truth", "inside"]
    return ResultTable(
        "truth_of_paths", "Trauma and ln CRP: the parts of the effect beside their truth",
        pd.DataFrame(rows, columns=columns), formats=dict.fromkeys(columns[1:5], ".3f"),
    )  # fmt: skip


def _truth(study: Study, words: str, found: Mediated) -> float | None:
    if study.truth is None:
        return None
    truth = study.truth
    rows = truth[(truth["estimand"] == words) & (truth["exposure"] == found.way.exposure)
                 & (truth["outcome"] == found.way.outcome) & (truth["measure"] == "mean difference")]  # fmt: skip
    return float(rows["value"].iloc[0]) if len(rows) == 1 else None
