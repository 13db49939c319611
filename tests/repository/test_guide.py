"""What the guide for newcomers promises is what happens: its commands, its NHANES study, every message it quotes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import click
import numpy as np
import pandas as pd
import pyreadstat
import pytest
import yaml
from click.testing import CliRunner

from cohort.cli import main
from cohort.codebook import load_codebook
from cohort.output import safe_csv
from cohort.report.cleaning_summary import plain_words
from cohort.study import Study, open_study
from cohort.study_file import StudyFile, load_study_file

PEOPLE = 80


class Guide(Protocol):
    """The guide, as the fixture gives it."""

    text: str

    def section(self, number: int) -> Guide: ...

    def snippets(self, language: str) -> list[str]: ...

    def studies(self) -> dict[str, str]: ...

    def merged(self) -> dict[str, Any]: ...


def as_yaml(content: Any) -> str:
    """Return plain data as YAML."""
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def quoted(guide: Guide) -> list[str]:
    """Return the lines of output that a section quotes; what follows after '…' is left out."""
    lines = [line for text in guide.snippets("text") for line in text.splitlines()]
    return [line.split("…")[0].strip() for line in lines if line.split("…")[0].strip()]


def plain(text: str) -> str:
    """Return text with one blank between words, and the line of a study file left out."""
    return re.sub(r"\s+", " ", re.sub(r"line \d+", "line", text)).strip()


def said(*arguments: str | Path) -> str:
    """Return all that a command prints."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return str(result.output)


# --- commands and links -----------------------------------------------------------------------------------------


def test_every_command_of_the_guide_exists_with_its_options(guide: Guide) -> None:
    lines = [line for text in guide.snippets("bash") for line in text.splitlines()]
    lines += re.findall(r"`(cohort \w[^`]*--[^`]*)`", guide.text)
    assert len(lines) >= 10
    for line in lines:
        program, name, *arguments = shlex.split(line, comments=True)
        assert program == "cohort", line
        main.commands[name].make_context(name, arguments)
    for name in re.findall(r"`cohort (\w+)`", guide.text):
        assert name in main.commands, name


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    with pytest.raises(click.NoSuchOption):
        main.commands["clean"].make_context("clean", ["study.yaml", "--out", "clean", "--people-per-blok", "2"])


def test_every_link_leads_somewhere(guide: Guide, repository: Path) -> None:
    headings = re.findall(r"^#+ (.*)$", guide.text, flags=re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    targets = re.findall(r"\]\(([^)]+)\)", guide.text)
    assert len(targets) >= 8
    for target in targets:
        assert target in anchors or (repository / "docs" / target).exists(), target


def test_every_snippet_in_yaml_is_held_by_a_test(guide: Guide, repository: Path) -> None:
    parts = guide.section(3).snippets("yaml") + guide.section(5).snippets("yaml") + guide.section(10).snippets("yaml")
    assert sorted(guide.snippets("yaml")) == sorted(parts + list(guide.section(8).studies().values()))
    (comment,) = guide.section(10).snippets("yaml")
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)\n", comment)
    assert named is not None
    assert (repository / "data_schema" / named[1]).is_file()


# --- NHANES, step by step ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twin(guide: Guide, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of made-up files for the study that the steps add up to, its rules changed as in the guide."""
    folder = tmp_path_factory.mktemp("nhanes")
    study = guide.section(3).merged() | guide.section(5).merged()
    (folder / "study.yaml").write_text(as_yaml(study), encoding="utf-8")
    printed = said("simulate", "--like", folder / "study.yaml", "--n", str(PEOPLE), "--out", folder / "twin")
    assert "synthetic twin" in printed
    return folder / "twin"


@pytest.fixture(scope="module")
def opened(twin: Path) -> Study:
    """Return the study of the made-up files."""
    return open_study(twin / "study.yaml")


def test_the_steps_add_up_to_a_study_that_cleans(opened: Study) -> None:
    table = opened.person_table
    assert len(table) == PEOPLE
    for column in ("sex", "smoking", "phq9_total", "crp_mg_l", "has_rheumatoid_arthritis", "is_insulin_user"):
        assert table[column].notna().any(), column
    assert table["has_rheumatoid_arthritis"].isna().any()


def test_the_rules_that_the_guide_changes_are_told(guide: Guide, opened: Study) -> None:
    (promised,) = re.findall(r"\*(\w+ was changed by the study: [^*]*)\*", guide.section(5).text)
    told = " ".join(plain_words(opened))
    assert promised in told
    for rule in yaml.safe_load(guide.section(5).snippets("yaml")[0])["rules"]:
        assert f"{rule} was changed by the study" in told


def test_the_screening_of_a_ledger_says_what_the_guide_quotes(guide: Guide, opened: Study, tmp_path: Path) -> None:
    (tmp_path / "ledger.csv").write_text(safe_csv(opened.ledger.entries), encoding="utf-8")
    printed = said("screen", tmp_path / "ledger.csv")
    for line in quoted(guide.section(7)):
        assert line in printed


def test_the_steps_say_what_the_finished_study_says(guide: Guide, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(as_yaml(guide.section(3).merged()), encoding="utf-8")
    built = load_study_file(tmp_path / "study.yaml", load_codebook())
    finished = load_study_file(repository / "data_schema" / "studies" / "nhanes-2017-2020.yaml", load_codebook())
    # The draft calls files by their own names, spells units its own way, and adds ages of onset.
    other = {"file", "unit", "onset_age"}
    for section in ("variables", "instruments", "labs", "diagnoses"):
        for name, (source,) in getattr(finished, section).items():
            (own,) = getattr(built, section)[name]
            more = other | ({"missing"} if own.model_dump().get("onset_age") else set())
            assert own.model_dump(exclude=more) == source.model_dump(exclude=more), (section, name)
            assert _stem(built, own.file) == _stem(finished, source.file), (section, name)
    assert built.eligible == finished.eligible
    assert built.disclosure == finished.disclosure


def _stem(study: StudyFile, file: str) -> str:
    return Path(str(study.files[file].path)).stem


def test_the_three_mistakes_are_told_in_the_words_of_the_guide(guide: Guide, twin: Path) -> None:
    messages = [plain(line) for line in quoted(guide.section(4)) if line.startswith("error:")]
    assert len(messages) == 3
    study = (twin / "study.yaml").read_text(encoding="utf-8")
    unreadable = study.replace("bmi_kg_m2:", "bmi_kgm2:").replace("unit: mg/L", "unit: mg/kg")
    forgotten = re.sub(r"(?m)^ *4: african\n", "", study)
    assert forgotten != study
    printed = [_checked(twin, text) for text in (unreadable, forgotten)]
    for message in messages:
        pattern = re.sub(r"\\?\d[\d,]*", r"[\\d,]+", re.escape(message))
        assert any(re.search(pattern, text) for text in printed), message


def _checked(folder: Path, text: str) -> str:
    """Return what the check says of a study file; the message about it is put on one line."""
    (folder / "wrong").mkdir(exist_ok=True)
    (folder / "wrong" / "study.yaml").write_text(text, encoding="utf-8")
    return plain(said("check", folder / "wrong" / "study.yaml", "--root", folder))


# --- a draft that is not that of a public data set --------------------------------------------------------------


def test_the_draft_of_a_dutch_file_reads_like_the_one_in_the_guide(guide: Guide, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    people = 60
    crp = [f"{value:.2f}".replace(".", ",") for value in np.exp(rng.normal(np.log(0.18), 0.5, people // 2))]
    columns = {
        "respnr": [f"{number:03d}" for number in range(1, people + 1)],
        "geslacht": [str(code) for code in rng.integers(1, 3, people)],
        "crp": [*crp, *(["0,18"] * (people - len(crp)))],
    }
    rows = [";".join(columns), *(";".join(row) for row in zip(*columns.values(), strict=True))]
    (tmp_path / "deelnemers.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    printed = plain(re.sub(r"\n\s*# ", " ", said("draft", tmp_path)))
    lines = [plain(line).removeprefix("# ") for line in guide.section(2).snippets("text")[1].splitlines()]
    assert len(lines) == 4
    for line in lines:
        assert line.split("…")[0].strip().removesuffix(";") in printed


# --- when it says no --------------------------------------------------------------------------------------------

SMALL = """\
cohort_study: 1
name: small
title: Small
id: nr
files:
  people: {path: people.csv}
  blood: {path: blood.csv}
variables:
  sex: {file: people, column: sex, codes: {F: female, M: male}}
  visit_date: {file: people, column: day}
  bmi_kg_m2: {file: people, column: bmi}
labs:
  crp: {file: blood, column: crp, unit: mg/L}
diagnoses:
  psoriasis: {file: people, present: {pso: [1]}, absent: {pso: [2]}}
"""
PERSON = "nr,sex,day,bmi,pso,bmi2,achternaam\n"
TWELVE = range(1, 13)


def _people(day: str = "2021-03-{:02d}", *, named: bool = False) -> str:
    rows = (f"{i},{'FM'[i % 2]},{day.format(i)},{20 + i},{1 + i % 2},{21 + i},{'Jan' if named else ''}" for i in TWELVE)
    return PERSON + "\n".join(rows) + "\n"


BLOOD = "nr,crp\n" + "".join(f"{i},{i / 2}\n" for i in TWELVE)
CHANGES = [
    ("column: bmi}", "column: BIM}"),
    ("bmi_kg_m2:", "crp_mg_l:"),
    ("M: male", "X: male"),
    (", unit: mg/L", ""),
    ("{file: people, column: bmi}", "[{file: people, column: bmi}, {file: people, column: bmi2}]"),
    ("absent: {pso: [2]}", "absent: {pso: [1, 2]}"),
    ("people.csv}", "peeple.csv}"),
    ("people.csv}", "people.csv, rows: 20}"),
    ("labs:", "instruments:\n  phq9: {file: people, items: [bmi, pso]}\nlabs:"),
    ("  sex:", "\tsex:"),
]
FILES = [(_people(named=True), BLOOD), (_people("{:02d}-03-2021"), BLOOD), (_people(), BLOOD + "3,9\n")]


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what is said of a small study with one mistake after the other."""
    folder = tmp_path_factory.mktemp("small")

    def attempt(study: str = SMALL, people: str = "", blood: str = BLOOD) -> str:
        for name, text in {"study.yaml": study, "people.csv": people or _people(), "blood.csv": blood}.items():
            (folder / name).write_text(text, encoding="utf-8")
        return plain(said("check", folder / "study.yaml"))

    assert "ready" in attempt()
    told = [attempt(SMALL.replace(old, new)) for old, new in CHANGES]
    told += [attempt(people=people, blood=blood) for people, blood in FILES]
    attempt()
    (folder / "tracked" / ".git").mkdir(parents=True)
    (folder / "full").mkdir()
    (folder / "full" / "letter.txt").write_text("x", encoding="utf-8")
    told += [plain(said("clean", folder / "study.yaml", "--out", folder / name)) for name in ("tracked/out", "full")]
    return [*told, plain(said("draft", folder / "people.csv", "--out", folder / "study.yaml"))]


def _rows(guide: Guide) -> Iterable[str]:
    return re.findall(r"^\| `(.*?)` \|", guide.section(9).text, flags=re.MULTILINE)


def test_every_message_of_the_table_is_one_that_is_said(guide: Guide, refusals: list[str]) -> None:
    rows = list(_rows(guide))
    assert len(rows) >= 15
    for row in rows:
        pattern = ".+?".join(re.escape(part) for part in plain(row).split("…"))
        assert any(re.search(pattern, told) for told in refusals), row


def test_every_refusal_stands_in_the_table(guide: Guide, refusals: list[str]) -> None:
    patterns = [".+?".join(re.escape(part) for part in plain(row).split("…")) for row in _rows(guide)]
    for told in refusals:
        assert any(re.search(pattern, told) for pattern in patterns), told


# --- the real files ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(guide: Guide, nhanes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as the guide has it: the files as NHANES gives them, P_MCQ as XPT too."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "nhanes").mkdir()
    for file in nhanes.glob("*.XPT"):
        (folder / "nhanes" / file.name).symlink_to(file)
    conditions = pd.read_csv(nhanes / "P_MCQ.csv").replace(0, np.nan).astype(float)
    pyreadstat.write_xport(conditions, str(folder / "nhanes" / "P_MCQ.XPT"), table_name="P_MCQ", file_format_version=5)
    (folder / "study.yaml").write_text(as_yaml(guide.section(3).merged()), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.real_data
def test_the_guide_quotes_what_nhanes_gives(guide: Guide, real: Path) -> None:
    study, printed = real / "study.yaml", plain(said("draft", real / "nhanes"))
    for line in guide.section(2).snippets("text")[0].splitlines():
        assert line == "…" or "draft:" in line or "Read it" in line or plain(line) in printed, line
    printed = plain(said("check", study))
    wrong = plain(_checked(real / "nhanes", study.read_text(encoding="utf-8").replace("unit: mg/L", "unit: mg/dL")))
    printed += plain(said("clean", study, "--out", real / "clean"))
    for line in quoted(guide.section(4)) + quoted(guide.section(5)):
        assert line.startswith("error:") or plain(line) in printed or plain(line) in wrong, line
