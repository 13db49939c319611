"""The table of questionnaires: items turned round, weights honoured, small counts hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.reliability import cronbach_alpha
from cohort.cleaning.instruments import score_instrument
from cohort.codebook import load_codebook
from cohort.disclosure import Disclosure
from cohort.report.instruments import instruments_facts, instruments_table
from cohort.report.page import table_text
from cohort.study import Study

CODEBOOK = load_codebook()


def answers(instrument: str, n: int, seed: int = 4) -> pd.DataFrame:
    """Return answers to all items that follow one trait, reversed items against it."""
    known = CODEBOOK.instruments[instrument]
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=n)
    columns = {}
    for number, (column, (low, high)) in enumerate(zip(known.columns, known.item_limits, strict=True), 1):
        way = -1 if number in known.reversed else 1
        raw = (low + high) / 2 + way * trait + rng.normal(0, 0.8, n)
        columns[column] = pd.array(np.clip(np.round(raw), low, high), dtype="Int64")
    return pd.DataFrame(columns)


@pytest.fixture
def cohort(study: Study) -> Study:
    """Return 103 people with PSS-10 and CTQ-SF at two visits; the second visit is noise that must not count."""
    n = len(study.person_table)
    items = pd.concat([answers("pss10", n), answers("ctq_sf", n, 5)], axis=1)
    ids = study.person_table["participant_id"]
    first = items.assign(participant_id=ids, visit="t0")
    later = first.assign(visit="t1", **dict.fromkeys(items, 1))
    scores = pd.concat([score_instrument(items, CODEBOOK.instruments[name]) for name in ("pss10", "ctq_sf")], axis=1)
    people = study.person_table.assign(**{name: scores[name] for name in scores})
    return replace(study, tables={"person_table": people, "visits": pd.concat([first, later], ignore_index=True)})


def test_reversed_items_are_turned_round_before_anything_is_computed(cohort: Study) -> None:
    facts = {one["score"]: one for one in instruments_facts(cohort)}
    assert facts["pss10_total"]["alpha"]["value"] > 0.85
    assert min(facts["pss10_total"]["item_rest"].values()) > 0.3
    raw = cohort.tables["visits"].query("visit == 't0'")
    wrong = cronbach_alpha(raw, CODEBOOK.instruments["pss10"].columns, design_of(raw))
    assert facts["pss10_total"]["alpha"]["value"] > wrong.value + 0.3  # type: ignore[union-attr]


def test_the_total_of_the_ctq_rests_on_25_items_and_the_validity_scale_tells_a_share(cohort: Study) -> None:
    facts = {one["score"]: one for one in instruments_facts(cohort)}
    assert facts["ctq_total"]["items"] == 25
    assert not {"ctq_10", "ctq_16", "ctq_22"} & set(facts["ctq_total"]["item_rest"])
    assert facts["ctq_minimisation"]["is_validity_scale"]
    assert facts["ctq_minimisation"]["with_a_point"].endswith(("%", "people"))


def test_small_counts_at_the_ends_are_hidden_and_people_rounded(cohort: Study) -> None:
    table = instruments_table(cohort).data.set_index("score")
    pss = cohort.person_table["pss10_total"]
    assert int((pss == 40).sum()) < 5
    assert table.loc["PSS-10 total", "at highest"] in ("<5 people", "0.0 %")
    assert "105" in table_text(instruments_table(cohort), cohort.disclosure)
    exact = replace(cohort, disclosure=Disclosure.off())
    assert "103" in table_text(instruments_table(exact), exact.disclosure)
    assert "<5" not in table_text(instruments_table(exact), exact.disclosure)


def test_the_note_says_whether_weights_are_honoured(cohort: Study) -> None:
    assert "Weights: none, simple sample." in instruments_table(cohort).note
    people = cohort.person_table.assign(survey_weight=np.linspace(1, 3, len(cohort.person_table)))
    weighted = replace(cohort, tables={**cohort.tables, "person_table": people})
    assert "Weights: honoured, survey design, linearised." in instruments_table(weighted).note
    assert instruments_facts(weighted)[0]["alpha"]["value"] != instruments_facts(cohort)[0]["alpha"]["value"]


def test_a_study_without_questionnaires_has_an_empty_table(study: Study) -> None:
    assert instruments_table(study).data.empty


def test_too_few_people_are_told_and_not_estimated(cohort: Study) -> None:
    visits = cohort.tables["visits"].copy()
    visits.loc[visits.index[20:103], "pss10_1"] = pd.NA
    few = replace(cohort, tables={**cohort.tables, "visits": visits})
    facts = {one["score"]: one for one in instruments_facts(few)}
    assert facts["pss10_total"]["alpha"]["value"] is None
    assert "fewer than 50 people" in facts["pss10_total"]["alpha"]["reason"]


def test_a_share_of_a_simple_sample_is_made_of_counts_as_they_are_shown(cohort: Study) -> None:
    people = cohort.person_table.assign(pss10_total=np.where(np.arange(103) < 13, 0.0, 20.0))
    known = replace(cohort, tables={**cohort.tables, "person_table": people})
    table = instruments_table(known).data.set_index("score")
    assert table.loc["PSS-10 total", "at lowest"] == f"{100 * 15 / 105:.1f} %"
    nearly = replace(
        cohort, tables={**cohort.tables, "person_table": people.assign(pss10_total=[0.0] * 100 + [9.0] * 3)}
    )
    assert instruments_table(nearly).data.set_index("score").loc["PSS-10 total", "at lowest"] == "all but <5 people"
