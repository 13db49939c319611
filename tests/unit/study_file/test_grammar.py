"""Every entry of the grammar is accepted and means what the design says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from cohort.codebook import Codebook
from cohort.study_file import (
    ByColumn,
    Comparison,
    DataFile,
    Keep,
    RegisterCode,
    Source,
    StudyFile,
    UnitColumn,
    load_study_file,
)


def study(folder: Path, name: str, codebook: Codebook) -> StudyFile:
    return load_study_file(folder / name, codebook)


def test_example_of_the_design_loads(study_files: Path, codebook: Codebook) -> None:
    nhanes = study(study_files, "nhanes.yaml", codebook)
    assert nhanes.name == "nhanes-2017-2020"
    assert nhanes.variables["sex"][0].codes == {"1": "male", "2": "female"}
    assert nhanes.variables["age_years"][0].top_coded_at == 80
    assert nhanes.variables["smoking"][0].cases is not None
    assert nhanes.variables["smoking"][0].cases["current"] == [{"SMQ020": ["1"], "SMQ040": ["1", "2"]}]
    assert nhanes.labs["crp"][0].limit == 0.15
    assert nhanes.diagnoses["rheumatoid_arthritis"][0].absent == [{"MCQ160A": ["2"]}, {"MCQ195": ["1", "3"]}]
    assert nhanes.files["mcq"].missing == {"0": "not stored"}
    assert nhanes.eligible[0].at_least == 20
    assert nhanes.design is not None
    assert nhanes.design.strata is not None


def test_stacked_files_keep_their_source_with_unit_limit_and_weight_by_source(
    study_files: Path, codebook: Codebook
) -> None:
    stacked = study(study_files, "stacked_cycles.yaml", codebook)
    assert stacked.files["demo"].sources() == {"c2015": "DEMO_I.XPT", "c2017": "P_DEMO.XPT"}
    assert stacked.files["lab"].sources() == {"CRP_I": "CRP_I.XPT", "P_HSCRP": "P_HSCRP.XPT"}
    crp = stacked.labs["crp"][0]
    assert isinstance(crp.unit, ByColumn)
    assert crp.unit.levels() == {"CRP_I": "mg/dL", "P_HSCRP": "mg/L"}
    assert isinstance(crp.limit, ByColumn)
    assert crp.limit.levels() == {"CRP_I": 0.02, "P_HSCRP": 0.15}
    assert stacked.design is not None
    assert isinstance(stacked.design.weights.multiply, ByColumn)


def test_register_rows_prescriptions_relatives_and_follow_up(study_files: Path, codebook: Codebook) -> None:
    register = study(study_files, "register.yaml", codebook)
    diabetes = register.diagnoses["type_1_diabetes"][0]
    assert diabetes.code == RegisterCode(column="icd10", system="ICD-10", starts_with=["E10"])
    assert diabetes.absent == "no_record_in_follow_up"
    assert diabetes.minimum_records == 2
    assert [source.source for source in register.diagnoses["rheumatoid_arthritis"]] == ["register", "self_report"]
    antidepressant = register.medications["antidepressant"][0]
    assert antidepressant.code is not None
    assert antidepressant.code.starts_with == ["N06A"]
    assert antidepressant.where == [{"packs": Comparison(at_least=1)}, {"dose": Comparison(at_least=0.5, below=10)}]
    assert isinstance(register.relations[1].kind, Source)
    assert register.follow_up is not None
    assert register.eligible[1].values == ["female"]
    prenatal = register.variables["has_prenatal_infection"][0].cases
    assert prenatal == {"true": [{"mor_inf": Comparison(starts_with=["A", "B"])}], "false": [{"mor_inf": "blank"}]}
    assert register.files["lpr"].decimal == ","
    assert register.disclosure.minimum_count == 10


def test_wide_waves_lists_of_sources_and_words_of_another_language(study_files: Path, codebook: Codebook) -> None:
    waves = study(study_files, "waves.yaml", codebook)
    assert waves.variables["bmi_kg_m2"][0].visits == {"w1": "bmi_1", "w2": "bmi_2"}
    assert len(waves.variables["smoking"]) == 2
    first = waves.variables["smoking"][0].cases
    assert first is not None
    assert first["current"] == [{"rook_1": ["1"]}, {"sig_1": Comparison(at_least=1)}]
    items = waves.instruments["phq9"][0].items
    assert isinstance(items, dict)
    assert set(items) == {"w1", "w2"}
    assert waves.labs["crp"][0].keep == Keep(nearest="visit_date")


def test_long_table_with_units_limits_and_places_in_columns(study_files: Path, codebook: Codebook) -> None:
    laboratory = study(study_files, "long_laboratory.yaml", codebook)
    crp = laboratory.labs["crp"][0]
    assert crp.where == [{"test": ["CRP", "hsCRP"], "status": ["final"]}]
    assert crp.unit == UnitColumn(column="unit")
    assert crp.visit == UnitColumn(column="visit")
    assert crp.limit == UnitColumn(column="loq")
    assert crp.keep == "first"
    cortisol = laboratory.labs["cortisol"][0].where
    assert cortisol == [{"test": ["CORT"], "drawn": Comparison(below="2020-01-01")}]


def test_folders_of_bids_and_redcap(study_files: Path, codebook: Codebook) -> None:
    folders = study(study_files, "folders.yaml", codebook)
    assert {name: file.format for name, file in folders.files.items()} == {"imaging": "bids", "survey": "redcap"}
    assert folders.labs["crp"][0].unit is None
    assert len(folders.instruments["ctq_sf"][0].items) == 28


@pytest.mark.parametrize(("written", "code"), [("1", "1"), ("1.0", "1"), ("'1'", "1"), ("01", "01"), ("no", "no")])
def test_codes_are_the_text_that_a_reader_yields(
    written: str, code: str, study_files: Path, tmp_path: Path, codebook: Codebook
) -> None:
    text = (study_files / "nhanes.yaml").read_text(encoding="utf-8")
    path = tmp_path / "study.yaml"
    path.write_text(text.replace("{LBDHRPLC: [1]}", f"{{LBDHRPLC: [{written}]}}"), encoding="utf-8")
    assert load_study_file(path, codebook).labs["crp"][0].below == [{"LBDHRPLC": [code]}]
    path.write_text(text.replace("codes: {1: male", f"codes: {{{written}: male"), encoding="utf-8")
    assert code in (load_study_file(path, codebook).variables["sex"][0].codes or {})


def test_models_can_be_built_from_models() -> None:
    source = Source(
        file="lab", column="crp", unit=UnitColumn(column="unit"), limit=ByColumn.model_validate({"by": "x"})
    )
    assert source.unit == UnitColumn(column="unit")
    assert Source.model_validate(source.model_dump()) == source


def test_entries_cannot_be_changed() -> None:
    file = DataFile(path="a.csv")
    with pytest.raises(ValidationError):
        file.path = "b.csv"  # type: ignore[misc]


def test_endings_that_are_accepted_are_those_that_have_a_reader() -> None:
    from cohort.intake.readers import format_of
    from cohort.study_file.checks import KNOWN_ENDINGS

    assert all(format_of(f"a.{ending}") is not None for ending in KNOWN_ENDINGS)
    assert format_of("a.docx") is None


def test_dates_that_rows_can_be_kept_nearest_to_are_those_that_intake_knows() -> None:
    from cohort.intake import context
    from cohort.study_file.checks import REFERENCE_DATES

    assert set(REFERENCE_DATES) == set(context.REFERENCE_DATES)
