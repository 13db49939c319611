"""One cohort as seven exports that a data manager might send, each with the study file that an analyst would write.

Every export has habits of its kind: decimal commas, Dutch labels, codes for missing values, names of eight letters,
events and repeating instruments. The study file says what they mean; the clean cohort must be the same seven times.
"""

from __future__ import annotations

import copy
import csv
import io
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import yaml
from openpyxl import Workbook

NUMBER = re.compile(r"-?\d+(\.\d+)?")
SIGNED_NUMBER = re.compile(r"[<>]?-?\d+(\.\d+)?")
DATES = {"visit_date", "drawn", "entered", "left"}
TEXTS = {"pid", "relative"}
"""Columns that are text although they hold digits."""

YES_NO = [
    "pill", "infection_now", "antidepressant", "ssri", "nsaid", "statin", "glucocorticoid", "levothyroxine", "insulin",
]  # fmt: skip
DRUGS = ["antidepressant", "ssri", "nsaid", "statin", "glucocorticoid", "levothyroxine", "insulin"]
DISEASES = [
    "thyroid", "t1d", "ms", "ra", "sle", "pso", "ibd", "celiac", "t2d", "depression_ever", "accident", "pelvic",
]  # fmt: skip


@dataclass(frozen=True)
class Cohort:
    """Tables of text, blank where a value is missing, and the study file that belongs to them."""

    tables: Mapping[str, pd.DataFrame]
    study: dict[str, Any]


@dataclass(frozen=True)
class Export:
    """An export: its study file, and what its visits and people are called where the form dictates a name."""

    study: Path
    visits: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""


def read_cohort_folder(folder: Path) -> Cohort:
    """Return the cohort that :func:`cohort.synthetic.write_cohort` wrote to a folder."""
    study = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    paths = {name: folder / declared["path"] for name, declared in study["files"].items()}
    tables = {
        name: pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8") for name, path in paths.items()
    }
    return Cohort(tables, study)


# --- what the exports share -------------------------------------------------------------------------------------


def _write_study(folder: Path, study: dict[str, Any], files: Mapping[str, Any]) -> Path:
    path = folder / "study.yaml"
    content = {**study, "files": dict(files)}
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8", newline="\n")
    return path


def _entries(study: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every entry of a study that names a file."""
    for section in ("variables", "instruments", "labs", "diagnoses", "medications"):
        yield from study[section].values()
    for relation in study["relations"]:
        yield relation
        yield relation["kind"]
    yield from study["follow_up"].values()


def _renamed(study: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a study whose columns have other names."""
    study = copy.deepcopy(study)
    study["id"] = names.get(study["id"], study["id"])
    for entry in _entries(study):
        _rename_entry(entry, names)
    return study


def _rename_entry(entry: dict[str, Any], names: Mapping[str, str]) -> None:
    for key, value in entry.items():
        if key == "column":
            entry[key] = names.get(value, value)
        elif key == "items":
            entry[key] = [names.get(item, item) for item in value]
        elif key in ("where", "present", "absent"):
            entry[key] = _rename_condition(value, names)
        elif key == "cases":
            entry[key] = {case: _rename_condition(condition, names) for case, condition in value.items()}
        elif isinstance(value, dict) and set(value) == {"column"}:
            entry[key] = {"column": names.get(value["column"], value["column"])}


def _rename_condition(condition: Any, names: Mapping[str, str]) -> Any:
    if isinstance(condition, list):
        return [_rename_condition(item, names) for item in condition]
    return {names.get(column, column): wanted for column, wanted in condition.items()}


def _delimited(table: pd.DataFrame, delimiter: str, first_line: str = "") -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows(table.itertuples(index=False, name=None))
    return first_line + stream.getvalue()


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with numbers and days where all cells of a column are such; text elsewhere."""
    columns: dict[str, Any] = {}
    for name in table:
        cells = table[name].tolist()
        if name in DATES:
            columns[name] = pd.Series([_day(cell) for cell in cells], dtype=object)
        elif name not in TEXTS and all(NUMBER.fullmatch(cell) for cell in cells if cell):
            columns[name] = pd.Series([float(cell) if cell else None for cell in cells], dtype=float)
        else:
            columns[name] = pd.Series(cells, dtype=str)
    return pd.DataFrame(columns)


# --- csv of a Dutch Windows computer ----------------------------------------------------------------------------

DUTCH = {
    "sex": {"1": "man", "2": "vrouw"},
    "education": {"1": "laag", "2": "midden", "3": "hoog", "9": "onbekend"},
    "recruited_as": {"1": "coöperatie", "2": "patiënt", "3": "vrijwilliger", "4": "gescreende controle"},
    "smoking": {"1": "nooit", "2": "vroeger", "3": "ja", "9": "geweigerd"},
    "infection_now": {"1": "ja", "2": "nee"},
}
MISSING_WORDS = {"NA": "not available", "n.v.t.": "not applicable", "-": "left open", "onbekend": "not known"}


def csv_export(cohort: Cohort, folder: Path) -> Export:
    """Write CSV: semicolons, decimal commas, days first, cp1252, Dutch words, and four words for missing."""
    spelling = itertools.cycle(MISSING_WORDS)
    files = {}
    for name, table in cohort.tables.items():
        written = table.copy()
        for column in written:
            if column in DATES:
                written[column] = [_dutch_day(cell) for cell in written[column]]
            elif column in DUTCH:
                written[column] = [DUTCH[column].get(cell, cell) for cell in written[column]]
            elif column not in TEXTS:
                written[column] = [_with_comma(cell) for cell in written[column]]
        for column in {"parent_ses", "bmi", "diet", "pill", "phq1", "bdi1", "il6", "thyroid_age"} & set(written):
            written[column] = [cell or next(spelling) for cell in written[column]]
        text = _delimited(written, ";", "sep=;\r\n" if name == "laboratory" else "")
        (folder / f"{name}.csv").write_bytes(text.encode("cp1252"))
        files[name] = {"path": f"{name}.csv", "missing": MISSING_WORDS}
    study = _with_words(cohort.study, DUTCH)
    return Export(_write_study(folder, study, files))


def _with_comma(cell: str) -> str:
    return cell.replace(".", ",") if SIGNED_NUMBER.fullmatch(cell) else cell


def _dutch_day(cell: str) -> str:
    return f"{_day(cell):%d-%m-%Y}" if cell else ""


def _with_words(study: dict[str, Any], words: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return a study in which codes and missing codes of columns are called by their words."""
    study = copy.deepcopy(study)
    for entry in _entries(study):
        known = words.get(entry.get("column", ""), {})
        for key in ("codes", "missing"):
            if key in entry:
                entry[key] = {known.get(str(code), code): meaning for code, meaning in entry[key].items()}
    return study


# --- a workbook with a sheet per table --------------------------------------------------------------------------


def xlsx_export(cohort: Cohort, folder: Path) -> Export:
    """Write one Excel workbook: a sheet per table, days as days, numbers as numbers."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, table in cohort.tables.items():
        sheet = book.create_sheet(name)
        sheet.append(list(table))
        readers = [_moment if column in DATES else str if column in TEXTS else _cell for column in table]
        for row in table.itertuples(index=False):
            sheet.append([read(cell) if cell else None for read, cell in zip(readers, row, strict=True)])
    book.save(folder / "cohort.xlsx")
    files = {name: {"path": "cohort.xlsx", "sheet": name} for name in cohort.tables}
    return Export(_write_study(folder, cohort.study, files))


def _cell(text: str) -> Any:
    if not NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- SPSS: labels and missing codes in the file -----------------------------------------------------------------


def sav_export(cohort: Cohort, folder: Path) -> Export:
    """Write SPSS files: Dutch value labels, and codes for missing declared in the files, not in the study."""
    study = _without_missing(_with_words(cohort.study, DUTCH))
    files = {}
    for name, table in cohort.tables.items():
        missing = {c: codes for c, codes in _missing_codes(cohort.study, name).items() if c in table}
        pyreadstat.write_sav(
            _typed(table),
            str(folder / f"{name}.sav"),
            variable_value_labels={
                column: {float(code): word for code, word in words.items()}
                for column, words in DUTCH.items()
                if column in table
            },
            missing_ranges={column: [float(code) for code in codes] for column, codes in missing.items()},
        )
        files[name] = {"path": f"{name}.sav"}
    return Export(_write_study(folder, study, files))


def _missing_codes(study: dict[str, Any], file: str) -> dict[str, list[str]]:
    """Return the codes that a study declares missing, by column of a file."""
    found: dict[str, list[str]] = {}
    for entry in _entries(study):
        if entry.get("file") == file and "missing" in entry:
            columns = [entry["column"]] if "column" in entry else [*entry.get("items", []), *entry.get("present", {})]
            for column in columns:
                found[column] = [str(code) for code in entry["missing"]]
    return found


def _without_missing(study: dict[str, Any]) -> dict[str, Any]:
    study = copy.deepcopy(study)
    for entry in _entries(study):
        entry.pop("missing", None)
    return study


# --- Stata: words of the codebook as labels, extended missing values --------------------------------------------

ENGLISH = {
    "sex": {1: "Male", 2: "Female"},
    "ancestry": {1: "European", 2: "African", 3: "East Asian"},
    "education": {1: "Low", 2: "Middle", 3: "High"},
    "smoking": {1: "Never", 2: "Former", 3: "Current"},
    "infection_now": {1: "Yes", 2: "No"},
    "prenatal_infection": {0: "No", 1: "Yes"},
    "kind": {1: "Sibling", 2: "Parent", 3: "Partner"},
}


def dta_export(cohort: Cohort, folder: Path) -> Export:
    """Write Stata files: labels that are words of the codebook need no codes, and ``.a`` stands for a missing value."""
    study = _without_missing(cohort.study)
    for entry in _entries(study):
        if entry.get("column") in ENGLISH:
            entry.pop("codes", None)
    files = {}
    for name, table in cohort.tables.items():
        typed, letters = _typed(table), {}
        for column, codes in _missing_codes(cohort.study, name).items():
            letter_of = dict(zip(map(float, codes), "abc", strict=False))
            typed[column] = pd.Series([letter_of.get(number, number) for number in typed[column]], dtype=object)
            letters[column] = list(letter_of.values())
        labels = {column: dict(words) for column, words in ENGLISH.items() if column in table}
        pyreadstat.write_dta(
            typed, str(folder / f"{name}.dta"), variable_value_labels=labels, missing_user_values=letters
        )
        files[name] = {"path": f"{name}.dta"}
    return Export(_write_study(folder, study, files))


# --- SAS transport: names of eight letters ----------------------------------------------------------------------


def xpt_export(cohort: Cohort, folder: Path) -> Export:
    """Write SAS transport files of version 5: names of eight capital letters, numbers as IBM wrote them."""
    names: dict[str, str] = {}
    for column in itertools.chain.from_iterable(cohort.tables.values()):
        short = column.upper().replace("_", "")[:8]
        while column not in names and short in names.values():
            short = f"{short[:5]}{len(names):03}"
        names.setdefault(column, short)
    files = {}
    for name, table in cohort.tables.items():
        typed = _typed(table).rename(columns=names)
        pyreadstat.write_xport(typed, str(folder / f"{name}.xpt"), file_format_version=5)
        files[name] = {"path": f"{name}.xpt"}
    return Export(_write_study(folder, _renamed(cohort.study, names), files))


# --- REDCap: events, checkboxes, repeating instruments ----------------------------------------------------------

EVENTS = {"t0": "baseline_arm_1", "t1": "year_2_arm_1", "t2": "year_4_arm_1"}
FORMS = {
    "demographics": "participants",
    "visit": "visits",
    "questionnaires": "questionnaires",
    "blood": "laboratory",
    "end_of_study": "follow_up",
}
RECORD = ["redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"]


def redcap_export(cohort: Cohort, folder: Path) -> Export:
    """Write a REDCap export: visits as events, drugs as a checkbox, diagnoses and relatives repeat."""
    base, blood_site = _redcap_events(cohort)
    data = pd.concat([base, _redcap_diagnoses(cohort), _redcap_relatives(cohort)], ignore_index=True).fillna("")
    order = data.columns.tolist()
    data = data.sort_values(["pid", "redcap_repeat_instrument"], kind="stable")[order]
    (folder / "export").mkdir()
    (folder / "export" / "Cohort_DATA.csv").write_text(_delimited(data, ","), encoding="utf-8", newline="")
    dictionary = _redcap_dictionary(cohort)
    (folder / "export" / "Cohort_DataDictionary.csv").write_text(
        _delimited(dictionary, ","), encoding="utf-8", newline=""
    )
    study = _renamed(cohort.study, {"visit": "redcap_event_name"})
    study |= {"baseline": EVENTS["t0"], "id": "pid"}
    for entry in _entries(study):
        entry["file"] = "redcap"
        if entry.get("where") == {"redcap_event_name": ["t0"]}:
            entry["where"] = {"redcap_event_name": [EVENTS["t0"]]}
    for entry in study["labs"].values():
        entry["site"] = {"column": blood_site}
    for number, (drug, entry) in enumerate(zip(DRUGS, study["medications"].values(), strict=True), start=1):
        assert entry["present"] == {drug: [1]}
        entry |= {"present": {f"drugs___{number}": [1]}, "absent": {f"drugs___{number}": ["Unchecked"]}}
    for entry in study["diagnoses"].values():
        (disease,) = entry["present"]
        entry |= {"where": {"dx": [disease]}, "present": {"dx_told": ["Ja"]}, "absent": {"dx_told": ["Nee"]}}
        if "onset_age" in entry:
            entry["onset_age"] = {"column": "dx_age"}
    study["relations"][0]["kind"]["where"] = {"redcap_repeat_instrument": ["relatives"]}
    files = {"redcap": {"path": "export", "format": "redcap"}}
    return Export(_write_study(folder, study, files), visits={event: visit for visit, event in EVENTS.items()})


def _redcap_events(cohort: Cohort) -> tuple[pd.DataFrame, str]:
    """Return one row per person and event, with the columns of all forms that are filled in once there."""
    tables = dict(cohort.tables)
    tables["laboratory"] = tables["laboratory"].rename(columns={"site": "blood_site"})
    visits = tables["visits"].drop(columns=DRUGS)
    for number, drug in enumerate(DRUGS, start=1):
        visits[f"drugs___{number}"] = tables["visits"][drug].map({"1": "1", "2": "0", "": ""})
    rows = visits
    for name in ("questionnaires", "laboratory"):
        rows = rows.merge(tables[name], on=["pid", "visit"], how="outer")
    for name in ("participants", "follow_up"):
        rows = rows.merge(tables[name].assign(visit="t0"), on=["pid", "visit"], how="outer")
    rows = rows.sort_values(["pid", "visit"], kind="stable")
    events = {"redcap_event_name": rows["visit"].map(EVENTS), **dict.fromkeys(RECORD[1:], "")}
    rows = rows.assign(**events)
    return rows[["pid", *RECORD, *(c for c in rows if c not in ("pid", "visit", *RECORD))]], "blood_site"


def _redcap_diagnoses(cohort: Cohort) -> pd.DataFrame:
    table = cohort.tables["diagnoses"]
    parts = []
    for disease in DISEASES:
        age = "depression_age" if disease == "depression_ever" else f"{disease}_age"
        ages = table.get(age, "")
        parts.append(pd.DataFrame({"pid": table["pid"], "dx": disease, "dx_told": table[disease], "dx_age": ages}))
    long = pd.concat(parts, ignore_index=True)
    return _repeated(long[long["dx_told"] != ""], "diagnoses")


def _redcap_relatives(cohort: Cohort) -> pd.DataFrame:
    return _repeated(cohort.tables["relations"], "relatives")


def _repeated(table: pd.DataFrame, instrument: str) -> pd.DataFrame:
    table = table.sort_values("pid", kind="stable")
    instance = (table.groupby("pid").cumcount() + 1).astype(str)
    return table.assign(
        redcap_event_name=EVENTS["t0"], redcap_repeat_instrument=instrument, redcap_repeat_instance=instance
    )


def _redcap_dictionary(cohort: Cohort) -> pd.DataFrame:
    def field_(name: str, form: str, kind: str = "text", choices: str = "") -> dict[str, str]:
        return {
            "Variable / Field Name": name,
            "Form Name": form,
            "Section Header": "",
            "Field Type": kind,
            "Field Label": f"<b>{name}</b>",
            "Choices, Calculations, OR Slider Labels": choices,
            "Text Validation Type OR Show Slider Number": "date_dmy" if name in DATES else "",
        }

    fields = [field_("pid", "demographics")]
    for form, table in FORMS.items():
        for column in cohort.tables[table]:
            if column in ("pid", "visit", *DRUGS) or (form == "blood" and column == "site"):
                continue
            words = DUTCH.get(column)
            choices = " | ".join(f"{code}, {word}" for code, word in words.items()) if words else ""
            fields.append(field_(column, form, "radio" if choices else "text", choices))
        if form == "visit":
            drugs = " | ".join(f"{number}, {drug}" for number, drug in enumerate(DRUGS, start=1))
            fields.append(field_("drugs", form, "checkbox", drugs))
        if form == "blood":
            fields.append(field_("blood_site", form))
    diseases = " | ".join(f"{disease}, {disease.upper()}" for disease in DISEASES)
    fields += [
        field_("dx", "diagnoses", "dropdown", diseases),
        field_("dx_told", "diagnoses", "radio", "1, Ja | 2, Nee | 9, Niet gevraagd"),
        field_("dx_age", "diagnoses"),
        field_("relative", "relatives"),
        field_("kind", "relatives", "radio", "1, Broer of zus | 2, Ouder | 3, Partner"),
    ]
    return pd.DataFrame(fields)


# --- BIDS: participants.tsv, phenotype, sidecars ----------------------------------------------------------------


def bids_export(cohort: Cohort, folder: Path) -> Export:
    """Write a BIDS folder: ``sub-`` and ``ses-``, ``n/a``, levels and units in JSON sidecars."""
    study = _renamed(cohort.study, {"pid": "participant_id", "visit": "session_id"})
    study["baseline"] = "ses-t0"
    for entry in _entries(study):
        entry["file"] = "bids"
        if entry.get("where") == {"session_id": ["t0"]}:
            entry["where"] = {"session_id": ["ses-t0"], "source": ["visits", "questionnaires", "laboratory"]}
        if entry.get("column") in ENGLISH:
            entry.pop("codes", None)
    study["variables"]["site"]["where"] = {"source": ["participants"]}
    units = {entry["column"]: entry.pop("unit") for entry in study["labs"].values() if isinstance(entry["unit"], str)}
    for name, table in cohort.tables.items():
        place = folder / "bids" if name == "participants" else folder / "bids" / "phenotype"
        place.mkdir(parents=True, exist_ok=True)
        written = table.rename(columns={"pid": "participant_id", "visit": "session_id"})
        for column in {"participant_id", "relative"} & set(written):
            written[column] = "sub-" + written[column]
        if "session_id" in written:
            written["session_id"] = "ses-" + written["session_id"]
        text = _delimited(written.replace("", "n/a"), "\t").replace("\r\n", "\n")
        (place / f"{name}.tsv").write_text(text, encoding="utf-8", newline="\n")
        sidecar = _sidecar(written.columns, units)
        (place / f"{name}.json").write_text(json.dumps(sidecar, indent=2), encoding="utf-8", newline="\n")
    visits = {f"ses-{visit}": visit for visit in EVENTS}
    files = {"bids": {"path": "bids", "format": "bids"}}
    return Export(_write_study(folder, study, files), visits=visits, prefix="sub-")


def _sidecar(columns: Sequence[str], units: Mapping[str, str]) -> dict[str, Any]:
    described: dict[str, Any] = {"MeasurementToolMetadata": {"Description": "Invented", "TermURL": "urn:none"}}
    for column in columns:
        spec: dict[str, Any] = {"Description": column}
        if column in ENGLISH:
            spec["Levels"] = {
                str(code): {"Description": word, "TermURL": "urn:none"} for code, word in ENGLISH[column].items()
            }
        if column in units:
            spec["Units"] = units[column]
        described[column] = spec
    return described


EXPORTS: dict[str, Callable[[Cohort, Path], Export]] = {
    "csv": csv_export,
    "xlsx": xlsx_export,
    "sav": sav_export,
    "dta": dta_export,
    "xpt": xpt_export,
    "redcap": redcap_export,
    "bids": bids_export,
}
