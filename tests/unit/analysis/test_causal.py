"""The causal graph: every declared set is valid, every tempting one is not, a cohort that lacks part of it says so."""

from __future__ import annotations

import networkx as nx
import pandas as pd
import pytest

from cohort.analysis.causal import (
    adjustment_set,
    backdoor_open,
    load_graph,
    measured_in,
    objections,
    question_for,
)
from cohort.analysis.questions import QUESTIONS, Question, WrongSet
from cohort.codebook import load_codebook
from cohort.errors import AnalysisError

WRONG = [(question, wrong) for question in QUESTIONS for wrong in question.wrong]


def test_graph_is_acyclic_and_runs_in_time() -> None:
    causal = load_graph()
    assert nx.is_directed_acyclic_graph(causal.graph)
    for earlier, later in (("aid_past", "dep_past"), ("dep_past", "aid"), ("aid", "dep")):
        assert causal.graph.has_edge(earlier, later)
    assert "u_fam" not in causal.nodes
    assert set(causal.graph.predecessors("prenatal_infection")) == {"u_family", "ses_parent"}


def test_layers_of_edges_are_those_of_nodes() -> None:
    causal = load_graph()
    for start, end, edge in causal.graph.edges(data=True):
        assert (causal.nodes[start].layer, causal.nodes[end].layer) == (int(edge["layer_from"]), int(edge["layer_to"]))


def test_variables_of_nodes_are_in_the_person_table_and_belong_to_one_node() -> None:
    named = [name for node in load_graph().nodes.values() for name in node.variables]
    assert set(named) <= set(load_codebook().tables["person_table"])
    assert len(named) == len(set(named))
    assert not any(node.variables for node in load_graph().nodes.values() if node.latent)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: f"{q.exposure}-{q.outcome}")
def test_declared_sets_are_valid(question: Question) -> None:
    assert objections(question.exposure, question.outcome, question.wanted) == ()


@pytest.mark.parametrize(("question", "wrong"), WRONG, ids=lambda item: getattr(item, "name", item))
def test_tempting_sets_are_refused(question: Question, wrong: WrongSet) -> None:
    assert set(wrong.drop) <= set(question.wanted)
    assert not set(wrong.add) & set(question.wanted)
    tempting = (set(question.wanted) | set(wrong.add)) - set(wrong.drop)
    assert objections(question.exposure, question.outcome, tempting)


def test_each_liability_is_needed_for_trauma() -> None:
    for missing in ("u_family", "u_person", "ses_parent"):
        assert backdoor_open("trauma", "dep", {"age", "sex", "ses_parent", "u_family", "u_person"} - {missing})


def test_a_sibling_comparison_closes_the_prenatal_question_and_nothing_less_does() -> None:
    assert not backdoor_open("prenatal_infection", "dep", ["ses_parent", "u_family"])
    assert backdoor_open("prenatal_infection", "dep", ["ses_parent"])


def test_selection_into_a_clinic_opens_a_path_between_unrelated_things() -> None:
    right = question_for("aid", "dep").wanted
    assert not backdoor_open("aid", "dep", right)
    assert backdoor_open("prs_bmi", "u_help", ["s_clinic"])
    assert not backdoor_open("prs_bmi", "u_help", [])


def test_a_cohort_that_lacks_part_of_the_set_speaks_of_association() -> None:
    chosen = adjustment_set(
        "has_rheumatoid_arthritis", "has_depression", ["age_years", "sex", "smoking", "bmi_kg_m2", "education"]
    )
    assert chosen.variables == ("age_years", "sex", "education", "smoking")
    assert {"ses_parent", "trauma", "dep_past", "u_family"} <= set(chosen.missing)
    assert (chosen.is_sufficient, chosen.words) == (False, "association")
    assert chosen.describe().endswith("An association, not an effect.")
    assert "parental socio-economic status" in chosen.describe()


def test_a_cohort_with_the_whole_set_may_speak_of_an_effect() -> None:
    measured = ["age_years", "sex", "ancestry_group", "parental_ses_sd", "bmi_kg_m2"]
    chosen = adjustment_set("is_cmv_seropositive", "has_depression", measured)
    assert chosen.variables == ("age_years", "sex", "ancestry_group", "parental_ses_sd")
    assert (chosen.missing, chosen.is_sufficient) == ((), True)
    assert "effect, if the graph is right" in chosen.describe()


def test_the_best_measure_of_a_node_is_taken_first() -> None:
    both = adjustment_set("aid", "dep", ["has_childhood_trauma", "ctq_total"])
    one = adjustment_set("aid", "dep", ["has_childhood_trauma"])
    assert (both.variables, one.variables) == (("ctq_total",), ("has_childhood_trauma",))


def test_an_undeclared_question_adjusts_for_the_causes_of_the_exposure() -> None:
    question = question_for("has_pelvic_infection", "has_depression")
    assert set(question.wanted) == set(load_graph().graph.predecessors("pelvic_infection"))
    assert objections("pelvic_infection", "dep", question.wanted) == ()


def test_a_variable_outside_the_graph_is_an_error() -> None:
    with pytest.raises(AnalysisError, match="no node for 'shoe_size'"):
        adjustment_set("shoe_size", "has_depression", [])


def test_measured_is_what_most_have_and_what_varies() -> None:
    table = pd.DataFrame({
        "sex": ["female", "male"] * 10,
        "education": [None] * 12 + ["low", "high"] * 4,
        "site": ["one"] * 20,
        "is_eligible": [True] * 20,
    })  # fmt: skip
    assert measured_in(table) == ("sex",)
    assert measured_in(table, at_least=0.3) == ("sex", "education")
    assert measured_in(table, domain=table["sex"] == "x") == ()
