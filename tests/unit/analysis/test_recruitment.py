"""Whether people can speak for a population, and that verdicts ask."""

from __future__ import annotations

import pandas as pd
import pytest

from cohort.analysis import autoimmunity, design_of
from cohort.analysis.recruitment import CLINIC_ONLY, SCREENED_CONTROLS, for_population, why_not_population
from cohort.results import Estimate, NotTestable
from cohort.synthetic import person_table, simulate


def people(ways: list[str | None], **more: object) -> pd.DataFrame:
    return pd.DataFrame({"recruitment": pd.Categorical(ways, categories=["population", "clinic", "volunteer"]), **more})


@pytest.mark.parametrize(
    ("ways", "reason"),
    [
        (["clinic", "clinic", "clinic"], CLINIC_ONLY),
        (["clinic", None, "clinic"], CLINIC_ONLY),  # who is not known to come from elsewhere changes nothing
        (["clinic", "population", "clinic"], ""),
        (["population", "volunteer", "clinic"], ""),
        ([None, None, None], ""),
    ],
)
def test_a_clinic_alone_speaks_for_no_population(ways: list[str | None], reason: str) -> None:
    table = people(ways)
    assert why_not_population(table, design_of(table)) == reason


def test_weights_of_known_selection_undo_it() -> None:
    table = people(["clinic"] * 3, survey_weight=[1.0, 2.0, 30.0])
    assert why_not_population(table, design_of(table)) == ""


def test_the_domain_counts_and_not_the_table() -> None:
    table = people(["clinic", "clinic", "population"])
    assert why_not_population(table, design_of(table), domain=[True, True, False]) == CLINIC_ONLY


def test_screened_controls_beside_others_are_seen() -> None:
    mixed = people(["clinic", "population"], is_screened_control=[False, True])
    alike = people(["population", "population"], is_screened_control=[True, True])
    assert why_not_population(mixed, design_of(mixed)) == SCREENED_CONTROLS
    assert why_not_population(alike, design_of(alike)) == ""
    unknown = people(["population"], is_screened_control=pd.array([None], dtype="boolean"))
    assert why_not_population(unknown, design_of(unknown)) == ""


def test_without_the_columns_nothing_is_said() -> None:
    table = pd.DataFrame({"age_years": [30.0, 40.0]})
    assert why_not_population(table, design_of(table)) == ""


def test_a_result_keeps_its_names_when_it_is_refused() -> None:
    table = people(["clinic"])
    found = Estimate("RA", "odds ratio", 1.5, 0.1, scale="log", null=1.0, estimand="e", claims=("IP-09",))
    refused = for_population(found, table, design_of(table))
    assert refused == NotTestable("RA", CLINIC_ONLY, "odds ratio", "e", ("IP-09",))
    elsewhere = people(["population"])
    assert for_population(found, elsewhere, design_of(elsewhere)) is found


@pytest.mark.parametrize(("scenario", "refused"), [("clinic_selection", True), ("literature_like", False)])
def test_the_suite_gives_no_verdict_on_the_population_from_a_clinic(scenario: str, refused: bool) -> None:
    table = person_table(simulate(scenario, 3000, 8))
    design, sets = design_of(table), autoimmunity.adjustment_sets(table)
    found = autoimmunity.odds_ratios(table, design, sets)
    standard = autoimmunity.standardised(table, design, sets.demographic)
    verdicts = autoimmunity.verdicts(table, design, sets, found, standard, synthetic=True)
    of_any = [verdict for verdict in verdicts if verdict.claim in ("IP-09", "SL-19")]
    assert len(of_any) == 2
    for verdict in verdicts if refused else of_any:
        assert (verdict.status == "not testable with this cohort") == refused
        assert (CLINIC_ONLY in verdict.reason) == refused
