"""Figures of the notebooks that need more than one call: results of an analysis in, Axes out."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import networkx as nx
from matplotlib.axes import Axes

from cohort.analysis.causal import AdjustmentSet, load_graph
from cohort.analysis.subgroups import GateResult
from cohort.disclosure import Disclosure
from cohort.plots import (
    draw_axis,
    draw_graph,
    draw_interaction,
    draw_null_distribution,
    draw_strata,
)
from cohort.plots.style import empty_axes
from cohort.results import Estimate, NotTestable, Result
from cohort.study import Study


def adjustment_figure(chosen: AdjustmentSet, *, mediators: Collection[str] = (), title: str) -> Axes:
    """Return the causal graph of one question: exposure, outcome, what is adjusted for, and what stays open.

    Parameters
    ----------
    chosen
        What is adjusted for, and what is missing.
    mediators
        Nodes on the way from exposure to outcome to show too.
    title
        What is shown.
    """
    causal = load_graph()
    start, end = causal.node_of(chosen.exposure), causal.node_of(chosen.outcome)
    shown = [start, end, *chosen.nodes, *mediators]
    graph = _question_graph(causal.graph.subgraph(shown), start, end, mediators)
    unmeasured = set(chosen.missing)
    opened = [
        (start, node, end) for node in chosen.missing if graph.has_edge(node, start) and graph.has_edge(node, end)
    ]
    return draw_graph(
        graph,
        _columns(graph, start, end, mediators),
        exposure=start,
        outcome=end,
        adjusted=[node for node in chosen.nodes if node not in unmeasured],
        latent=sorted(unmeasured),
        open_paths=opened,
        labels={node: causal.nodes[node].label for node in graph},
        title=title,
    )


def _question_graph(graph: nx.DiGraph[str], start: str, end: str, mediators: Collection[str]) -> nx.DiGraph[str]:
    """Return the arrows that matter to the question: into exposure, mediators and outcome.

    Arrows among the covariates would hide them; a covariate that reaches the question only through others keeps those.
    """
    centre = {start, end, *mediators}
    direct = {node for node, target in graph.edges if target in centre}
    kept = [(a, b) for a, b in graph.edges if b in centre or (a not in direct and b in direct)]
    chosen: nx.DiGraph[str] = nx.DiGraph()
    chosen.add_nodes_from(node for node in graph if node in centre or any(node in edge for edge in kept))
    chosen.add_edges_from(kept)
    return chosen


def _columns(graph: nx.DiGraph[str], start: str, end: str, mediators: Collection[str]) -> dict[str, int]:
    """Return the column of each node: remote causes, covariates, exposure, mediators, outcome."""
    column = dict.fromkeys(graph, 1)
    column |= {node: 0 for node in graph if not {start, end, *mediators} & set(graph.successors(node))}
    column |= {node: 3 for node in mediators if node in graph}
    return column | {start: 2, end: 4}


def strata_figure(results: Sequence[Result], *, disclosure: Disclosure, title: str) -> Axes:
    """Return the shares of people by CRP stratum, one colour per group.

    Parameters
    ----------
    results
        From :func:`cohort.analysis.inflammation.strata`.
    disclosure, title
        As in :func:`cohort.plots.draw_strata`.
    """
    groups: dict[str, list[Result]] = {}
    for result in results:
        if isinstance(result, NotTestable):
            groups.setdefault("", []).append(result)
            continue
        facts = dict(result.details)
        if facts["CRP stratum"] in {"<1", "1-3", ">3-10", ">10"}:
            name = "with depression" if facts["group"] == "yes" else "without depression"
            groups.setdefault(name, []).append(result.with_label(facts["CRP stratum"].replace("-", "–")))
    return draw_strata(groups, disclosure=disclosure, title=title, xlabel="C-reactive protein (mg/L)")


def axis_figure(study: Study, gate: GateResult | NotTestable, *, title: str) -> Axes:
    """Return the held-out people along the learnt axis, with the best single-peaked curve and the best two groups."""
    if isinstance(gate, NotTestable):
        return empty_axes(None, gate.reason, title=title)
    seen = gate.illustration
    curves = {"best single peak": (seen.grid, seen.one_peak), "best two groups": (seen.grid, seen.two_groups)}
    return draw_axis(seen.held_out, disclosure=study.disclosure, curves=curves, title=title)


def gap_figure(gate: GateResult | NotTestable, *, title: str) -> Axes:
    """Return the observed critical bandwidth beside draws from one single-peaked population."""
    if isinstance(gate, NotTestable):
        return empty_axes(None, gate.reason, title=title)
    seen = gate.illustration
    label = "critical bandwidth (SD): how much smoothing makes one peak"
    return draw_null_distribution(seen.null_bandwidths, seen.bandwidth, label=label, title=title)


def interaction_figure(study: Study, cells: Sequence[Result], contrasts: Sequence[Result], *, title: str) -> Axes:
    """Return the shares in the four cells of two exposures, with the measures of interaction below.

    Parameters
    ----------
    study
        Whose counts are protected.
    cells
        From :func:`cohort.analysis.adversity.cells`.
    contrasts
        Measures of the interaction.
    title
        What is shown.
    """
    groups: dict[str, list[Result]] = {}
    for cell in cells:
        exposure, _, modifier = cell.label.partition(", ")
        groups.setdefault(modifier, []).append(cell.with_label(exposure))
    estimates = [result.with_label(result.measure) for result in contrasts if isinstance(result, Estimate)]
    return draw_interaction(
        groups, disclosure=study.disclosure, contrasts=estimates, title=title, xlabel="Childhood trauma"
    )
