"""The causal graph that the suite assumes, and what it says to adjust for.

The graph is read from ``data_schema/dag_edges.csv`` and ``dag_nodes.csv``. In time it runs ``aid_past`` →
``dep_past`` → ``aid`` → ``dep``; the familial liability is two nodes, of which siblings share ``u_family``. A set is
valid when it holds nothing that the exposure acts through and closes every path that is not causal: d-separation in
the proper back-door graph (van der Zander, Liśkiewicz & Textor 2014, UAI 30; Perković et al. 2018, JMLR 18(220)).
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import networkx as nx
import pandas as pd

from cohort.analysis.questions import QUESTIONS, Question
from cohort.analysis.sampling import Domain, analysis_domain, design_of
from cohort.errors import AnalysisError
from cohort.shipped import shipped_folder


@dataclass(frozen=True)
class CausalNode:
    """A node of the graph.

    Parameters
    ----------
    name, label
        Its name in the graph and for readers.
    layer
        0 for what has no cause here, up to 7 for measurement and selection.
    variables
        Columns of the person table that measure it, the best first; empty when none does.
    latent
        Whether no cohort can measure it.
    """

    name: str
    label: str
    layer: int
    variables: tuple[str, ...]
    latent: bool


@dataclass(frozen=True, eq=False)
class CausalGraph:
    """The causal graph with its nodes.

    Parameters
    ----------
    graph
        Directed and acyclic.
    nodes
        Node by name.
    """

    graph: nx.DiGraph[str]
    nodes: dict[str, CausalNode]

    def node_of(self, name: str) -> str:
        """Return the node of a variable of the person table, or of a node's own name.

        Raises
        ------
        AnalysisError
            If the graph has neither.
        """
        if name in self.nodes:
            return name
        for node in self.nodes.values():
            if name in node.variables:
                return node.name
        raise AnalysisError(f"the causal graph has no node for '{name}'.")

    def label(self, name: str) -> str:
        """Return the label of a node, in lower case unless it is an abbreviation or a name."""
        label = self.nodes[name].label
        is_name = any(letter.isupper() for letter in label.split()[0][1:])
        return label if is_name else label[0].lower() + label[1:]


@functools.cache
def load_graph() -> CausalGraph:
    """Return the causal graph that ships with the package, read once.

    Raises
    ------
    AnalysisError
        If the edges form a cycle or name a node that is not described.

    Examples
    --------
    >>> graph = load_graph()
    >>> graph.graph.has_edge("dep_past", "aid"), graph.node_of("bmi_kg_m2")
    (True, 'bmi')
    """
    folder = shipped_folder("data_schema")
    with (folder / "dag_nodes.csv").open(encoding="utf-8", newline="") as lines:
        nodes = {
            row["node"]: CausalNode(
                row["node"],
                row["label"],
                int(row["layer"]),
                tuple(name for name in (row["variable"], *row["other_variables"].split("|")) if name),
                row["latent"] == "true",
            )
            for row in csv.DictReader(lines)
        }
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    with (folder / "dag_edges.csv").open(encoding="utf-8", newline="") as lines:
        graph.add_edges_from((row["from"], row["to"], row) for row in csv.DictReader(lines))
    if set(graph) != set(nodes) or not nx.is_directed_acyclic_graph(graph):
        raise AnalysisError("the causal graph in data_schema has a cycle or an edge to a node that is not described.")
    return CausalGraph(graph, nodes)


def _on_the_way(graph: nx.DiGraph[str], exposure: str, outcome: str) -> set[str]:
    """Return the nodes on directed paths from exposure to outcome, the outcome with them, the exposure not."""
    return (nx.descendants(graph, exposure) & (nx.ancestors(graph, outcome) | {outcome})) - {exposure}


def backdoor_open(exposure: str, outcome: str, given: Iterable[str]) -> bool:
    """Return whether a path that is not causal joins two nodes when others are held.

    Parameters
    ----------
    exposure, outcome
        Nodes, or variables that measure them.
    given
        Nodes or variables that are adjusted for or selected on.

    Examples
    --------
    >>> backdoor_open("cmv", "dep", ["age", "sex"])
    True
    >>> backdoor_open("cmv", "dep", ["age", "sex", "ancestry", "ses_parent"])
    False
    """
    causal = load_graph()
    start, end = causal.node_of(exposure), causal.node_of(outcome)
    held = {causal.node_of(name) for name in given} - {start, end}
    proper = causal.graph.copy()
    proper.remove_edges_from([(start, node) for node in _on_the_way(causal.graph, start, end)])
    return not nx.is_d_separator(proper, {start}, {end}, held)


def objections(exposure: str, outcome: str, given: Iterable[str]) -> tuple[str, ...]:
    """Return what is wrong with a set as an adjustment for the total effect; nothing when it is valid.

    Parameters
    ----------
    exposure, outcome, given
        As in :func:`backdoor_open`.

    Examples
    --------
    >>> objections("trauma", "inflam", ["age", "sex", "ses_parent", "u_family", "u_person", "bmi"])
    ('holds body mass index, which the exposure acts through or which the outcome shapes',)
    """
    causal = load_graph()
    start, end = causal.node_of(exposure), causal.node_of(outcome)
    held = {causal.node_of(name) for name in given}
    way = _on_the_way(causal.graph, start, end)
    forbidden = way.union(*(nx.descendants(causal.graph, node) for node in way)) if way else set()
    bad = sorted(held & forbidden)
    found = []
    if bad:
        names = ", ".join(causal.label(node) for node in bad)
        found.append(f"holds {names}, which the exposure acts through or which the outcome shapes")
    if backdoor_open(start, end, held - forbidden):
        found.append("leaves a path open that is not causal")
    return tuple(found)


@dataclass(frozen=True)
class AdjustmentSet:
    """What an analysis adjusts for, and what it would have to.

    Parameters
    ----------
    exposure, outcome
        Variables as asked for.
    variables
        Measured variables to adjust for, in the order of the declared set.
    nodes
        All nodes of the declared set.
    missing
        Nodes of it that this cohort does not measure.
    is_sufficient
        Whether the measured part closes every path that is not causal, if the graph is right and the measures are
        exact.
    """

    exposure: str
    outcome: str
    variables: tuple[str, ...]
    nodes: tuple[str, ...]
    missing: tuple[str, ...]
    is_sufficient: bool

    @property
    def words(self) -> str:
        """Return "effect" or "association", as the result may be called."""
        return "effect" if self.is_sufficient else "association"

    def describe(self) -> str:
        """Return in a sentence what is adjusted for, what is missing, and whether to speak of an effect."""
        causal = load_graph()
        held = ", ".join(causal.label(causal.node_of(name)) for name in self.variables) or "nothing"
        if self.is_sufficient:
            return f"Adjusted for {held}: an effect, if the graph is right and these are measured without error."
        lacking = ", ".join(causal.label(node) for node in self.missing)
        return f"Adjusted for {held}; not measured: {lacking}. An association, not an effect."


def question_for(exposure: str, outcome: str) -> Question:
    """Return the declared question of two variables or nodes, or the one that adjusts for all causes of the exposure.

    The causes of the exposure are always a valid set.
    """
    causal = load_graph()
    start, end = causal.node_of(exposure), causal.node_of(outcome)
    for question in QUESTIONS:
        if (question.exposure, question.outcome) == (start, end):
            return question
    causes = sorted(causal.graph.predecessors(start), key=list(causal.nodes).index)
    return Question("not declared", start, end, tuple(node for node in causes if node != end))


def adjustment_set(exposure: str, outcome: str, measured: Collection[str]) -> AdjustmentSet:
    """Return the largest measured part of the set that the graph wants adjusted for.

    Parameters
    ----------
    exposure, outcome
        Variables of the person table, or nodes.
    measured
        Columns that this cohort has and that vary; see :func:`measured_in`.

    Raises
    ------
    AnalysisError
        If the graph has no node for the exposure or the outcome.

    Examples
    --------
    >>> chosen = adjustment_set("is_cmv_seropositive", "has_depression", ["age_years", "sex"])
    >>> chosen.variables, chosen.words
    (('age_years', 'sex'), 'association')
    >>> chosen.describe()
    'Adjusted for age, sex; not measured: ancestry, parental socio-economic status. An association, not an effect.'
    """
    causal = load_graph()
    wanted = question_for(exposure, outcome).wanted
    held = {node: next((name for name in causal.nodes[node].variables if name in measured), None) for node in wanted}
    return AdjustmentSet(
        exposure=exposure,
        outcome=outcome,
        variables=tuple(name for name in held.values() if name is not None),
        nodes=wanted,
        missing=tuple(node for node, name in held.items() if name is None),
        is_sufficient=not objections(exposure, outcome, [node for node, name in held.items() if name is not None]),
    )


def measured_in(table: pd.DataFrame, *, domain: Domain = None, at_least: float = 0.5) -> tuple[str, ...]:
    """Return the columns that can be adjusted for: known for enough people of the domain, and not the same for all.

    Parameters
    ----------
    table
        One row per person.
    domain
        The people it is about; default ``is_eligible``.
    at_least
        Share of them for whom it must be known: adjusting for what few have would lose the others.
    """
    inside = table[analysis_domain(table, design_of(table), domain)]
    return tuple(
        str(name)
        for name in table.columns
        if len(inside) and inside[name].notna().mean() >= at_least and len(inside[name].dropna().unique()) > 1
    )
