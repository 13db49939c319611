"""What the models cannot see: names and words that the codebook must know, and entries that must fit each other."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from cohort.study_file.models import DataFile, InstrumentSource, Source, StudyFile, UnitColumn
from cohort.study_file.reading import Step, YamlText
from cohort.study_file.rule_checks import check_rules
from cohort.study_file.sources import Meaning, SourceChecks
from cohort.study_file.vocabulary import InstrumentEntry, VariableEntry, Vocabulary, listed, suggestion

KNOWN_ENDINGS = ("csv", "txt", "tsv", "parquet", "pq", "xpt", "xport", "sas7bdat", "sav", "zsav", "dta", "xlsx")
"""Endings that tell the format of a file; ``.gz`` may follow."""

REFERENCE_DATES = ("entry_date", "exit_date", "visit_date")
"""Dates of a person that repeated rows may be kept nearest to."""


def check_study(study: StudyFile, text: YamlText, vocabulary: Vocabulary) -> None:
    """Write every word, unit and reference of a study that does not fit into the problems of its file.

    Parameters
    ----------
    study
        The study, or what of it the models accepted.
    text
        The file it was read from; its problems grow.
    vocabulary
        What the codebook knows.
    """
    check = SourceChecks(text, study.files, REFERENCE_DATES)
    for name, file in study.files.items():
        _file(check, ["files", name], file)
    _eligibility(check, study, vocabulary)
    _variables(check, study, vocabulary)
    _instruments(check, study, vocabulary)
    _labs(check, study, vocabulary)
    _diagnoses(check, study, vocabulary)
    _medications(check, study, vocabulary)
    _people_and_time(check, study, vocabulary)
    _design(check, study)
    _baseline(check, study)
    check_rules(check, study, vocabulary)
    _privacy(check, study)


def _file(check: SourceChecks, steps: list[Step], file: DataFile) -> None:
    """Check path, encoding and separators of one file."""
    paths = list(file.path.values()) if isinstance(file.path, dict) else file.path
    paths = [paths] if isinstance(paths, str) else paths
    if check.is_complete(steps) and (not paths or not all(path.strip() for path in paths)):
        check.add([*steps, "path"], "the path is empty.", "Write the file's path relative to 'root'.")
        return
    if not isinstance(file.path, dict) and len(file.sources()) < len(paths):
        check.add(
            [*steps, "path"],
            "two of the stacked files have the same name.",
            "Name them: 'path: {a: one.csv, b: two.csv}'.",
        )
    if file.format is None:
        for path in paths:
            name = PurePosixPath(path.replace("\\", "/")).name.lower().removesuffix(".gz")
            if path and name.rsplit(".", 1)[-1] not in KNOWN_ENDINGS:
                check.add(
                    [*steps, "path"], "the ending does not tell the format.", "Add 'format:', such as 'format: csv'."
                )
                break
    if file.encoding is not None:
        try:
            codecs.lookup(file.encoding)
        except (LookupError, ValueError):
            fix = "Write utf-8, latin-1 or cp1252."
            check.add([*steps, "encoding"], f"the encoding '{file.encoding}' is not known.", fix)
    if file.delimiter is not None and len(file.delimiter) != 1:
        check.add([*steps, "delimiter"], "the delimiter must be one character.", 'Write a tab as "\\t".')
    if file.delimiter is not None and file.delimiter == file.decimal:
        check.add([*steps, "decimal"], "the decimal sign and the delimiter are the same.", "Correct one of them.")


def _eligibility(check: SourceChecks, study: StudyFile, vocabulary: Vocabulary) -> None:
    """Check that each step of eligibility speaks of a known variable and sets a condition that it can meet."""
    known = {name: variable for table in reversed(list(vocabulary.tables.values())) for name, variable in table.items()}
    for index, step in enumerate(study.eligible):
        steps: list[Step] = ["eligible", index]
        if not step.variable:
            continue
        variable = known.get(step.variable)
        if variable is None:
            check.add([*steps, "variable"], f"unknown variable '{step.variable}'.", suggestion(step.variable, known))
            continue
        if step.at_least is None and step.below is None and step.values is None and check.is_complete(steps):
            check.add(steps, "the step sets no condition.", "Add 'at_least', 'below' or 'values'.")
        meaning = Meaning.of(variable)
        for key in ("at_least", "below"):
            if getattr(step, key) is not None and not meaning.is_number:
                check.add([*steps, key], f"'{step.variable}' is not a number.", "Use 'values'.")
        for place, value in enumerate(step.values or []):
            check.word([*steps, "values", place], value, meaning)


def _variables(check: SourceChecks, study: StudyFile, vocabulary: Vocabulary) -> None:
    for name, sources in study.variables.items():
        variable = vocabulary.mappable.get(name)
        if variable is None:
            check.add(["variables", name], f"unknown variable '{name}'.", _where_it_belongs(name, vocabulary))
        for index, source in enumerate(sources):
            steps: list[Step] = ["variables", name, index]
            if variable is None:
                check.file(steps, source.file)
            else:
                check.source(steps, source, Meaning.of(variable))


def _where_it_belongs(name: str, vocabulary: Vocabulary) -> str:
    """Return what to do with a name that is none of ``variables:``."""
    homes = {
        "participant_id": "It is set by 'id:'.",
        "visit": "Each source takes 'visit:' or 'visits:'.",
        "survey_weight": "It goes under 'design:' as 'weights'.",
        "survey_stratum": "It goes under 'design:' as 'strata'.",
        "survey_psu": "It goes under 'design:' as 'psu'.",
    }
    homes = dict.fromkeys(vocabulary.tables.get("follow_up", {}), "It goes under 'follow_up:'.") | homes
    for analyte_id, analyte in vocabulary.analytes.items():
        homes |= dict.fromkeys((analyte_id, analyte.column), f"It goes under 'labs:' as '{analyte_id}'.")
    for disease_id, disease in vocabulary.diseases.items():
        homes |= dict.fromkeys((disease_id, disease.column), f"It goes under 'diagnoses:' as '{disease_id}'.")
    homes |= {drug: f"It goes under 'medications:' as '{drug}'." for drug in vocabulary.drugs}
    homes |= {key: f"It goes under 'instruments:' as '{key}'." for key in vocabulary.instruments}
    if name in homes:
        return homes[name]
    for table in vocabulary.tables.values():
        if name in table:
            return _why_not_mapped(table[name])
    return suggestion(name, vocabulary.mappable)


def _why_not_mapped(variable: VariableEntry) -> str:
    if variable.instrument:
        return f"It comes from the items of '{variable.instrument}' under 'instruments:'."
    return "It is derived and cannot be mapped."


def _instruments(check: SourceChecks, study: StudyFile, vocabulary: Vocabulary) -> None:
    for name, sources in study.instruments.items():
        instrument = vocabulary.instruments.get(name)
        if instrument is None:
            fix = suggestion(name, vocabulary.instruments)
            check.add(["instruments", name], f"unknown instrument '{name}'.", fix)
        for index, source in enumerate(sources):
            steps: list[Step] = ["instruments", name, index]
            check.file(steps, source.file)
            check.missing(steps, source.missing, source.codes)
            check.keep(steps, source.keep, source.date)
            if instrument is not None:
                _items(check, steps, source, instrument)


def _items(check: SourceChecks, steps: list[Step], source: InstrumentSource, instrument: InstrumentEntry) -> None:
    """Check that the items are as many as the instrument has, at each visit."""
    by_visit = isinstance(source.items, dict)
    if by_visit and source.visit is not None:
        check.add([*steps, "visit"], "'items' names the visits already.", "Remove 'visit'.")
    if by_visit and not source.items and check.is_complete(steps):
        check.add([*steps, "items"], "there is nothing in it.", "List the columns of each visit.")
    lists = source.items.items() if isinstance(source.items, dict) else [(None, source.items)]
    for visit, columns in lists:
        place: list[Step] = [*steps, "items"] if visit is None else [*steps, "items", visit]
        if len(columns) != instrument.items:
            check.add(
                place,
                f"the instrument has {instrument.items} items, {len(columns)} columns are listed.",
                "List one column for each item, in the order of the instrument.",
            )
        check.columns(place, columns)
    for code, answer in (source.codes or {}).items():
        if not instrument.minimum <= answer <= instrument.maximum:
            check.add(
                [*steps, "codes", code],
                f"{answer} is not an answer: items run from {instrument.minimum} to {instrument.maximum}.",
                "Correct the code, or list it under 'missing'.",
            )


def _labs(check: SourceChecks, study: StudyFile, vocabulary: Vocabulary) -> None:
    described = {
        name for name, file in study.files.items() if file.format == "bids"
    }  # their sidecars may tell the unit
    for name, sources in study.labs.items():
        analyte = vocabulary.analytes.get(name)
        if analyte is None:
            columns = {entry.column: key for key, entry in vocabulary.analytes.items()}
            fix = f"Did you mean '{columns[name]}'?" if name in columns else suggestion(name, vocabulary.analytes)
            check.add(["labs", name], f"unknown analyte '{name}'.", fix)
        for index, source in enumerate(sources):
            steps: list[Step] = ["labs", name, index]
            if analyte is None:
                check.file(steps, source.file)
                continue
            meaning = Meaning(name, "number", (), analyte.unit, analyte.molar_mass_g_mol, per_visit=True)
            check.source(steps, source, meaning)
            if source.unit is None and source.file not in described and check.is_complete(steps):
                check.add(
                    steps, "the results have no unit.", f"Add 'unit:'; the codebook keeps '{name}' in {analyte.unit}."
                )
            for key in ("below", "above"):
                if getattr(source, key) is not None and source.limit is None and check.is_complete(steps):
                    check.add([*steps, key], f"'{key}' needs the limit that the results are {key}.", "Add 'limit:'.")


def _diagnoses(check: SourceChecks, study: StudyFile, vocabulary: Vocabulary) -> None:
    for name, sources in study.diagnoses.items():
        if name not in vocabulary.diseases:
            columns = {entry.column: key for key, entry in vocabulary.diseases.items()}
            fix = f"Did you mean '{columns[name]}'?" if name in columns else suggestion(name, vocabulary.diseases)
            check.add(["diagnoses", name], f"unknown disease '{name}'.", fix)
        for index, source in enumerate(sources):
            steps: list[Step] = ["diagnoses", name, index]
            check.file(steps, source.file)
            _present_or_code(check, steps, source.present is not None, source.code is not None)
            if source.absent == "no_record_in_follow_up":
                if source.code is None and check.is_complete(steps):
                    fix = "Add 'code:', or write conditions."
                    check.add([*steps, "absent"], "'no_record_in_follow_up' needs coded rows.", fix)
                if study.follow_up is None and check.text.is_complete(("follow_up",)):
                    check.add(
                        [*steps, "absent"],
                        "'no_record_in_follow_up' needs to know who was followed.",
                        "Add 'follow_up:' with 'entry' and 'exit'.",
                    )
            if source.minimum_records > 1 and source.code is None and check.is_complete(steps):
                check.add([*steps, "minimum_records"], "'minimum_records' needs coded rows.", "Add 'code:'.")


def _present_or_code(check: SourceChecks, steps: Sequence[Step], has_present: bool, has_code: bool) -> None:
    if not has_present and not has_code and check.is_complete(steps):
        check.add(steps, "it does not say who is a case.", "Add 'present' with conditions, or 'code' for coded rows.")
    if has_present and has_code:
        check.add(steps, "both 'present' and 'code' say who is a case.", "Write them as two entries of a list.")


def _medications(check: SourceChecks, study: StudyFile, vocabulary: Vocabulary) -> None:
    for name, sources in study.medications.items():
        if name not in vocabulary.drugs:
            check.add(["medications", name], f"unknown drug '{name}'.", suggestion(name, vocabulary.drugs))
        for index, source in enumerate(sources):
            steps: list[Step] = ["medications", name, index]
            check.file(steps, source.file)
            _present_or_code(check, steps, source.present is not None, source.code is not None)
            if source.code is not None and source.code.system != "ATC" and check.is_complete(steps):
                check.add([*steps, "code", "system"], "drugs are coded in ATC.", "Write 'system: ATC'.")


def _people_and_time(check: SourceChecks, study: StudyFile, vocabulary: Vocabulary) -> None:
    """Check relatives and follow-up."""

    def words(table: str, column: str) -> tuple[str, ...]:
        variable = vocabulary.tables.get(table, {}).get(column)
        return variable.categories if variable is not None else ()

    for index, relation in enumerate(study.relations):
        steps: list[Step] = ["relations", index]
        check.file(steps, relation.file)
        if isinstance(relation.kind, Source):
            check.source([*steps, "kind"], relation.kind, Meaning("kind", "string", words("relations", "kind")))
    if study.follow_up is not None:
        check.source(["follow_up", "entry"], study.follow_up.entry, Meaning("entry", "date"))
        check.source(["follow_up", "exit"], study.follow_up.exit, Meaning("exit", "date"))
        if study.follow_up.reason is not None:
            meaning = Meaning("reason", "string", words("follow_up", "exit_reason"))
            check.source(["follow_up", "reason"], study.follow_up.reason, meaning)


def _design(check: SourceChecks, study: StudyFile) -> None:
    if study.design is None:
        return
    check.source(["design", "weights"], study.design.weights, Meaning("weights", "number"))
    for key in ("strata", "psu"):
        source = getattr(study.design, key)
        if source is not None:
            check.source(["design", key], source, Meaning(key))


def _privacy(check: SourceChecks, study: StudyFile) -> None:
    """Check that identifiers are declared for files that the study has."""
    for name in study.privacy.declared:
        if check.file_names is not None and name not in check.file_names:
            fix = suggestion(name, check.file_names)
            check.add(["privacy", "declared", name], f"there is no file '{name}' under 'files:'.", fix)


def _baseline(check: SourceChecks, study: StudyFile) -> None:
    """Check that the baseline is one of the visits, where every source names its visits in the study file."""
    visits: Counter[str] = Counter()
    for visit in _visits(study):
        if visit is None:
            return
        visits[visit] += 1
    if visits and study.baseline not in visits and check.is_complete([]):
        check.add(["baseline"], f"no source has the visit '{study.baseline}', which is the baseline.",
                  f"Add 'baseline:'; the visits are {listed(sorted(visits))}.")  # fmt: skip


def _visits(study: StudyFile) -> Iterator[str | None]:
    """Return the visits that sources name; None for a source whose visits stand in the data."""
    folders = {name for name, file in study.files.items() if file.format in ("bids", "redcap")}
    sources: list[Source | InstrumentSource] = [
        source
        for part in (study.variables, study.instruments, study.labs)
        for entry in part.values()
        for source in entry
    ]
    for source in sources:
        named = source.items if isinstance(source, InstrumentSource) else source.visits
        if isinstance(named, dict):
            yield from named
        elif source.file in folders or isinstance(source.visit, UnitColumn):
            yield None
        else:
            yield source.visit or study.baseline
