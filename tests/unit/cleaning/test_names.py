"""Names and identifiers written in two ways, numbers that stand for missing, and digits that people prefer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cohort.cleaning import RULES, apply_rules, clean_cohort
from cohort.cleaning.rule import Applied
from cohort.codebook import Codebook

Build = Callable[..., pd.DataFrame]
Tables = dict[str, pd.DataFrame]


def apply(tables: Tables, codebook: Codebook, rule: str) -> Applied:
    return apply_rules(tables, codebook, [one for one in RULES if one.id == rule])


@pytest.fixture
def padded(good: Tables, build: Build) -> Tables:
    ids = [f"{number:05d}" for number in range(1, 61)]
    empty = {table: frame.iloc[:0] for table, frame in good.items()}
    people = build("participants", participant_id=ids, sex=["female"] * 60, birth_year=[1970] * 60)
    visits = build("visits", participant_id=[*ids[:-1], "60"], visit=["t0"] * 60, bmi_kg_m2=[25.0] * 60)
    relations = build("relations", participant_id=["00001"], relative_id=["2"], kind=["sibling"])
    return {**empty, "participants": people, "visits": visits, "relations": relations}


def test_an_identifier_gets_its_zeros_back(padded: Tables, codebook: Codebook) -> None:
    applied = apply(padded, codebook, "id_leading_zeros")
    lines = applied.ledger.entries
    assert sorted(lines[["table", "column", "before", "after"]].to_numpy().tolist()) == [
        ["relations", "relative_id", "2", "00002"],
        ["visits", "participant_id", "60", "00060"],
    ]
    assert applied.tables["visits"]["participant_id"].iloc[-1] == "00060"


def test_a_person_in_two_halves_becomes_one_again(padded: Tables, codebook: Codebook) -> None:
    people = padded["participants"]
    half = people.iloc[[59]].assign(participant_id="60", sex=None, birth_year=pd.NA)
    tables = {**padded, "participants": pd.concat([people, half.astype(people.dtypes)], ignore_index=True)}
    cohort = clean_cohort(tables, codebook)
    assert len(cohort.tables["person_table"]) == 60
    row = cohort.tables["person_table"].set_index("participant_id").loc["00060"]
    assert (row["sex"], row["bmi_kg_m2"]) == ("female", 25.0)
    assert cohort.quarantine.empty


def test_short_identifiers_of_a_study_without_padding_stay(good: Tables, build: Build, codebook: Codebook) -> None:
    ids = [str(number) for number in range(95, 125)]
    tables = {**good, "visits": build("visits", participant_id=ids, visit=["t0"] * 30)}
    assert apply(tables, codebook, "id_leading_zeros").ledger.entries.empty
    strangers = {**good, "visits": build("visits", participant_id=["00001", "00002", "7"], visit=["t0"] * 3)}
    assert apply(strangers, codebook, "id_leading_zeros").ledger.entries.empty


def test_a_rare_spelling_takes_the_common_one(good: Tables, build: Build, codebook: Codebook) -> None:
    ids = [f"p{number}" for number in range(50)]
    people = build("participants", participant_id=ids, site=["Leiden"] * 28 + ["Utrecht"] * 20 + ["leiden", " Utrecht"])
    applied = apply({**good, "participants": people}, codebook, "name_case")
    lines = applied.ledger.entries
    assert lines[["action", "before", "after"]].to_numpy().tolist() == [
        ["repair", "leiden", "Leiden"],
        ["repair", " Utrecht", "Utrecht"],
    ]
    assert applied.tables["participants"]["site"].value_counts().to_dict() == {"Leiden": 29, "Utrecht": 21}
    assert applied.tables["participants"]["site"].iloc[:48].tolist() == people["site"].iloc[:48].tolist()


def test_two_common_spellings_may_be_two_names(good: Tables, build: Build, codebook: Codebook) -> None:
    ids = [f"p{number}" for number in range(50)]
    people = build("participants", participant_id=ids, site=["A"] * 30 + ["a"] * 20)
    applied = apply({**good, "participants": people}, codebook, "name_case")
    (line,) = applied.ledger.entries.to_dict("records")
    assert (line["action"], line["column"], line["count"]) == ("flag", "site", 20)
    pd.testing.assert_frame_equal(applied.tables["participants"], people)


def bodies(good: Tables, build: Build, values: list[float]) -> Tables:
    ids = [f"p{number}" for number in range(len(values))]
    return {**good, "visits": build("visits", participant_id=ids, visit=["t0"] * len(ids), bmi_kg_m2=values)}


def test_a_repeated_sentinel_beyond_the_plausible_is_set_missing(
    good: Tables, build: Build, codebook: Codebook
) -> None:
    applied = apply(bodies(good, build, [99.0, 88.0, 25.0, 99.0, 99.0, 77.0, 98.5]), codebook, "sentinel_number")
    assert applied.ledger.entries["participant_id"].tolist() == ["p0", "p3", "p4"]
    assert applied.tables["visits"]["bmi_kg_m2"].isna().sum() == 3


def test_digits_that_people_prefer_are_told_of_the_column_in_one_line(
    good: Tables, build: Build, codebook: Codebook
) -> None:
    rng = np.random.default_rng(1)
    sound = np.round(rng.normal(26, 4, 1000), 1)
    assert apply(bodies(good, build, sound.tolist()), codebook, "digit_preference").ledger.entries.empty
    rounded = np.where(rng.random(1000) < 0.3, np.round(sound * 2) / 2, sound)
    (line,) = apply(bodies(good, build, rounded.tolist()), codebook, "digit_preference").ledger.entries.to_dict(
        "records"
    )
    assert (line["action"], line["column"], line["severity"]) == ("flag", "bmi_kg_m2", "info")
    assert 180 < line["count"] < 300
