"""Every recipe of the guide reads and cleans the files that it is for, and means what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jsonschema
import pandas as pd
import pyreadstat
import pytest
import yaml

from cohort.study import open_study

Rows = list[tuple[Any, ...]]


class Guide(Protocol):
    """The guide, as the fixture gives it."""

    def section(self, number: int) -> Guide: ...

    def studies(self) -> dict[str, str]: ...


@dataclass(frozen=True)
class Recipe:
    """Files that a recipe is for, and what they hold.

    Parameters
    ----------
    write
        Writes them to a folder.
    holds
        Rows that clean tables must have, by table and the columns shown.
    """

    write: Callable[[Path], None]
    holds: Mapping[tuple[str, ...], Rows]


def _dutch_csv(folder: Path) -> None:
    lines = [
        "respnr;geslacht;datum;bmi;crp;woont",
        "1;vrouw;01-02-2021;22,5;<0,3;geïsoleerd",
        "2;man;13-02-2021;onbekend;4,1;samen",
        "3;geen antwoord;14-02-2021;31,0;n.v.t.;samen",
    ]
    (folder / "deelnemers.csv").write_bytes("\r\n".join(lines).encode("latin-1"))


def _spss(folder: Path) -> None:
    columns = {"respnr": [1.0, 2, 3], "geslacht": [2.0, 1, 9], "opleiding": [1.0, 2, 3], "smoking": [0.0, 1, 2]}
    labels: dict[str, dict[int | float, str]] = {
        "geslacht": {1: "man", 2: "vrouw", 9: "onbekend"},
        "opleiding": {1: "laag", 2: "midden", 3: "hoog"},
        "smoking": {0: "Never", 1: "Former", 2: "Current"},
        "ms": {1: "ja", 2: "nee", 8: "niet gevraagd"},
    }
    pyreadstat.write_sav(
        pd.DataFrame({**columns, "ms": [1.0, 2, 8]}),
        str(folder / "cohort.sav"),
        variable_value_labels=labels,
        missing_ranges={"geslacht": [9]},
    )


def _stata_sas_excel(folder: Path) -> None:
    survey = pd.DataFrame({"pid": ["a1", "a2", "a3"], "smoke": [1.0, 2, 3], "bmi": [22.0, 30.0, "a"]})
    pyreadstat.write_dta(survey, str(folder / "survey.dta"), missing_user_values={"bmi": ["a"]})
    blood = pd.DataFrame({"PID": ["a1", "a2", "a3"], "CRP": [1.0, 0.2, 9.0]})
    pyreadstat.write_xport(blood, str(folder / "blood.xpt"), file_format_version=5)
    with pd.ExcelWriter(folder / "cohort.xlsx") as book:
        pd.DataFrame({"pid": ["a1", "a2", "a3"], "sex": ["F", "M", "F"]}).to_excel(
            book, sheet_name="people", index=False
        )
        pd.DataFrame({"pid": ["a1", "a2"], "psoriasis": [0, 1]}).to_excel(book, sheet_name="gp visits", index=False)


DICTIONARY = """\
"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels"
record_id,intake,text,"Record ID",
sex,intake,radio,"Sex","1, Male | 2, Female"
history,intake,checkbox,"Ever told","1, Psoriasis | 2, Celiac disease"
visit_day,visit,text,Date,
bmi,visit,text,"BMI (kg/m2)",
crp,blood,text,"CRP (mg/L)",
drawn,blood,text,Date,
"""
RECORDS = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,sex,history___1,history___2,intake_complete,visit_day,bmi,visit_complete,crp,drawn,blood_complete
1,baseline_arm_1,,,2,1,0,2,2021-03-01,22.5,2,,,
1,baseline_arm_1,blood,1,,,,,,,,1.5,2021-03-01,2
1,baseline_arm_1,blood,2,,,,,,,,2.5,2021-03-08,2
1,year_2_arm_1,blood,1,,,,,,,,<0.5,2023-03-01,2
2,baseline_arm_1,,,1,0,0,2,2021-04-01,UNK,2,,,
3,baseline_arm_1,,,1,0,0,0,2021-04-01,27,2,,,
"""


def _redcap(folder: Path) -> None:
    _texts(folder / "export", {"DATA.csv": RECORDS, "DataDictionary.csv": DICTIONARY})


def _bids(folder: Path) -> None:
    phq = "\t".join(["participant_id", "session_id", *(f"phq_{item}" for item in range(1, 10))])
    files = {
        "participants.tsv": "participant_id\tsex\tage\nsub-01\tF\t34\nsub-02\tM\tn/a\n",
        "participants.json": json.dumps({"sex": {"Levels": {"F": "Female", "M": "Male"}}, "age": {"Units": "year"}}),
        "phenotype/blood.tsv": "participant_id\tsession_id\tcrp\nsub-01\tses-01\t0.12\nsub-02\tses-01\t<0.02\n",
        "phenotype/blood.json": json.dumps({"crp": {"Units": "mg/dL"}}),
        "phenotype/phq9.tsv": phq + "\nsub-01\tses-01\t" + "\t".join("012301230") + "\n",
    }
    _texts(folder / "dataset", files)


def _laboratory(folder: Path) -> None:
    results = """\
patient,test,result,unit,drawn
1,CRP,1.2,mg/L,2021-03-01
1,NA,140,mmol/L,2021-03-01
2,hsCRP,0.04,mg/dL,2021-03-02
3,hsCRP,<0.15,mg/L,2021-03-02
4,CRP,n.d.,mg/L,2021-03-02
"""
    people = "patient,centre,cort\n1,A,300\n2,A,20\n3,B,10\n4,B,0.5\n"
    _texts(folder, {"people.csv": people, "results.csv": results})


def _register(folder: Path) -> None:
    people = "lopenr;kjonn;inn;ut\n" + "".join(f"{nr};{'KM'[nr % 2]};01-01-2000;31-12-2020\n" for nr in (1, 2, 3))
    contacts = "lopenr;icd10;innlagt\n1;E10.9;03-02-2005\n1;E101;14-05-2006\n2;E10;13-01-2010\n2;G35;13-01-2010\n"
    drugs = "lopenr;atc;fra\n3;N06AB04;20-02-2010\n2;A02BC01;21-02-2010\n"
    _texts(folder, {"people.csv": people, "contacts.csv": contacts, "drugs.csv": drugs})


def _waves(folder: Path) -> None:
    files = {
        "wide.csv": "nr,day_2015,day_2019,bmi_2015,bmi_2019\n1,2015-03-02,2019-03-02,22,23\n2,2015-04-01,,27,\n",
        "long.csv": "nr,wave,day,crp\n1,2015,2015-03-02,1.1\n1,2015,2015-03-09,7\n1,2019,2019-03-02,2\n2,2015,,0.4\n",
        "practice.csv": "nr,seen,smokes\n1,2011-01-05,yes\n1,2015-02-05,stopped\n2,2015-04-09,no\n2,2018-04-09,yes\n",
    }
    _texts(folder, files)


def _hashed_ids(folder: Path) -> None:
    _texts(folder, {"people.csv": "bsn,achternaam,sex\n111222333,Jansen,F\n123456782,Bakker,M\n"})
    (folder.parent / "secret.key").write_text("9f" * 8 + "0123456789abcdef", encoding="utf-8")


def _texts(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


CRP = ("labs", "participant_id", "value", "censoring")
RECIPES = {
    "dutch-csv": Recipe(
        _dutch_csv,
        {
            CRP: [("1", 0.3, "below"), ("2", 4.1, "none")],
            ("participants", "participant_id", "sex"): [("1", "female"), ("2", "male"), ("3", None)],
            ("visits", "participant_id", "bmi_kg_m2", "visit_date"): [
                ("1", 22.5, "2021-02-01"), ("2", None, "2021-02-13"), ("3", 31.0, "2021-02-14"),
            ],
        },
    ),
    "spss": Recipe(
        _spss,
        {
            ("participants", "participant_id", "sex", "education"): [
                ("1", "female", "low"), ("2", "male", "middle"), ("3", None, "high"),
            ],
            ("visits", "participant_id", "smoking"): [("1", "never"), ("2", "former"), ("3", "current")],
            ("diagnoses", "participant_id", "status"): [("1", "present"), ("2", "absent"), ("3", "unknown")],
        },
    ),
    "stata-sas-excel": Recipe(
        _stata_sas_excel,
        {
            CRP: [("a1", 1.0, "none"), ("a2", 0.2, "none"), ("a3", 9.0, "none")],
            ("participants", "participant_id", "sex"): [("a1", "female"), ("a2", "male"), ("a3", "female")],
            ("visits", "participant_id", "smoking", "bmi_kg_m2"): [
                ("a1", "never", 22.0), ("a2", "former", 30.0), ("a3", "current", None),
            ],
            ("diagnoses", "participant_id", "status"): [("a1", "absent"), ("a2", "present"), ("a3", "unknown")],
        },
    ),
    "redcap": Recipe(
        _redcap,
        {
            ("labs", "participant_id", "visit", "value", "censoring"): [
                ("1", "baseline_arm_1", 1.5, "none"), ("1", "year_2_arm_1", 0.5, "below"),
            ],
            ("participants", "participant_id", "sex"): [("1", "female"), ("2", "male"), ("3", "male")],
            ("visits", "participant_id", "visit", "bmi_kg_m2"): [
                ("1", "baseline_arm_1", 22.5), ("1", "year_2_arm_1", None),
                ("2", "baseline_arm_1", None), ("3", "baseline_arm_1", 27.0),
            ],
            ("diagnoses", "participant_id", "status"): [("1", "present"), ("2", "absent"), ("3", "unknown")],
        },
    ),
    "bids": Recipe(
        _bids,
        {
            CRP: [("sub-01", 1.2, "none"), ("sub-02", 0.2, "below")],
            ("participants", "participant_id", "sex"): [("sub-01", "female"), ("sub-02", "male")],
            ("visits", "participant_id", "age_years", "phq9_total"): [("sub-01", 34.0, 12), ("sub-02", None, None)],
        },
    ),
    "laboratory": Recipe(
        _laboratory,
        {
            ("labs", "participant_id", "analyte", "value", "censoring"): [
                ("1", "cortisol", 300.0, "none"), ("1", "crp", 1.2, "none"),
                ("2", "cortisol", 30.0, "below"), ("2", "crp", 0.4, "none"),
                ("3", "cortisol", 275.89, "none"), ("3", "crp", 0.15, "below"),
                ("4", "cortisol", 27.59, "below"),
            ],
        },
    ),
    "register": Recipe(
        _register,
        {
            ("diagnoses", "participant_id", "status"): [("1", "present"), ("2", "unknown"), ("3", "absent")],
            ("medications", "participant_id", "status"): [("1", "unknown"), ("2", "unknown"), ("3", "present")],
            ("follow_up", "participant_id", "exit_date"): [(nr, "2020-12-31") for nr in "123"],
        },
    ),
    "waves": Recipe(
        _waves,
        {
            ("visits", "participant_id", "visit", "bmi_kg_m2", "smoking"): [
                ("1", "2015", 22.0, "former"), ("1", "2019", 23.0, None), ("2", "2015", 27.0, "never"),
            ],
            ("labs", "participant_id", "visit", "value"): [("1", "2015", 1.1), ("1", "2019", 2.0), ("2", "2015", 0.4)],
        },
    ),
    "hashed-ids": Recipe(_hashed_ids, {("participants", "sex"): [("female",), ("male",)]}),
}  # fmt: skip


def _cell(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return round(value, 2) if isinstance(value, float) else value


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_gives_the_values_that_the_files_mean(name: str, guide: Guide, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    RECIPES[name].write(folder)
    (folder / "study.yaml").write_text(guide.section(8).studies()[name], encoding="utf-8")
    study = open_study(folder / "study.yaml")
    assert study.quarantine.empty
    tables = study.tables
    for (table, *columns), rows in RECIPES[name].holds.items():
        shown = tables[table].sort_values(
            [key for key in ("participant_id", "visit", "analyte") if key in columns] or columns
        )[columns]
        found = [tuple(map(_cell, row)) for row in shown.astype(object).itertuples(index=False)]
        assert found == [tuple(row) for row in rows], (table, columns)


def test_ids_are_hashes_and_names_are_nowhere(guide: Guide, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    _hashed_ids(folder)
    (folder / "study.yaml").write_text(guide.section(8).studies()["hashed-ids"], encoding="utf-8")
    (tmp_path / "clean").mkdir()
    open_study(folder / "study.yaml").write_into(tmp_path / "clean")
    people = pd.read_parquet(tmp_path / "clean" / "participants.parquet")
    assert people["participant_id"].str.fullmatch("[0-9a-f]{20}").all()
    for file in (tmp_path / "clean").rglob("*.*"):
        assert not re.search(rb"111222333|123456782|Jansen|Bakker", file.read_bytes()), file.name


def test_every_recipe_is_tested_and_fits_the_schema_of_editors(guide: Guide, repository: Path) -> None:
    recipes = guide.section(8).studies()
    assert set(recipes) == set(RECIPES)
    schema = json.loads((repository / "data_schema" / "study.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for name, text in recipes.items():
        # Keys of YAML may be numbers; the editors, and JSON, see text.
        assert list(validator.iter_errors(json.loads(json.dumps(yaml.safe_load(text))))) == [], name
