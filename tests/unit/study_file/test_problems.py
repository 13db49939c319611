"""Each mistake in a study file is one message with its line and the nearest valid name, and all come at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cohort.codebook import Codebook
from cohort.errors import Problem, StudyFileError
from cohort.study_file import load_study_file

Change = Callable[..., list[Problem]]
Load = Callable[[str | bytes], list[Problem]]

WORDS_OF_THE_MACHINE = re.compile(
    r"pydantic|Traceback|NoneType|\b(StudyFile|Source|LabSource|InstrumentSource|DataFile|UnitColumn|ByColumn|Comparison|"
    r"dict|str|int|float|bool|Literal|Input should|type=)\b|<\w+>|[a-z]+_(type|parsing|error)\b"
)

ONE_MISTAKE = {
    "misspelt key": (
        ("column: RIAGENDR", "colum: RIAGENDR"),
        "line 17, variables.sex.colum: unknown key 'colum'. Did you mean 'column'?",
    ),
    "misspelt top key": (
        ("disclosure:", "disclosur:"),
        "line 30, disclosur: unknown key 'disclosur'. Did you mean 'disclosure'?",
    ),
    "misspelt required key": (
        ("cohort_study: 1 ", "cohort_studie: 1 "),
        "line 1, cohort_studie: unknown key 'cohort_studie'. Did you mean 'cohort_study'?",
    ),
    "key missing": (
        ("{file: bmx, column: BMXBMI}", "{column: BMXBMI}"),
        "line 19, variables.bmi_kg_m2: the key 'file' is missing.",
    ),
    "tab": (("  dpq:  {", "\tdpq:  {"), "line 9: a tab stands where YAML takes only spaces."),
    "duplicate key": (
        ("  bmi_kg_m2:", "  sex: {file: demo, column: X}\n  bmi_kg_m2:"),
        "line 19, variables.sex: the key 'sex' stands here and on line 17 already.",
    ),
    "object tag": (
        ("column: BMXBMI", "column: !!python/object/apply:os.system [ls]"),
        "line 19, variables.bmi_kg_m2.column: a '!' tag asks for an object",
    ),
    "tag of one's own": (
        ("  sex:       {", "  sex:       !Ref {"),
        "line 17, variables.sex: a '!' tag asks for an object",
    ),
    "tagged key": (("title: NHANES", "!Ref title: NHANES"), "line 3, title: a '!' tag asks for an object"),
    "unknown variable": (
        ("  bmi_kg_m2:", "  bmi_kg_m:"),
        "line 19, variables.bmi_kg_m: unknown variable 'bmi_kg_m'. Did you mean 'bmi_kg_m2'?",
    ),
    "variable of a laboratory": (("  bmi_kg_m2:", "  crp_mg_l:"), "It goes under 'labs:' as 'crp'."),
    "variable of a questionnaire": (("  bmi_kg_m2:", "  phq9_total:"), "It comes from the items of 'phq9'"),
    "variable of the design": (("  bmi_kg_m2:", "  survey_weight:"), "It goes under 'design:' as 'weights'."),
    "derived variable": (("  bmi_kg_m2:", "  ln_crp:"), "It is derived and cannot be mapped."),
    "unknown instrument": (("  phq9:", "  phq8:"), "unknown instrument 'phq8'. Did you mean 'phq9'?"),
    "unknown analyte": (
        ("  crp: {file: crp, column", "  crpp: {file: crp, column"),
        "unknown analyte 'crpp'. Did you mean 'crp'?",
    ),
    "unknown disease": (("  rheumatoid_arthritis:", "  rheumatoid:"), "Did you mean 'rheumatoid_arthritis'?"),
    "unknown eligible": (
        ("{variable: age_years, at", "{variable: age, at"),
        "line 15, eligible[1].variable: unknown variable 'age'",
    ),
    "unknown unit": (
        ("unit: mg/L", "unit: mg/LL"),
        "line 26, labs.crp.unit: the unit 'mg/LL' is not known. Did you mean 'mg/L'?",
    ),
    "unconvertible unit": (
        ("unit: mg/L", "unit: mg"),
        "line 26, labs.crp.unit: the unit 'mg' cannot be converted to 'mg/L'.",
    ),
    "moles without molar mass": (("unit: mg/L", "unit: mmol/L"), "the codebook has no molar mass"),
    "two meanings of a unit": (("unit: mg/L", "unit: G/L"), "'G/L' has two meanings"),
    "no unit": (("unit: mg/L, ", ""), "line 26, labs.crp: the results have no unit."),
    "unit of a word": (
        ("column: RIAGENDR,", "column: RIAGENDR, unit: kg,"),
        "'sex' is not a number and takes no 'unit'.",
    ),
    "wrong word": (
        ("2: female}", "2: vrouw}"),
        "line 17, variables.sex.codes.2: 'vrouw' is not a word of 'sex'. Valid are 'female' and 'male'.",
    ),
    "misspelt word": (("2: female}", "2: femal}"), "Did you mean 'female'?"),
    "wrong case": (
        ("former: {SMQ020", "formerly: {SMQ020"),
        "line 22, variables.smoking.cases.formerly: 'formerly' is not a word of 'smoking'.",
    ),
    "code without meaning": (("2: female}", "2: }"), "line 17, variables.sex.codes.2: the code '2' has no meaning."),
    "missing code without reason": (
        ("7: refused", "7: "),
        "line 24, instruments.phq9.missing.7: the code '7' has no reason.",
    ),
    "code both value and missing": (
        ("codes: {1: male", "missing: {2: refused}, codes: {1: male"),
        "line 17, variables.sex.missing.2: the code '2' stands under 'codes' too.",
    ),
    "item count": (
        ("DPQ080, DPQ090]", "DPQ080]"),
        "line 24, instruments.phq9.items: the instrument has 9 items, 8 columns are listed.",
    ),
    "item twice": (("DPQ080, DPQ090]", "DPQ080, DPQ080]"), "the column 'DPQ080' is listed 2 times."),
    "answer out of range": (
        ("missing: {7: refused", "codes: {5: 5}, missing: {7: refused"),
        "5 is not an answer: items run from 0 to 3.",
    ),
    "undeclared file": (
        ("{file: bmx, column", "{file: bmxx, column"),
        "line 19, variables.bmi_kg_m2.file: there is no file 'bmxx' under 'files:'. Did you mean 'bmx'?",
    ),
    "number for text": (
        ("unit: mg/L", "unit: 5"),
        "line 26, labs.crp.unit: a number stands where text is due. Put it in quotes.",
    ),
    "list for text or mapping": (("unit: mg/L", "unit: [mg/L]"), "line 26, labs.crp.unit: a list stands where"),
    "text for number": (("limit: 0.15", "limit: low"), "line 26, labs.crp.limit: text stands where a number is due."),
    "misspelt key inside a shape": (
        ("unit: mg/L", "unit: {colum: u}"),
        "line 26, labs.crp.unit.colum: unknown key 'colum'. Did you mean 'column'?",
    ),
    "misspelt comparison": (
        ("{LBDHRPLC: [1]}", "{LBDHRPLC: {at_lest: 1}}"),
        "unknown key 'at_lest'. Did you mean 'at_least'?",
    ),
    "empty comparison": (
        ("{LBDHRPLC: [1]}", "{LBDHRPLC: {}}"),
        "line 26, labs.crp.below.LBDHRPLC: the condition is empty.",
    ),
    "empty range": (
        ("{LBDHRPLC: [1]}", "{LBDHRPLC: {at_least: 3, below: 1}}"),
        "no value is at least the one and below the other.",
    ),
    "no date": (("{LBDHRPLC: [1]}", "{LBDHRPLC: {at_least: soon}}"), "'soon' is neither a number nor a date."),
    "condition without a column": (
        ("below: {LBDHRPLC: [1]}", "below: LBDHRPLC"),
        "line 26, labs.crp.below: text stands where a mapping",
    ),
    "no codes in a condition": (
        ("{LBDHRPLC: [1]}", "{LBDHRPLC: []}"),
        "line 26, labs.crp.below.LBDHRPLC: there is nothing in it.",
    ),
    "limit missing": (("limit: 0.15, ", ""), "line 26, labs.crp.below: 'below' needs the limit"),
    "misspelt fixed word": (("column: BMXBMI", "column: BMXBMI, keep: frist"), "Did you mean 'first'?"),
    "no column": (
        ("column: BMXBMI", "where: {a: [1]}"),
        "line 19, variables.bmi_kg_m2: it does not say where the values stand.",
    ),
    "column and constant": (
        ("column: BMXBMI", "column: BMXBMI, constant: 3"),
        "it says twice where the values stand: 'column' and 'constant'.",
    ),
    "visits of what a person has once": (
        ("column: RIAGENDR", "visits: {t0: RIAGENDR}"),
        "a person has one value of 'sex'",
    ),
    "nearest to nothing": (
        ("column: BMXBMI", "column: BMXBMI, date: {column: d}, keep: {nearest: easter}"),
        "'easter' is no date of a study.",
    ),
    "nearest without a date": (
        ("column: BMXBMI", "column: BMXBMI, keep: {nearest: entry_date}"),
        "'nearest' needs the date of each row.",
    ),
    "key without a value": (("limit: 0.15", "limit: "), "line 26, labs.crp.limit: there is no value."),
    "version": (("cohort_study: 1 ", "cohort_study: 2 "), "line 1, cohort_study: the format version must be 1."),
    "name": (("name: nhanes-2017-2020", "name: NHANES 2017"), "line 2, name: a name is made of small letters"),
    "yes for true": (
        ("synthetic: false", "synthetic: no"),
        "line 4, synthetic: text stands where true or false is due.",
    ),
    "eligible word": (
        ("{variable: age_years, at_least: 20}", "{variable: sex, values: [femal]}"),
        "line 15, eligible[1].values[1]: 'femal' is not a word of 'sex'.",
    ),
    "eligible without a condition": (
        ("age_years, at_least: 20}", "age_years}"),
        "line 15, eligible[1]: the step sets no condition.",
    ),
    "negative count": (
        ("minimum_count: 5", "minimum_count: -1"),
        "line 30, disclosure.minimum_count: the number must be 0 or more.",
    ),
    "unclosed bracket": (("DPQ090],", "DPQ090,"), "line 24: a bracket is not closed, or a comma is missing."),
    "second colon": (("title: NHANES 2017", "title: NHANES: 2017"), "line 3: a second ':' stands on the line"),
    "indentation": (("  bmi_kg_m2:", "   bmi_kg_m2:"), "line 19: "),
    "second document": (("eligible:", "---\neligible:"), "line 14: a second document begins here"),
    "alias without anchor": (
        ("title: NHANES 2017 to March 2020", "title: *x"),
        "line 3: this alias ('*name') has no anchor",
    ),
    "list as key": (
        ("disclosure: {", "disclosure: {[a]: 3, "),
        "line 30: a list or a mapping stands where a key is due.",
    ),
    "same name of stacked files": (
        ("path: P_DEMO.XPT", "path: [a/P_DEMO.XPT, b/P_DEMO.XPT]"),
        "line 8, files.demo.path: two of the stacked files have the same name.",
    ),
    "unknown ending": (
        ("path: P_DEMO.XPT", "path: P_DEMO.docx"),
        "line 8, files.demo.path: the ending does not tell the format.",
    ),
    "unknown encoding": (
        ("path: P_DEMO.XPT", "path: P_DEMO.XPT, encoding: utf-9"),
        "line 8, files.demo.encoding: the encoding 'utf-9' is not known.",
    ),
    "empty path": (("path: P_DEMO.XPT", 'path: ""'), "line 8, files.demo.path: the path is empty."),
    "who is a case": (
        ("present: {MCQ195: [2]}, ", ""),
        "line 28, diagnoses.rheumatoid_arthritis: it does not say who is a case.",
    ),
}


@pytest.mark.parametrize("mistake", ONE_MISTAKE)
def test_one_mistake_is_one_message(mistake: str, problems_after: Change) -> None:
    (old, new), said = ONE_MISTAKE[mistake]
    problems = problems_after(old, new)
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert said in str(problems[0])
    assert problems[0].where.startswith("study.yaml")
    assert not WORDS_OF_THE_MACHINE.search(str(problems[0]).replace("'NoneType'", ""))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("register.yaml", "  insulin: {", "  insuline: {", "unknown drug 'insuline'. Did you mean 'insulin'?"),
        ("register.yaml", "system: ATC", "system: ICD-10", "drugs are coded in ATC."),
        ("register.yaml", "3: emigration", "3: emigrated", "follow_up.reason.codes.3: 'emigrated' is not a word"),
        ("register.yaml", "2: partner", "2: spouse", "relations[2].kind.codes.2: 'spouse' is not a word of 'kind'."),
        ("register.yaml", "cases: {true:", "cases: {yes:", "takes true or false, not 'yes'."),
        ("register.yaml", 'delimiter: ";"', 'delimiter: ";;"', "the delimiter must be one character."),
        ("register.yaml", 'decimal: ","', 'decimal: ";"', "'.' or ','"),
        ("stacked_cycles.yaml", "{by: source, c2015: 0.385", "{by: source, c2016: 0.385", "no source 'c2016'"),
        ("stacked_cycles.yaml", "CRP_I: 0.02, ", "", "there is no value for 'CRP_I' among the sources of 'lab'."),
        ("stacked_cycles.yaml", "CRP_I: 0.02, ", "CRP_I: low, ", "labs.crp.limit.CRP_I: a number is due here."),
        (
            "stacked_cycles.yaml",
            "CRP_I: mg/dL",
            "CRP_I: mg/dLL",
            "labs.crp.unit.CRP_I: the unit 'mg/dLL' is not known.",
        ),
        ("stacked_cycles.yaml", "CRP_I: mg/dL", "CRP_I: 3", "labs.crp.unit.CRP_I: a unit is due here."),
        ("waves.yaml", "b8, b9]", "b8]", "line 24, instruments.phq9.items.w2: the instrument has 9 items, 8 columns"),
        (
            "waves.yaml",
            "ja: true",
            "ja: ja",
            "variables.is_pregnant.codes.ja: 'is_pregnant' takes true or false, not 'ja'.",
        ),
        (
            "folders.yaml",
            "unit: months",
            "unit: kg",
            "variables.age_years.unit: the unit 'kg' cannot be converted to 'year'.",
        ),
    ],
)
def test_one_mistake_in_other_studies(file: str, old: str, new: str, said: str, problems_after: Change) -> None:
    problems = problems_after(old, new, file)
    matching = [problem for problem in problems if said in str(problem)]
    assert len(matching) == 1, [str(problem) for problem in problems]
    assert not any(WORDS_OF_THE_MACHINE.search(str(problem)) for problem in problems)


def test_absent_without_follow_up_cannot_be_known(study_files: Path, problems_of: Load) -> None:
    text = (study_files / "register.yaml").read_text(encoding="utf-8")
    start, stop = text.index("follow_up:\n"), text.index("disclosure:")
    (problem,) = problems_of(text[:start] + text[stop:])
    assert "needs to know who was followed" in str(problem)


def test_baseline_must_be_one_of_the_visits(study_files: Path, problems_of: Load) -> None:
    lines = (study_files / "waves.yaml").read_text(encoding="utf-8").splitlines()
    wanted = ("cohort", "name", "title", "id", "files", "  waves", "variables", "  bmi", "  visit_date")
    kept = "\n".join(line for line in lines if line.startswith(wanted))
    (problem,) = problems_of(kept)
    assert str(problem).endswith(
        "no source has the visit 't0', which is the baseline. Add 'baseline:'; the visits are 'w1' and 'w2'."
    )
    assert problems_of(kept + "\nbaseline: w1\n") == []


def test_seven_mistakes_are_told_at_once_in_the_order_of_the_file(study_files: Path, codebook: Codebook) -> None:
    with pytest.raises(StudyFileError) as caught:
        load_study_file(study_files / "seven_errors.yaml", codebook)
    problems = caught.value.problems
    assert [int(re.findall(r"line (\d+)", problem.where)[0]) for problem in problems] == [3, 8, 9, 10, 12, 14, 15]
    assert [problem.where.rsplit(", ", 1)[1] for problem in problems] == [
        "titel",
        "variables.sex.codes.1",
        "variables.bmi",
        "variables.age_years.file",
        "instruments.phq9.items",
        "labs.crp.unit",
        "labs.il6.colum",
    ]


def test_two_mistakes_in_one_entry_are_both_told(problems_after: Change) -> None:
    problems = problems_after(
        "{file: demo, column: RIAGENDR, codes: {1: male, 2: female}}", "{colum: RIAGENDR, codes: {1: man, 2: }}"
    )
    assert [problem.what for problem in problems] == [
        "the key 'file' is missing.",
        "unknown key 'colum'.",
        "'man' is not a word of 'sex'.",
        "the code '2' has no meaning.",
    ]


def test_missing_sections_do_not_hide_other_mistakes(problems_of: Load) -> None:
    problems = problems_of("cohort_study: 1\nvariables:\n  sexe: {file: a, column: b}\n")
    assert [problem.what for problem in problems] == [
        "the key 'name' is missing.",
        "the key 'title' is missing.",
        "the key 'files' is missing.",
        "unknown variable 'sexe'.",
    ]


def test_a_single_entry_and_a_list_of_one_have_the_same_place(problems_of: Load, study_files: Path) -> None:
    text = (study_files / "nhanes.yaml").read_text(encoding="utf-8")
    single = problems_of(text.replace("column: BMXBMI", "colum: BMXBMI"))
    listed = problems_of(text.replace("{file: bmx, column: BMXBMI}", "[{file: bmx, colum: BMXBMI}]"))
    assert single[0].where == "study.yaml, line 19, variables.bmi_kg_m2.colum"
    assert listed[0].where == "study.yaml, line 19, variables.bmi_kg_m2[1].colum"
    assert single[0].what == listed[0].what
