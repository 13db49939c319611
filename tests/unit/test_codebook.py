"""The codebook that ships is complete and consistent with itself."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pint
import pytest

from cohort.codebook import Codebook, Instrument, Variable, load_codebook, read_codebook
from cohort.errors import CodebookError

CANONICAL = ("participants", "follow_up", "relations", "visits", "labs", "diagnoses", "medications")
DERIVED = ("person_table", "visit_table", "risk_table")

# Units that are no physical quantity and are never converted. Pint knows none of the first four, reads "points" as
# the printer's point (a length!) and "count" as a bare number, so that a study file must not convert into them.
NOT_PHYSICAL = {
    "SD": "standard deviations of a score that the study standardised",
    "ratio": "a quotient of two values in the same unit",
    "ln(mg/L)": "natural logarithm of a concentration; the codebook derives it, nobody converts it",
    "MET*hour/week": "metabolic equivalents of task: energy relative to rest, without an accepted SI value",
    "points": "points of a questionnaire",
    "count": "a number of events or items",
}
# Pint takes AU for absorbance; ours are the arbitrary units of an antibody assay, which no other unit converts to.
ARBITRARY = {"AU/mL"}


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return load_codebook()


def reach(instrument: Instrument, items: Iterable[int]) -> tuple[int, int]:
    """Return the lowest and the highest sum that items can give."""
    low, high = zip(*(instrument.item_limits[item - 1] for item in items), strict=True)
    return sum(low), sum(high)


def every_variable() -> list[Variable]:
    return [variable for table in load_codebook().tables.values() for variable in table.values()]


# --- tables and variables -------------------------------------------------------------------------------------------


def test_every_table_of_the_design_exists_and_no_other(codebook: Codebook) -> None:
    assert tuple(codebook.tables) == CANONICAL + DERIVED
    assert codebook.derived == frozenset(DERIVED)


def test_primary_keys_are_columns(codebook: Codebook) -> None:
    for table, keys in codebook.primary_keys.items():
        assert keys, table
        assert set(keys) <= set(codebook.tables[table]), table


@pytest.mark.parametrize("table", CANONICAL + DERIVED)
def test_names_are_snake_case_and_booleans_say_so(table: str, codebook: Codebook) -> None:
    for variable in codebook.tables[table].values():
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", variable.name), variable.name
        # risk_table keeps the words of survival analysis: start, stop, event.
        if variable.type == "boolean" and (table, variable.name) != ("risk_table", "event"):
            assert variable.name.startswith(("has_", "is_")), variable.name
        if variable.name.startswith(("has_", "is_")):
            assert variable.type == "boolean", variable.name


def test_a_column_that_several_tables_share_means_the_same_in_each(codebook: Codebook) -> None:
    person, visits = codebook.tables["person_table"], codebook.tables["visit_table"]
    for table in ("participants", "visits"):
        for name, source in codebook.tables[table].items():
            for copy in (person.get(name), visits.get(name)):
                if copy is not None:
                    assert (copy.type, copy.unit, copy.categories, copy.minimum, copy.maximum) == (
                        source.type,
                        source.unit,
                        source.categories,
                        source.minimum,
                        source.maximum,
                    ), name


def test_limits_are_in_order() -> None:
    for v in every_variable():
        if v.minimum is not None and v.maximum is not None:
            assert v.minimum < v.maximum, v.name
        if v.plausible is not None:
            low, high = v.plausible
            assert low < high, v.name
            assert v.minimum is None or v.minimum <= low, v.name
            assert v.maximum is None or high <= v.maximum, v.name


def test_every_derived_column_says_how() -> None:
    copied = set(load_codebook().tables["participants"]) | set(load_codebook().tables["visits"])
    for variable in every_variable():
        # Columns carried over unchanged need no formula; all else in a derived table does, and so do scores in visits.
        carried = variable.name in copied and not variable.derivation
        is_key = variable.name in load_codebook().primary_keys[variable.table]
        if variable.table in DERIVED and not carried and not is_key:
            assert variable.derivation, f"{variable.table}.{variable.name}"


def test_every_score_says_how(codebook: Codebook) -> None:
    for instrument in codebook.instruments.values():
        scores = (instrument.total, *instrument.subscales, *instrument.validity)
        for score in scores:
            for table in ("visits", "person_table", "visit_table"):
                assert codebook.tables[table][score.column].derivation, (table, score.column)


def test_every_unit_is_one_that_pint_reads_or_a_known_exception() -> None:
    registry = pint.UnitRegistry()
    for unit in {v.unit for v in every_variable()} | {a.unit for a in load_codebook().analytes.values()}:
        if unit and unit not in NOT_PHYSICAL:
            assert registry.parse_expression(unit) is not None, unit


def test_the_list_of_odd_units_has_no_entry_too_many() -> None:
    used = {v.unit for v in every_variable()} | {a.unit for a in load_codebook().analytes.values()}
    assert NOT_PHYSICAL.keys() | ARBITRARY <= used


def test_numbers_have_a_unit() -> None:
    unitless = {
        ("participants", "survey_weight"),  # people
        ("person_table", "survey_weight"),
        ("labs", "value"),  # in the unit of its row
        ("labs", "limit"),
    }
    for v in every_variable():
        if v.type in {"integer", "number"} and (v.table, v.name) not in unitless:
            assert v.unit, f"{v.table}.{v.name}"


def test_identifiers_are_text_and_marked_as_such() -> None:
    for v in every_variable():
        if v.name.endswith("_id"):
            assert (v.type, v.sensitivity, v.required) == ("string", "identifier", True), v.name


def test_layers_and_sensitivities_are_known_words() -> None:
    assert {v.sensitivity for v in every_variable()} == {"none", "personal", "sensitive", "identifier"}
    assert all(v.layer for v in every_variable())


def test_mappable_variables_are_those_a_study_supplies(codebook: Codebook) -> None:
    assert {"sex", "age_years", "smoking", "bmi_kg_m2", "has_prenatal_infection"} <= codebook.mappable.keys()
    assert {
        "prs_il6_sd",
        "httlpr_s_alleles",
        "has_paternal_infection",
        "is_screened_control",
    } <= codebook.mappable.keys()
    assert (
        not {
            "phq9_1",
            "hamd17_4",
            "pss10_total",
            "is_statin_user",
            "phq9_total",
            "has_depression",
            "participant_id",
            "survey_weight",
        }
        & codebook.mappable.keys()
    )


def test_a_variable_is_found_by_name_and_an_unknown_one_is_an_error(codebook: Codebook) -> None:
    assert codebook.variable("sex").table == "participants"
    assert codebook.variable("has_depression").table == "person_table"
    with pytest.raises(CodebookError, match="no variable 'bmi'"):
        codebook.variable("bmi")


def test_labels_carry_the_unit(codebook: Codebook) -> None:
    assert codebook.label("bmi_kg_m2") == "Body mass index (kg/m^2)"
    assert codebook.label("smoking") == "Smoking"
    assert codebook.label("unheard_of") == "unheard_of"


def test_dtypes_hold_missing_values(codebook: Codebook) -> None:
    expected = {"sex": "category", "birth_year": "Int64", "bmi_kg_m2": "float64", "is_pregnant": "boolean"}
    assert {name: codebook.variable(name).dtype for name in expected} == expected
    assert codebook.variable("visit_date").dtype == "datetime64[us]"
    assert codebook.variable("participant_id").dtype == "string"


# --- diseases, analytes, instruments, drugs -------------------------------------------------------------------------


def test_diseases_and_their_columns_match_both_ways(codebook: Codebook) -> None:
    person = codebook.tables["person_table"]
    assert {v.disease: v.name for v in person.values() if v.disease} == {
        name: disease.column for name, disease in codebook.diseases.items()
    }
    assert all(person[d.column].title == d.label for d in codebook.diseases.values())


def test_every_has_column_is_a_disease_or_known_to_be_something_else(codebook: Codebook) -> None:
    other = {
        "has_any_autoimmune_disease",
        "has_depression",
        "has_childhood_trauma",
        "has_acute_infection",
        "has_prenatal_infection",
        "has_paternal_infection",
    }
    found = {name for name in codebook.tables["person_table"] if name.startswith("has_")}
    assert found == other | {disease.column for disease in codebook.diseases.values()}


def test_icd10_codes_have_the_form_of_codes_or_of_their_beginning(codebook: Codebook) -> None:
    for disease in codebook.diseases.values():
        assert disease.icd10, disease.id
        assert all(re.fullmatch(r"[A-Z](\d|\d{2}(\.\d{1,2})?)?", code) for code in disease.icd10), disease.id
        assert not any(a != b and a.startswith(b) for a in disease.icd10 for b in disease.icd10), disease.id


@pytest.mark.parametrize(
    ("code", "is_accident"),
    [
        *[(code, True) for code in ("S00", "S72.0", "T00", "T09", "T14.9", "V01", "V99", "W19", "X00", "X59")],
        *[(code, False) for code in ("T15", "T36", "T90", "X60", "X84", "Y04", "Y10", "Z03")],
    ],
)
def test_accidents_are_s00_to_t14_and_v01_to_x59_and_never_self_harm(
    code: str, is_accident: bool, codebook: Codebook
) -> None:
    assert code.startswith(codebook.diseases["accidental_injury"].icd10) is is_accident


def test_negative_controls_and_type_2_diabetes_are_not_autoimmune(codebook: Codebook) -> None:
    assert [name for name, disease in codebook.diseases.items() if disease.autoimmune] == [
        "autoimmune_thyroid_disease",
        "type_1_diabetes",
        "multiple_sclerosis",
        "rheumatoid_arthritis",
        "systemic_lupus_erythematosus",
        "psoriasis",
        "psoriatic_arthritis",
        "inflammatory_bowel_disease",
        "celiac_disease",
        "autoimmune_hepatitis",
    ]


def test_analytes_and_wide_columns_match_both_ways(codebook: Codebook) -> None:
    for table in ("person_table", "visit_table"):
        columns = {v.analyte: v for v in codebook.tables[table].values() if v.analyte}
        assert {name: v.name for name, v in columns.items()} == {n: a.column for n, a in codebook.analytes.items()}
        for name, analyte in codebook.analytes.items():
            assert (columns[name].unit, columns[name].title) == (analyte.unit, analyte.label), name
            assert columns[name].minimum == analyte.minimum, name


def test_the_name_of_a_wide_column_ends_in_its_unit(codebook: Codebook) -> None:
    for analyte in codebook.analytes.values():
        ending = analyte.unit.casefold().replace("10^9", "10e9").replace("/", "_")
        assert analyte.column == f"{analyte.id}_{ending}"


def test_limits_of_analytes_are_in_order(codebook: Codebook) -> None:
    for analyte in codebook.analytes.values():
        low, high = analyte.plausible
        assert analyte.minimum <= low < high <= analyte.maximum, analyte.id
        if "mol" in analyte.unit:
            assert analyte.molar_mass_g_mol, f"{analyte.id} may come in mass units"


def test_every_serology_has_a_cut_off_and_a_column(codebook: Codebook) -> None:
    for analyte in codebook.analytes.values():
        is_serology = analyte.unit == "AU/mL"
        assert (analyte.positive_at is not None) == is_serology, analyte.id
        if is_serology:
            assert f"is_{analyte.id.removesuffix('_igg')}_seropositive" in codebook.tables["person_table"]


def test_items_of_instruments_fit_their_columns(codebook: Codebook) -> None:
    visits = codebook.tables["visits"]
    for instrument in codebook.instruments.values():
        assert len(instrument.columns) == instrument.items
        for column, limits in zip(instrument.columns, instrument.item_limits, strict=True):
            assert (visits[column].minimum, visits[column].maximum) == limits, column
            assert (visits[column].type, visits[column].instrument) == ("integer", instrument.id)
            assert visits[column].title.endswith(f"item {column.removeprefix(instrument.prefix)}"), "no wording"
    named = {v.instrument for v in every_variable() if v.instrument}
    assert named == codebook.instruments.keys()


def test_items_stop_short_of_the_maximum_only_where_the_instrument_says_so(codebook: Codebook) -> None:
    for instrument in codebook.instruments.values():
        assert set(instrument.item_maximum) <= set(range(1, instrument.items + 1)), instrument.id
        assert all(instrument.minimum < top < instrument.maximum for top in instrument.item_maximum.values())
    assert {i.id for i in codebook.instruments.values() if i.item_maximum} == {"hamd17"}
    short = {4, 5, 6, 12, 13, 14, 16, 17}
    assert codebook.instruments["hamd17"].item_limits == tuple((0, 2 if i in short else 4) for i in range(1, 18))


def test_a_prorated_score_has_items_of_one_length(codebook: Codebook) -> None:
    for instrument in codebook.instruments.values():
        for score in (instrument.total, *instrument.subscales):
            if score.method == "prorate":
                assert len({instrument.item_limits[item - 1] for item in score.items}) == 1, score.column


def test_scores_use_existing_items_and_reach_their_limits(codebook: Codebook) -> None:
    for instrument in codebook.instruments.values():
        numbers = set(range(1, instrument.items + 1))
        assert set(instrument.reversed) <= numbers
        for score in (*instrument.subscales, *instrument.validity):
            assert set(score.items) <= numbers
            assert len(set(score.items)) == len(score.items)
        for score in instrument.subscales:
            column = codebook.tables["visits"][score.column]
            assert (column.minimum, column.maximum) == reach(instrument, score.items), score.column


def test_the_total_of_an_instrument_spans_its_scored_items(codebook: Codebook) -> None:
    for instrument in codebook.instruments.values():
        scored = {item for score in instrument.subscales for item in score.items}
        items = scored if instrument.total.method == "sum_of_subscales" else set(instrument.total.items)
        column = codebook.tables["visits"][instrument.total.column]
        assert (column.minimum, column.maximum) == reach(instrument, items), instrument.id


@pytest.mark.parametrize(
    ("instrument", "most"), [("phq9", 27), ("bdi2", 63), ("hamd17", 52), ("pss10", 40), ("gad7", 21), ("ace10", 10)]
)
def test_totals_have_their_published_maximum(instrument: str, most: int, codebook: Codebook) -> None:
    total = codebook.instruments[instrument].total
    assert total.items == tuple(range(1, codebook.instruments[instrument].items + 1))
    assert (codebook.variable(total.column).minimum, codebook.variable(total.column).maximum) == (0, most)


@pytest.mark.parametrize(
    ("instrument", "cut_offs"),
    [
        ("bdi2", {"bdi2_total": {"mild": 14, "moderate": 20, "severe": 29}}),
        ("hamd17", {"hamd17_total": {"mild": 8, "moderate": 17, "severe": 24}}),
        ("pss10", {}),
        ("gad7", {"gad7_total": {"mild": 5, "moderate": 10, "severe": 15}}),
        ("ace10", {}),
    ],
)
def test_cut_offs_are_the_published_ones(
    instrument: str, cut_offs: dict[str, dict[str, int]], codebook: Codebook
) -> None:
    assert codebook.instruments[instrument].cut_offs == cut_offs


def test_subscales_and_validity_items_of_the_ctq_are_all_28_once(codebook: Codebook) -> None:
    ctq = codebook.instruments["ctq_sf"]
    items = [item for score in (*ctq.subscales, *ctq.validity) for item in score.items]
    assert sorted(items) == list(range(1, 29))


def test_cut_offs_rise_and_lie_within_the_score(codebook: Codebook) -> None:
    for instrument in codebook.instruments.values():
        for column, levels in instrument.cut_offs.items():
            score = codebook.tables["visits"][column]
            cuts = list(levels.values())
            assert cuts == sorted(set(cuts)), column
            assert score.minimum is not None
            assert score.maximum is not None
            assert score.minimum < cuts[0] <= cuts[-1] <= score.maximum, column


def test_derivations_quote_the_cut_offs_of_the_instruments(codebook: Codebook) -> None:
    trauma = codebook.variable("has_childhood_trauma").derivation
    for column, levels in codebook.instruments["ctq_sf"].cut_offs.items():
        assert f"{column.removeprefix('ctq_').replace('_', ' ')} {levels['moderate']}" in trauma
    severity = codebook.instruments["phq9"].cut_offs["phq9_total"]
    assert f"at or above {severity['moderate']}" in codebook.variable("has_depression").derivation
    bounds = [int(number) for number in re.findall(r"(\d+)-", codebook.variable("depression_severity").derivation)]
    assert bounds == [0, *severity.values()]
    assert codebook.variable("depression_severity").categories == ("none", *severity)


def test_drug_groups_have_labels_and_atc_codes(codebook: Codebook) -> None:
    assert codebook.drug_labels.keys() == codebook.drugs.keys()
    for name, codes in codebook.drugs.items():
        assert codes, name
        assert all(re.fullmatch(r"[A-Z]\d{2}([A-Z]([A-Z](\d{2})?)?)?", code) for code in codes), name


def test_every_drug_group_has_a_column_that_quotes_it(codebook: Codebook) -> None:
    person = codebook.tables["person_table"]
    for drug, column in codebook.drug_columns.items():
        assert f"the drug group {drug} is present" in person[column].derivation
    derived = {name for name, variable in person.items() if name.endswith("_user") and variable.derivation}
    assert derived == set(codebook.drug_columns.values())


# --- broken folders -------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(repository: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(repository / "data_schema", tmp_path / "data_schema"))


def test_a_copy_of_the_folder_reads_the_same(folder: Path, codebook: Codebook) -> None:
    assert read_codebook(folder) == codebook


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("datapackage.json", None),
        ("datapackage.json", "{"),
        ("datapackage.json", '{"resources": [{"name": "participants"}]}'),
        ("analytes.yaml", "crp: {label: C-reactive protein}"),
        ("diseases.yaml", "psoriasis: {label: Psoriasis}"),
        ("claims.yaml", "IP-01: {text: Something, colour: red}"),
        ("claims.yaml", "IP-01: [unclosed"),
        ("drugs.yaml", None),
        ("instruments/phq9.yaml", "id: phq9"),
    ],
)
def test_a_broken_folder_is_one_clear_error(folder: Path, name: str, content: str | None) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(CodebookError, match="the codebook in 'data_schema' cannot be read"):
        read_codebook(folder)


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match="cannot be read"):
        read_codebook(tmp_path / "nowhere")
