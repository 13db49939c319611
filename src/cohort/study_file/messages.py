"""What the models found wrong, in words: one message per mistake, with the nearest valid name."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Union

from pydantic import BaseModel, ValidationError

from cohort.study_file.conditions import BY, LIST, MAPPING, SCALAR, STUDY_RULE
from cohort.study_file.models import StudyFile
from cohort.study_file.reading import DataPath, Step, YamlText
from cohort.study_file.vocabulary import listed, nearest, suggestion

_WANTED: dict[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping ('key: value')",
    "model_type": "a mapping ('key: value')",
    "model_attributes_type": "a mapping ('key: value')",
    "list_type": "a list ('[a, b]')",
}

_MARKS = (SCALAR, LIST, MAPPING, BY)
_SHAPES = {
    SCALAR: "a single value",
    LIST: "a list ('[a, b]')",
    MAPPING: "a mapping ('key: value')",
    BY: "a mapping with 'by:'",
}

_SAID = {
    "too_short": ("there is nothing in it.", "Fill it in or remove the key."),
    "finite_number": ("the number is too large.", "Correct it."),
    "string_pattern_mismatch": (
        "a name is made of small letters, digits, '-' and '_' and begins with a letter or digit.",
        "Write it like 'my-cohort-2020'.",
    ),
}

_CODE_LISTS: dict[Step, tuple[str, str]] = {
    "codes": ("meaning", "Write its meaning, or list the code under 'missing' with a reason."),
    "missing": ("reason", "Write why it is missing, such as 'refused'."),
}

_MISSING_KEY_HELP = {
    "cohort_study": "Start the file with 'cohort_study: 1'.",
    "name": "Give the study a short name such as 'name: my-cohort'.",
    "title": "Give the study a title for readers.",
    "files": "List the data files: 'files: {people: {path: people.csv}}'.",
    "file": "Name one of the entries under 'files:'.",
    "items": "List the item columns in the order of the instrument.",
}


def add_model_errors(text: YamlText, error: ValidationError) -> None:
    """Write everything that the models found wrong into the problems of a file, one message per place.

    Parameters
    ----------
    text
        The file that was checked; its problems grow.
    error
        What the models found.
    """
    by_place: dict[DataPath, list[Any]] = {}
    missing: list[tuple[DataPath, str]] = []
    meant: set[tuple[DataPath, str | None]] = set()
    for detail in error.errors(include_url=False):
        path = error_path(text, detail)
        if detail["type"] == "missing":
            missing.append((path, str(detail["loc"][-1])))
            continue
        if detail["type"] == "extra_forbidden":
            meant.add((path[:-1], nearest(str(path[-1]), keys_at(StudyFile, path[:-1]))))
        by_place.setdefault(path, []).append(detail)
    for path, key in missing:
        # A misspelt key is one mistake, not an unknown key and a missing one.
        if (path, key) not in meant and not text.is_spoilt(path):
            text.add(path, f"the key '{key}' is missing.", _MISSING_KEY_HELP.get(key, ""))
    for path, details in by_place.items():
        if not text.is_spoilt(path):
            text.add(path, *_in_words(path, details))


def error_path(text: YamlText, detail: Any) -> DataPath:
    """Return the path in the file that an error of the models speaks of."""
    *around, last = detail["loc"] or ("",)
    steps: list[Step] = [step for step in around if step not in _MARKS]
    is_key = detail["type"] == "extra_forbidden"  # then the last step stands in the file, whatever it looks like
    return text.locate([*steps, last] if is_key or last not in _MARKS else steps)


def _in_words(path: DataPath, details: Sequence[Any]) -> tuple[str, str]:
    """Return what is wrong at one place, and the fix."""
    first = details[0]
    kind, value, context = first["type"], first["input"], first.get("ctx", {})
    around, key = (path[-2] if len(path) > 1 else ""), str(path[-1]) if path else ""
    if value is None and around in _CODE_LISTS:
        lacking, fix = _CODE_LISTS[around]
        return f"the code '{key}' has no {lacking}.", fix
    if kind in _SAID:
        return _SAID[kind]
    if kind == STUDY_RULE:
        return context["what"], context["fix"]
    if kind == "extra_forbidden":
        return f"unknown key '{key}'.", suggestion(key, keys_at(StudyFile, path[:-1]))
    return _wrong_value(kind, value, context, details)


def _wrong_value(kind: str, value: Any, context: Mapping[str, Any], details: Sequence[Any]) -> tuple[str, str]:
    """Return what is wrong with a value, and the fix."""
    if kind == "literal_error":
        return _not_one_of(value, re.findall(r"'([^']*)'|(\d+)", context["expected"]))
    if kind == "union_tag_invalid":
        return _wrong_kind(value, [shape for mark, shape in _SHAPES.items() if mark in context["expected_tags"]])
    if kind == "greater_than_equal":
        return f"the number must be {context['ge']} or more.", "Correct it."
    wanted = dict.fromkeys(_WANTED.get(detail["type"], "") for detail in details)
    if "a number" in wanted:
        wanted.pop("a whole number", None)
    return _wrong_kind(value, [wish for wish in wanted if wish])


def _not_one_of(value: Any, expected: Sequence[tuple[str, str]]) -> tuple[str, str]:
    words = [text or number for text, number in expected]
    if words == ["1"]:
        return "the format version must be 1.", "Write 'cohort_study: 1'."
    if not isinstance(value, str):
        return _wrong_kind(value, [listed(words, "or")])
    return f"'{value}' is not one of {listed(words, 'or')}." if len(words) > 1 else f"'{value}' is not '{words[0]}'.", (
        suggestion(value, words) if len(words) > 1 else f"Write '{words[0]}' or conditions."
    )


def _wrong_kind(value: Any, wanted: Sequence[str]) -> tuple[str, str]:
    """Return that one kind of value stands where others may stand."""
    found = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a mapping",
        type(None): "nothing",
    }.get(type(value), "something else")
    wish = " or ".join(wanted) if wanted else "something else"
    if value is None:
        return "there is no value.", "Fill it in or remove the key."
    fix = ""
    if "text" in wanted and isinstance(value, (bool, int, float)):
        fix = "Put it in quotes."
    elif wanted == ["true or false"]:
        fix = "Write true or false."
    return f"{found} stands where {wish} is due.", fix


def keys_at(annotation: Any, path: DataPath) -> set[str]:
    """Return the keys that a mapping at a path may have.

    Parameters
    ----------
    annotation
        Type to start from.
    path
        Steps from there.

    Examples
    --------
    >>> sorted(keys_at(StudyFile, ("disclosure",)))
    ['minimum_count', 'round_to']
    """
    return {key for model in _models_at(annotation, path) for key in model.model_fields}


def _models_at(annotation: Any, path: DataPath) -> Iterator[type[BaseModel]]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        yield from _models_at(arguments[0], path)
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            yield from _models_at(argument, path)
    elif origin is list:
        yield from _models_at(arguments[0], path[1:] if path and isinstance(path[0], int) else path)
    elif origin is dict:
        if path:
            yield from _models_at(arguments[1], path[1:])
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            yield annotation
        elif path[0] in annotation.model_fields:
            yield from _models_at(annotation.model_fields[str(path[0])].annotation, path[1:])
