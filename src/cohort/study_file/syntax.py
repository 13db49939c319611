"""The text of a study file, or the one reason why there is none; and what is wrong with text that is no YAML."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import yaml

from cohort.errors import Problem, StudyFileError

LARGEST_BYTES = 2_000_000


def file_text(path: Path) -> str:
    """Return the text of a study file.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    StudyFileError
        With the one reason why it cannot be read.
    """

    def fail(what: str, fix: str = "") -> StudyFileError:
        return StudyFileError([Problem(path.name or str(path), what, fix)])

    try:
        if path.is_dir():
            raise fail("this is a folder, not a study file.", "Name the study.yaml inside it.")
        if not path.exists():
            raise fail("the study file does not exist.", "Check the spelling of the path.")
        if not path.is_file():
            raise fail("this is no regular file.", "Name the study.yaml itself.")
        with path.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else "not a valid path"
        raise fail(f"the file cannot be read ({reason}).", "Check the path and your rights to it.") from None
    if len(content) > LARGEST_BYTES:
        raise fail("the file is too large for a study file.", "Is it a data file? Data go under 'files:'.")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise fail("the file is written in UTF-16.", "Save it as UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"{path.name}, line {line}"
        raise StudyFileError(
            [Problem(where, "the file is not UTF-8 text.", "Save it as UTF-8; data go under 'files:'.")]
        ) from None
    strange = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if strange is not None:
        where = f"{path.name}, line {text.count(chr(10), 0, strange.start()) + 1}"
        raise StudyFileError(
            [Problem(where, "the file holds control characters.", "Is it a text file? Data go under 'files:'.")]
        )
    if not text.strip():
        raise fail("the file is empty.", "Start with 'cohort_study: 1'.")
    return text


_SYNTAX = (
    (r"character '\\t'", "a tab stands where YAML takes only spaces.", "Replace the tab by spaces."),
    (r"expected a single document", "a second document begins here ('---').", "Keep one study in one file."),
    (r"undefined alias", "this alias ('*name') has no anchor ('&name') before it.", ""),
    (r"duplicate anchor", "this anchor ('&name') is used twice.", ""),
    (r"end of stream|unexpected end", "a quote or bracket is opened and never closed.", "Close it."),
    (
        r"mapping values are not allowed",
        "a second ':' stands on the line, or the indentation is off.",
        "Put text that holds ': ' in quotes.",
    ),
    (r"expected ',' or", "a bracket is not closed, or a comma is missing.", "Check this line and the one before."),
    (r"could not find expected ':'", "a key lacks its ':'.", "Write 'key: value'."),
    (r"cannot start any token", "this character cannot begin a value.", "Put the text in quotes."),
    (r"undefined tag handle|tag", "this kind of '!' tag is not allowed.", "A study file holds plain values only."),
)


def syntax_problem(file: str, error: yaml.MarkedYAMLError) -> Problem:
    """Return what is wrong with text that is no YAML, in words.

    Parameters
    ----------
    file
        Name of the file for the message.
    error
        What the reader of YAML found.
    """
    mark = error.problem_mark or error.context_mark
    where = f"{file}, line {mark.line + 1}" if mark is not None else file
    said = f"{error.problem} {error.context}"
    for pattern, what, fix in _SYNTAX:
        if re.search(pattern, said):
            return Problem(where, what, fix)
    return Problem(
        where, "the line does not fit the lines before it.", "Check indentation, quotes, brackets and colons."
    )
