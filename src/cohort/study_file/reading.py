"""YAML text in; plain data and the line of every key out. Nothing in the text is ever executed.

The scalars are those of YAML 1.2, because older rules surprise: ``no``, ``on``, ``1:30`` and dates stay text, only
``true`` and ``false`` are truth values, and ``007`` stays text too, since it is a code and not a number. Keys are
always text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

from cohort.errors import Problem, StudyFileError
from cohort.study_file.syntax import file_text, syntax_problem

Step: TypeAlias = str | int
DataPath: TypeAlias = tuple[Step, ...]

LARGEST_NODES = 100_000
DEEPEST = 50

_CORE = "tag:yaml.org,2002:"


class Position(NamedTuple):
    """Line and column in the file, both from 1."""

    line: int
    column: int


class _TextLoader(yaml.SafeLoader):
    """Composes nodes with the scalars of YAML 1.2; it never builds an object."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"-?(?:0|[1-9][0-9]{0,17})", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]{0,17})?\.[0-9]{1,20}(?:[eE][-+]?[0-9]{1,3})?", list("-.0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]{0,17})\.?[eE][-+]?[0-9]{1,3}", list("-0123456789")),
):
    _TextLoader.add_implicit_resolver(_CORE + _tag, re.compile(f"^(?:{_pattern})$"), _first)


@dataclass
class YamlText:
    """Plain data with the place of every entry.

    Parameters
    ----------
    data
        Mappings, lists, text, numbers, truth values and None.
    positions
        Place of every key and list item, by its path.
    problems
        What is wrong with the text itself.
    spoilt
        Paths whose value could not be taken over, so that nothing more needs saying about it.
    incomplete
        Paths of mappings that lost a faulty entry, so that nothing can be said about what they lack.
    """

    file: str
    data: Any = None
    positions: dict[DataPath, Position] = field(default_factory=dict)
    problems: list[tuple[Position, Problem]] = field(default_factory=list)
    spoilt: set[DataPath] = field(default_factory=set)
    incomplete: set[DataPath] = field(default_factory=set)

    def position(self, path: DataPath) -> Position:
        """Return the place of an entry, or of the nearest entry around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.positions:
                return self.positions[path[:length]]
        return Position(1, 1)

    def where(self, path: DataPath) -> str:
        """Return file, line and dotted path for a message."""
        dotted = dotted_path(path)
        place = f"{self.file}, line {self.position(path).line}"
        return f"{place}, {dotted}" if dotted else place

    def add(self, path: DataPath, what: str, fix: str = "") -> None:
        """Note a problem at a path."""
        self.problems.append((self.position(path), Problem(self.where(path), what, fix)))

    def is_spoilt(self, path: DataPath) -> bool:
        """Return whether the value at a path, or one around it, could not be taken over."""
        return any(path[:length] in self.spoilt for length in range(len(path) + 1))

    def is_complete(self, path: DataPath) -> bool:
        """Return whether everything that stands at a path and below it could be taken over."""
        return not any(lost[: len(path)] == path for lost in self.incomplete | self.spoilt)

    def locate(self, steps: Sequence[Step]) -> DataPath:
        """Return the path that some steps lead to; a step that the data do not have is passed over.

        The models take one entry for a list of one, so that a step into a list may have no counterpart in the file.
        """
        here, path = self.data, []
        for step in steps:
            if isinstance(here, dict) and isinstance(step, str) and step in here:
                path.append(step)
                here = here[step]
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                path.append(step)  # type: ignore[arg-type]
                here = here[step]
        return tuple(path)


def dotted_path(path: DataPath) -> str:
    """Return a path as one reads it; items of lists count from 1.

    Examples
    --------
    >>> dotted_path(("eligible", 0, "variable"))
    'eligible[1].variable'
    """
    text = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def read_yaml(path: Path) -> YamlText:
    """Return the data of a YAML file with the line of every entry.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    StudyFileError
        If the file cannot be read as YAML at all. Faults that leave the rest readable are collected in ``problems``.
    """
    text = file_text(path)
    result = YamlText(path.name)
    try:
        node = yaml.compose(text, Loader=_TextLoader)
    except yaml.MarkedYAMLError as error:
        raise StudyFileError([syntax_problem(path.name, error)]) from None
    except RecursionError:
        raise StudyFileError(
            [Problem(path.name, "the file is nested too deep.", "A study file has few levels.")]
        ) from None
    if node is None:
        raise StudyFileError([Problem(path.name, "the file is empty.", "Start with 'cohort_study: 1'.")])
    if not isinstance(node, yaml.MappingNode):
        shape = "a list" if isinstance(node, yaml.SequenceNode) else "plain text"
        where = f"{path.name}, line {node.start_mark.line + 1}"
        raise StudyFileError(
            [Problem(where, f"the file holds {shape} in place of 'key: value' lines.", "Is it a study file?")]
        )
    _Walker(result).walk_document(node)
    return result


class _Walker:
    """Turns nodes into plain data and writes down where they stand."""

    def __init__(self, result: YamlText) -> None:
        self.result = result
        self.nodes = 0
        self.open: set[int] = set()

    def walk_document(self, node: yaml.MappingNode) -> None:
        self.result.data = self.walk(node, ())

    def stop(self, node: yaml.Node, what: str, fix: str) -> StudyFileError:
        where = f"{self.result.file}, line {node.start_mark.line + 1}"
        return StudyFileError([Problem(where, what, fix)])

    def walk(self, node: yaml.Node, path: DataPath) -> Any:
        self.nodes += 1
        if self.nodes > LARGEST_NODES:
            raise self.stop(node, "the file becomes too large when its aliases are written out.", "Use fewer aliases.")
        if len(path) > DEEPEST:
            raise self.stop(node, "the file is nested too deep.", "A study file has few levels.")
        if id(node) in self.open:
            raise self.stop(node, "an anchor ('&name') contains itself.", "Write the entry out.")
        self.check_tag(node, path)
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self.mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return self.sequence(node, path)
            return self.scalar(node.value, node.tag.removeprefix(_CORE), path)
        finally:
            self.open.discard(id(node))

    def check_tag(self, node: yaml.Node, path: DataPath) -> None:
        if isinstance(node, yaml.MappingNode):
            allowed = ["map"]
        else:
            allowed = ["seq"] if isinstance(node, yaml.SequenceNode) else ["str", "int", "float", "bool", "null"]
        if node.tag.removeprefix(_CORE) not in allowed and node.tag != "!":
            self.result.spoilt.add(path)
            self.result.add(
                path, "a '!' tag asks for an object; a study file holds plain values only.", "Remove the tag."
            )

    def mapping(self, node: yaml.MappingNode, path: DataPath) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            position = Position(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                self.result.spoilt.add(path)
                where = f"{self.result.file}, line {position.line}"
                self.result.problems.append(
                    (
                        position,
                        Problem(where, "a list or a mapping stands where a key is due.", "Put the key in quotes."),
                    )
                )
                continue
            key = _key_text(key_node)
            if key == "<<" and key_node.style is None:
                merged.append(value_node)
                continue
            here = (*path, key)
            if key in entries:
                first = self.result.positions[here].line
                dotted = dotted_path(here)
                problem = Problem(
                    f"{self.result.file}, line {position.line}, {dotted}",
                    f"the key '{key}' stands here and on line {first} already.",
                    "Keep one of them.",
                )
                self.result.problems.append((position, problem))
                continue
            self.result.positions[here] = position
            self.check_tag(key_node, here)
            entries[key] = self.walk(value_node, here)
        for value_node in merged:
            self.merge(value_node, path, entries)
        return entries

    def merge(self, node: yaml.Node, path: DataPath, entries: dict[str, Any]) -> None:
        """Add what ``<<`` refers to; keys written out win."""
        for part in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(part, yaml.MappingNode):
                raise self.stop(part, "'<<' takes a mapping or a list of mappings.", "Write the entries out.")
            if id(part) in self.open:
                raise self.stop(part, "an anchor ('&name') contains itself.", "Write the entry out.")
            part_text = YamlText(self.result.file)
            walker = _Walker(part_text)
            walker.nodes, walker.open = self.nodes, self.open
            found = walker.walk(part, path)
            self.nodes = walker.nodes
            for key in [key for key in found if key not in entries]:
                entries[key] = found[key]
                inside = len(path)
                for place, position in part_text.positions.items():
                    if len(place) > inside and place[inside] == key:
                        self.result.positions[place] = position

    def sequence(self, node: yaml.SequenceNode, path: DataPath) -> list[Any]:
        values = []
        for index, item in enumerate(node.value):
            here = (*path, index)
            self.result.positions[here] = Position(item.start_mark.line + 1, item.start_mark.column + 1)
            values.append(self.walk(item, here))
        return values

    def scalar(self, text: str, kind: str, path: DataPath) -> Any:
        try:
            if kind == "int":
                return int(text)
            if kind == "float":
                return float(text)
        except ValueError:
            self.result.spoilt.add(path)
            self.result.add(path, "the tag asks for a number, the text is none.", "Remove the tag.")
            return text
        if kind == "bool":
            return text.casefold() == "true"
        return None if kind == "null" else text


def _key_text(node: yaml.ScalarNode) -> str:
    """Return a key as text; ``1.0`` is the code 1, everything else stays as written."""
    text = str(node.value)
    if node.style is None and node.tag == _CORE + "float" and float(text).is_integer():
        return str(int(float(text)))
    return text
