"""Small valid studies to be mutated: the miniature studies, one made here whose files are of every other format, and
a synthetic one with enough people, sites, plates and defects that most rules of cleaning find something.

The free text of the people holds a word that is in no header and no study file, so that a message that quotes a cell
is found.
"""

from __future__ import annotations

import gzip
import importlib.util
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from cohort.synthetic import load_scenario, write_cohort

TESTS = Path(__file__).resolve().parent.parent
MINIATURES = TESTS / "fixtures" / "studies"
SECRET = "GEHEIM-4711"
"""Stands in cells of people; no message may hold it, nor its number."""

EVERY_FORMAT, SIMULATED = "every_format", "simulated"
BASES = (
    "bids_study",
    "long_laboratory",
    "nhanes_cycles",
    "redcap_export",
    "register_extract",
    "spss_waves",
    EVERY_FORMAT,
    SIMULATED,
)
WEIGHTS = (4, 4, 4, 4, 4, 4, 4, 1)
"""How often each is drawn: the synthetic one takes five times as long as the others."""

_PEOPLE = 12
_SIMULATED_PEOPLE = 60

_STUDY = """\
# People in an SPSS-like mix of formats: every single-file reader, every shape of source that the miniatures lack.
cohort_study: 1
name: every-format
title: Every format, invented
synthetic: false
id: person
files:
  people: {path: people.xlsx, sheet: people, missing: {-9: refused}}
  bodies: {path: bodies.dta}
  blood: {path: blood.tsv, decimal: ",", date_order: dmy}
  mood: {path: {north: mood_north.sas7bdat, south: mood_south.sas7bdat}, rows: 12}
  history: {path: history.csv.gz, encoding: latin-1, delimiter: ";"}
  survey: {path: survey.parquet}
eligible:
  - {variable: age_years, at_least: 20, below: 75, label: adults}
  - {variable: sex, values: [female, male]}
variables:
  sex: {file: people, column: sex, codes: {1: male, 2: female}}
  birth_year: {file: people, column: born}
  site: {file: people, column: site}
  visit_date: {file: people, column: seen}
  age_years:
    - {file: people, column: age, top_coded_at: 80}
    - {file: bodies, column: age}
  bmi_kg_m2: {file: bodies, column: bmi, where: {bmi: {at_least: 5, below: 90}}}
  is_pregnant: {file: history, cases: {true: [{pregnant: [1]}], false: [{pregnant: [2]}, {pregnant: blank}]}}
  smoking: {file: history, column: smokes, codes: {never: never, ex: former, yes: current}}
instruments:
  phq9: {file: mood, items: [q1, q2, q3, q4, q5, q6, q7, q8, q9], missing: {7: refused, 9: do not know}}
labs:
  crp:
    file: blood
    column: crp
    unit: {by: site, north: mg/L, south: mg/dL}
    limit: {by: site, north: 0.3, south: 0.03}
    date: {column: drawn}
    site: {column: site}
    plate: {column: plate}
    below: {flag: ["<"]}
    keep: last
diagnoses:
  psoriasis: {file: history, present: {pso: [1]}, absent: {pso: [2]}, unknown: {pso: [9]}, onset_age: {column: pso_age}}
  type_1_diabetes: {file: history, code: {column: icd, system: ICD-10, starts_with: [E10]}, date: {column: first}}
medications:
  statin: {file: history, present: {statin: [1]}, absent: {statin: [2]}}
design:
  weights: {file: survey, column: weight, multiply: 0.5}
  strata: {file: survey, column: stratum}
  psu: {file: survey, column: psu}
rules:
  straight_lining: off
  range_plausible: {variables: {bmi_kg_m2: {maximum: 60}}}
  sentinel_number: {action: flag, limits: {times: 4}}
disclosure: {minimum_count: 5, round_to: 5}
privacy: {hash_ids: {key_file: key.txt}}
"""


def write_base(name: str, folder: Path) -> None:
    """Write a valid study into an empty folder.

    Parameters
    ----------
    name
        One of ``BASES``.
    folder
        The folder; ``study.yaml`` and the data come into it.
    """
    if name == EVERY_FORMAT:
        _write_every_format(folder)
        return
    if name == SIMULATED:
        world = replace(load_scenario("literature_like"), defects={"kinds": "default"})
        write_cohort(world, _SIMULATED_PEOPLE, 4, folder, with_truth=False)
        return
    for item in (MINIATURES / name).iterdir():
        if item.is_dir() and item.name != "expected":
            shutil.copytree(item, folder / item.name)
        elif item.is_file():
            shutil.copy(item, folder / item.name)


def data_files(folder: Path) -> list[Path]:
    """Return the files of a study that its study file reads, in a fixed order."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in {"study.yaml", "key.txt"})


def sas_data_set() -> Callable[..., bytes]:
    """Return the function that makes the bytes of a SAS data set, which no package writes."""
    spec = importlib.util.spec_from_file_location("sas_data_set", TESTS / "fixtures" / "sas" / "sas_data_set.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[..., bytes] = module.sas_data_set
    return function


def _write_every_format(folder: Path) -> None:
    numbers = list(range(_PEOPLE))
    ids = [f"{n + 1:03}" for n in numbers]
    (folder / "study.yaml").write_text(_STUDY, encoding="utf-8")
    (folder / "key.txt").write_text("0123456789abcdef0123456789abcdef\n", encoding="utf-8")
    people: dict[str, list[Any]] = {
        "person": ids,
        "sex": [1 + n % 2 for n in numbers],
        "born": [1950 + 3 * n for n in numbers],
        "age": [70 - 3 * n if n != 5 else -9 for n in numbers],
        "site": ["north" if n % 2 else "south" for n in numbers],
        "seen": pd.date_range("2020-03-01", periods=_PEOPLE, freq="9D").tolist(),
        "remark": [f"{SECRET} {n}" for n in numbers],
    }
    pd.DataFrame(people).to_excel(folder / "people.xlsx", sheet_name="people", index=False)
    bodies = {
        "person": ids,
        "age": [float(70 - 3 * n) for n in numbers],
        "bmi": [20.5 + n for n in numbers],
        "note": [SECRET] * _PEOPLE,
    }
    pyreadstat.write_dta(pd.DataFrame(bodies), str(folder / "bodies.dta"))
    blood = ["person\tsite\tplate\tdrawn\tcrp\tflag\tnote"]
    blood += [
        f"{ids[n]}\t{people['site'][n]}\tp{n % 3}\t{n + 1:02}.03.2020\t{n // 2},{n}5\t{'<' if n == 3 else ''}\t{SECRET}"
        for n in numbers
    ]
    (folder / "blood.tsv").write_text("\n".join(blood) + "\n", encoding="utf-8")
    columns = [("person", "text", 4), *((f"q{i}", "number", 8) for i in range(1, 10)), ("said", "text", 12)]
    for name, start in (("north", 0), ("south", _PEOPLE // 2)):
        rows = [[ids[n], *((n * i + i) % 4 for i in range(9)), SECRET] for n in range(start, start + _PEOPLE // 2)]
        (folder / f"mood_{name}.sas7bdat").write_bytes(sas_data_set()(columns, rows))
    history = ["person;pregnant;smokes;pso;pso_age;statin;icd;first;remark"]
    pregnant, smokes, codes = ("", 2, 1), ("never", "ex", "yes"), ("E10.9", "G35", "")
    history += [
        f"{ids[n]};{pregnant[n % 3]};{smokes[n % 3]};{1 + n % 2};{'' if n % 2 else 20 + n};{1 + n % 2};"
        f"{codes[n % 3]};2010-0{1 + n % 9}-11;café {SECRET}"
        for n in numbers
    ]
    packed = gzip.compress(("\r\n".join(history) + "\r\n").encode("latin-1"), mtime=0)
    (folder / "history.csv.gz").write_bytes(packed)
    survey = {
        "person": pd.array(ids, dtype="str"),
        "weight": [1000.0 + n for n in numbers],
        "stratum": [1 + n // 4 for n in numbers],
        "psu": [1 + n % 2 for n in numbers],
    }
    pd.DataFrame(survey).to_parquet(folder / "survey.parquet", index=False)
