"""How right `cohort draft` is: its lines against reference mappings, counted by column, in a table.

The unit is a pair: a column of a file and what it stands for in the reference (`sex`, item 3 of `phq9`, the unit of
`crp`, …). Several analytes that share a date, plate or site column make one pair. A pair is

* right: the draft uses the column for the same thing, and no code, unit or condition of it says otherwise;
* open: the draft does not use the column for it; it asks, or says nothing;
* wrong: the draft uses the column for something else, or with another meaning. Whatever the draft uses and the
  reference lacks is wrong too, except pairs under `EQUIVALENT`, each with its reason.

    python scripts/score_draft.py [--nhanes FOLDER] [--renamings FILE …] [--people N] [--show]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import yaml

from cohort.codebook import Codebook, load_codebook
from cohort.draft import draft_study
from cohort.shipped import shipped_folder
from cohort.study_file import StudyFile, load_study_file
from cohort.synthetic import write_cohort
from cohort.units import UnitError, convert_factor

ROOT = Path(__file__).resolve().parent.parent
RENAMINGS = ROOT / "tests" / "fixtures" / "draft"

SAME = 1e-6
Pair = tuple[str, str, str]
"""File (last part of its path), column, and what it stands for."""

EQUIVALENT: Mapping[Pair, str] = {
    ("P_DIQ.XPT", "DIQ050", "medications.insulin"): "the question is whether insulin is taken now",
    (
        "P_DIQ.XPT",
        "DID040",
        "diagnoses.diabetes.onset_age",
    ): "age when first told of diabetes; the reference leaves it out",
    ("P_MCQ.csv", "MCD180M", "diagnoses.thyroid_disease.onset_age"): "age when first told of the thyroid problem",
}
"""Pairs that a reference lacks and that are true nevertheless."""


@dataclass
class Score:
    """How many pairs of one export are right, open and wrong."""

    name: str
    pairs: int = 0
    right: list[Pair] = field(default_factory=list)
    open: list[Pair] = field(default_factory=list)
    wrong: list[tuple[Pair, str]] = field(default_factory=list)
    beyond: list[Pair] = field(default_factory=list)

    @property
    def judged(self) -> int:
        """Return how many pairs are judged: those of the reference and whatever the draft adds to them."""
        return len(self.right) + len(self.open) + len(self.wrong)

    def share(self, which: str) -> float:
        """Return the share of judged pairs that are ``right``, ``open`` or ``wrong``."""
        return len(getattr(self, which)) / self.judged if self.judged else 0.0

    def without_items(self) -> Score:
        """Return the same with each questionnaire as one pair: right when all its items are."""
        small = Score(self.name)
        for which in ("right", "open"):
            setattr(small, which, [pair for pair in getattr(self, which) if not pair[2].startswith("instruments.")])
        small.wrong = [item for item in self.wrong if not item[0][2].startswith("instruments.")]
        states: dict[str, set[str]] = {}
        for which, pairs in (("right", self.right), ("open", self.open), ("wrong", [pair for pair, _ in self.wrong])):
            for pair in pairs:
                if pair[2].startswith("instruments."):
                    states.setdefault(pair[2].split("[")[0], set()).add(which)
        for instrument, seen in states.items():
            pair = ("", "", instrument)
            if "wrong" in seen:
                small.wrong.append((pair, "an item is wrong"))
            else:
                (small.open if "open" in seen else small.right).append(pair)
        return small


# --- pairs of a study file ----------------------------------------------------------------------------------------


def pairs_of(study: StudyFile, codebook: Codebook) -> dict[Pair, Any]:
    """Return what each column of a study stands for, with what its codes, units or conditions say."""
    return dict(_pairs(study, codebook))


def _path(study: StudyFile, file: str) -> str:
    path = study.files[file].path
    return str(path).replace("\\", "/").rsplit("/", 1)[-1]


def _pairs(study: StudyFile, codebook: Codebook) -> Iterator[tuple[Pair, Any]]:
    for name, declared in study.files.items():
        identifier = declared.id or study.id
        if identifier is not None:
            yield (_path(study, name), identifier, "id"), None
    for name, sources in study.variables.items():
        for source in sources:
            path = _path(study, source.file)
            for column in _columns(source):
                yield (path, column, f"variables.{name}"), _meaning(source, codebook.mappable[name].unit)
            yield from _shared(path, source)
    for name, instruments in study.instruments.items():
        for given in instruments:
            yield from _instrument(_path(study, given.file), name, given)
    for name, labs in study.labs.items():
        for lab in labs:
            yield from _lab(_path(study, lab.file), name, lab, codebook.analytes[name].unit)
    for section, entries in (("diagnoses", study.diagnoses), ("medications", study.medications)):
        for name, given_sources in entries.items():
            for item in given_sources:
                yield from _conditional(_path(study, item.file), f"{section}.{name}", item)
    yield from _people(study)


def _instrument(path: str, name: str, given: Any) -> Iterator[tuple[Pair, Any]]:
    for columns in given.items.values() if isinstance(given.items, dict) else [given.items]:
        for number, column in enumerate(columns, start=1):
            meaning = {"codes": given.codes or {}, "missing": set(given.missing)}
            yield (path, column, f"instruments.{name}[{number}]"), meaning
    yield from _shared(path, given)


def _lab(path: str, name: str, lab: Any, unit: str) -> Iterator[tuple[Pair, Any]]:
    for column in _columns(lab):
        yield (path, column, f"labs.{name}"), _meaning(lab, unit)
    if hasattr(lab.unit, "column"):
        yield (path, lab.unit.column, f"labs.{name}.unit"), None
    for column in [*_condition_columns(lab.below), *_condition_columns(lab.above)]:
        if column not in _columns(lab):
            yield (path, column, f"labs.{name}.limit"), None
    for key in ("plate", "site", "time"):
        if hasattr(getattr(lab, key), "column"):
            yield (path, getattr(lab, key).column, f"labs.{key}"), None
    yield from _shared(path, lab)


def _conditional(path: str, target: str, item: Any) -> Iterator[tuple[Pair, Any]]:
    for column in dict.fromkeys([*_condition_columns(item.present), *_condition_columns(item.absent)]):
        yield (path, column, target), {"present": _codes_of(item.present, column)}
    if getattr(item, "onset_age", None) is not None:
        yield (path, item.onset_age.column, f"{target}.onset_age"), None
    yield from _shared(path, item)


def _people(study: StudyFile) -> Iterator[tuple[Pair, Any]]:
    for relation in study.relations:
        path = _path(study, relation.file)
        yield (path, relation.relative.column, "relations.relative"), None
        if not isinstance(relation.kind, str):
            yield (path, str(relation.kind.column), "relations.kind"), _meaning(relation.kind, "")
    for section, keys in (("follow_up", ("entry", "exit", "reason")), ("design", ("weights", "strata", "psu"))):
        for key in keys:
            source = getattr(getattr(study, section), key, None)
            if source is not None:
                yield (_path(study, source.file), source.column, f"{section}.{key}"), _meaning(source, "")


def _columns(source: Any) -> list[str]:
    columns = [source.column] if source.column else []
    columns += list((source.visits or {}).values())
    for condition in (source.cases or {}).values():
        columns += _condition_columns(condition)
    return list(dict.fromkeys(columns))


def _condition_columns(condition: Any) -> list[str]:
    if not isinstance(condition, list):
        return []
    return list(dict.fromkeys(column for alternative in condition for column in alternative))


def _codes_of(condition: Any, column: str) -> set[str]:
    found: set[str] = set()
    for alternative in condition if isinstance(condition, list) else []:
        wanted = alternative.get(column)
        found |= {str(code) for code in wanted} if isinstance(wanted, list) else set()
    return found


def _meaning(source: Any, unit: str) -> dict[str, Any]:
    stated = source.unit if isinstance(source.unit, str) else None
    factor = None
    if stated and unit:
        try:
            factor = convert_factor(stated, unit)
        except UnitError:
            factor = None
    cases = {word: _all_codes(condition) for word, condition in (source.cases or {}).items()}
    return {"codes": source.codes or {}, "missing": set(source.missing), "factor": factor, "cases": cases}


def _all_codes(condition: Any) -> set[tuple[str, str]]:
    return {
        (column, str(code))
        for alternative in condition
        for column, wanted in alternative.items()
        if isinstance(wanted, list)
        for code in wanted
    }


def _shared(path: str, source: Any) -> Iterator[tuple[Pair, Any]]:
    for key in ("visit", "date"):
        value = getattr(source, key, None)
        if hasattr(value, "column"):
            yield (path, value.column, key), None


def contradiction(mine: Any, theirs: Any) -> str:
    """Return what of a meaning another one contradicts; empty when they agree as far as both speak."""
    if not mine or not theirs:
        return ""
    for code, word in mine.get("codes", {}).items():
        other = theirs.get("codes", {}).get(code, "no answer" if code in theirs.get("missing", set()) else word)
        if str(other) != str(word):
            return f"code {code} is {other}, not {word}"
    for code in mine.get("missing", set()) & theirs.get("codes", {}).keys():
        return f"code {code} is {theirs['codes'][code]}, not missing"
    if mine.get("factor") and theirs.get("factor") and abs(mine["factor"] / theirs["factor"] - 1) > SAME:
        return "another unit"
    differing = [key for key in ("present", "cases") if mine.get(key) and theirs.get(key) and mine[key] != theirs[key]]
    return f"other {differing[0]}" if differing else ""


def score(name: str, drafted: StudyFile, reference: StudyFile, codebook: Codebook) -> Score:
    """Return how the pairs of a draft stand to those of a reference."""
    mine, theirs = pairs_of(drafted, codebook), pairs_of(reference, codebook)
    result = Score(name, len(theirs))
    for pair, meaning in theirs.items():
        said = contradiction(mine[pair], meaning) if pair in mine else ""
        if pair not in mine:
            result.open.append(pair)
        elif said:
            result.wrong.append((pair, said))
        else:
            result.right.append(pair)
    for pair in mine:
        if pair in theirs:
            continue
        if pair in EQUIVALENT:
            result.beyond.append(pair)
            continue
        elsewhere = [other[2] for other in theirs if other[:2] == pair[:2]]
        result.wrong.append((pair, f"the reference has {', '.join(elsewhere) or 'nothing'}"))
        moved = [other for other in result.open if other[:2] == pair[:2]]
        for other in moved[:1]:  # one pair, not two: it is wrong and therefore not open
            result.open.remove(other)
    return result


# --- synthetic exports with renamed columns -----------------------------------------------------------------------


def renamed_export(renaming: Mapping[str, Any], clean: Path, folder: Path) -> StudyFile:
    """Write a synthetic cohort under other names and in another format; return the reference mapping under these names.

    Parameters
    ----------
    renaming
        A file of ``tests/fixtures/draft``.
    clean
        Folder that :func:`cohort.synthetic.write_cohort` wrote.
    folder
        Where to.
    """
    text = yaml.safe_load((clean / "study.yaml").read_text(encoding="utf-8"))
    names: dict[str, dict[str, str]] = {}
    said: dict[tuple[str, str], dict[str, str]] = {}
    for file, spec in renaming["files"].items():
        columns = _flat(spec["columns"])
        names[file] = {old: new["name"] for old, new in columns.items()}
        frame = pd.read_csv(clean / f"{file}.csv", dtype={"pid": str, "relative": str})
        extras = []
        missing = set(frame.columns) - set(names[file])
        if missing:
            raise SystemExit(f"{file}: no name for {sorted(missing)}")
        for extra in spec.get("more", []):
            made, added = _added(len(frame), extra)
            extras.append(made)
            columns |= added
        frame = pd.concat([frame, *extras], axis=1)
        words = {old: new["values"] for old, new in columns.items() if "values" in new}
        if renaming["format"] == "words":
            for old, labels in words.items():
                frame[old] = frame[old].map(labels)
            said |= {(file, old): {str(code): label for code, label in labels.items()} for old, labels in words.items()}
        _write(frame, columns, folder / spec["path"], renaming["format"])
        text["files"][file] = {"path": spec["path"]}
    renamed = _renamed(_with_words(text, said), names)
    renamed["id"] = names["participants"]["pid"]
    renamed["name"] = "reference"
    reference = folder / "reference.yaml"
    reference.write_text(yaml.safe_dump(renamed, sort_keys=False, allow_unicode=True), encoding="utf-8")
    study = load_study_file(reference, load_codebook())
    reference.unlink()
    return study


def _added(rows: int, extra: Mapping[str, Any]) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
    """Return a column, or a set of items, that the reference does not map; and its name and labels."""
    random = np.random.default_rng(zlib.crc32(extra["name"].encode()))
    made, added = {}, {}
    for n in range(1, extra.get("items", 1) + 1):
        name = extra["name"].format(n=n)
        codes = extra.get("codes") or list(extra.get("values", {}))
        if codes:
            chances = np.array([0.9 if k == len(codes) - 1 else 0.1 for k in range(len(codes))])
            made[name] = random.choice(codes, rows, p=chances / chances.sum())
        else:
            made[name] = np.round(random.normal(extra["mean"], extra["sd"], rows), extra.get("decimals", 1))
        added[name] = {**extra, "name": name, "label": extra.get("label", "")}
    return pd.DataFrame(made), added


def _with_words(node: Any, said: Mapping[tuple[str, str], Mapping[str, str]], file: str = "") -> Any:
    """Return a study whose codes are the words that an export writes in their place."""
    if isinstance(node, list):
        return [_with_words(item, said, file) for item in node]
    if not isinstance(node, dict):
        return node
    own = node.get("file", file)
    words = said.get((own, node.get("column", "")), {}) if isinstance(own, str) else {}
    found: dict[str, Any] = {}
    for key, value in node.items():
        if key in ("codes", "missing") and words:
            found[key] = {words.get(str(code), code): meaning for code, meaning in value.items()}
        elif key in _CONDITIONS:
            found[key] = _said_condition(value, own, said)
        elif key == "cases":
            found[key] = {word: _said_condition(condition, own, said) for word, condition in value.items()}
        elif key == "missing" and ("present" in node or "items" in node):
            first = next(iter(node.get("present", {"": None})))
            own_words = said.get((own, first), {})
            found[key] = {own_words.get(str(code), code): why for code, why in value.items()}
        else:
            found[key] = _with_words(value, said, own if isinstance(own, str) else "")
    return found


def _said_condition(condition: Any, file: str, said: Mapping[tuple[str, str], Mapping[str, str]]) -> Any:
    if isinstance(condition, list):
        return [_said_condition(item, file, said) for item in condition]
    return {
        column: [said.get((file, column), {}).get(str(code), code) for code in wanted]
        if isinstance(wanted, list)
        else wanted
        for column, wanted in condition.items()
    }


def _flat(columns: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    flat: dict[str, dict[str, Any]] = {}
    for old, spec in columns.items():
        if "items" not in spec:
            flat[old] = dict(spec)
            continue
        for n in range(1, spec["items"] + 1):
            label = spec.get("label", "").format(n=n)
            flat[f"{old}{n}"] = {**spec, "name": spec["name"].format(n=n), "label": label}
    return flat


def _write(frame: pd.DataFrame, columns: Mapping[str, Any], path: Path, kind: str) -> None:
    labels = [columns[old].get("label", "") for old in frame.columns]
    values = {
        columns[old]["name"]: {int(code): text for code, text in columns[old]["values"].items()}
        for old in frame.columns
        if "values" in columns[old]
    }
    frame = frame.rename(columns={old: columns[old]["name"] for old in frame.columns})
    for column in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[column].dtype):
            frame[column] = frame[column].astype(object).where(frame[column].notna(), "")
    if kind == "csv":
        frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    elif kind == "words":
        frame.to_csv(path, index=False, encoding="latin-1", sep=";", decimal=",", lineterminator="\n")
    elif kind == "sav":
        pyreadstat.write_sav(frame, str(path), column_labels=labels, variable_value_labels=values)
    elif kind == "dta":
        pyreadstat.write_dta(frame, str(path), column_labels=labels, variable_value_labels=values)
    elif kind == "xpt":
        pyreadstat.write_xport(frame, str(path), column_labels=labels, file_format_version=5)
    else:
        raise SystemExit(f"unknown format {kind}")


_CONDITIONS = ("present", "absent", "unknown", "where", "below", "above")


def _renamed(node: Any, names: Mapping[str, Mapping[str, str]], file: str = "") -> Any:
    """Return a study in which the columns of each entry have the names that the file of the entry gives them."""
    if isinstance(node, list):
        return [_renamed(item, names, file) for item in node]
    if not isinstance(node, dict):
        return node
    own = node.get("file", file)
    new = names.get(own, {}) if isinstance(own, str) else {}
    found: dict[str, Any] = {}
    for key, value in node.items():
        if key == "column" and isinstance(value, str):
            found[key] = new.get(value, value)
        elif key == "items":
            found[key] = [new.get(item, item) for item in value]
        elif key in _CONDITIONS:
            found[key] = _condition(value, new)
        elif key == "cases":
            found[key] = {word: _condition(condition, new) for word, condition in value.items()}
        else:
            found[key] = _renamed(value, names, own if isinstance(own, str) else "")
    return found


def _condition(condition: Any, new: Mapping[str, str]) -> Any:
    if isinstance(condition, list):
        return [_condition(item, new) for item in condition]
    return {new.get(column, column): wanted for column, wanted in condition.items()}


# --- the table ----------------------------------------------------------------------------------------------------


def score_nhanes(folder: Path, *, use_data_sets: bool = True) -> Score:
    """Return the score on the NHANES files."""
    codebook = load_codebook()
    reference = load_study_file(shipped_folder("data_schema") / "studies" / "nhanes-2017-2020.yaml", codebook)
    name = "NHANES 2017-2020" if use_data_sets else "NHANES 2017-2020, names unknown"
    return _scored(name, [folder], reference, codebook, use_data_sets=use_data_sets)


def read_renaming(path: Path) -> dict[str, Any]:
    """Return a file of ``tests/fixtures/draft``."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def score_renaming(renaming: Path, clean: Path) -> Score:
    """Return the score on a synthetic export under other names."""
    spec = read_renaming(renaming)
    with tempfile.TemporaryDirectory() as place:
        reference = renamed_export(spec, clean, Path(place))
        return _scored(spec["title"], [Path(place)], reference, load_codebook())


def score_file(name: str, study: Path, reference: StudyFile) -> Score:
    """Return the score of a draft that was written to a file."""
    return score(name, load_study_file(study, load_codebook()), reference, load_codebook())


def _scored(name: str, paths: list[Path], reference: StudyFile, codebook: Codebook, **more: bool) -> Score:
    drafted = draft_study(paths, **more)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "study.yaml"
        file.write_text(drafted.text, encoding="utf-8")
        return score(name, load_study_file(file, codebook), reference, codebook)


_HEAD = "pairs   right    open   wrong"


def _shares(found: Score) -> str:
    shares = "  ".join(f"{found.share(which):6.1%}" for which in ("right", "open", "wrong"))
    return f"{found.judged:5}  {shares}"


def table(scores: list[Score]) -> str:
    """Return the scores as a table: by pair, and with each questionnaire as one pair."""
    width = max(len(s.name) for s in scores)
    lines = [f"{'':{width}}  {'by column':30}   each questionnaire as one", f"{'export':{width}}  {_HEAD}   {_HEAD}"]
    lines += [f"{s.name:{width}}  {_shares(s)}   {_shares(s.without_items())}" for s in scores]
    return "\n".join(lines)


def main() -> int:
    """Print the table, and with ``--show`` every pair that is not right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nhanes", type=Path, help="folder of the NHANES files")
    parser.add_argument("--renamings", type=Path, nargs="*", default=sorted(RENAMINGS.glob("*.yaml")))
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--show", action="store_true", help="print what is not right")
    options = parser.parse_args()
    scores = []
    if options.nhanes is not None:
        scores += [score_nhanes(options.nhanes), score_nhanes(options.nhanes, use_data_sets=False)]
    with tempfile.TemporaryDirectory() as place:
        if options.renamings:
            write_cohort("literature_like", options.people, options.seed, Path(place), with_truth=False)
        scores += [score_renaming(renaming, Path(place)) for renaming in options.renamings]
    print(table(scores))
    if options.show:
        for s in scores:
            print(f"\n{s.name}")
            for pair in s.open:
                print(f"  open  {' / '.join(pair)}")
            for pair, why in s.wrong:
                print(f"  WRONG {' / '.join(pair)}: {why}")
            for pair in s.beyond:
                print(f"  beyond the reference, and true: {' / '.join(pair)}: {EQUIVALENT[pair]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
