"""What has been shown of a study so far: the same people are counted in several tables, and readers have them all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cohort.disclosure.sums import Cell, Shown, Sum, rest_of


class Memory:
    """Cells that were shown, with their texts, the sums that tie them, and which of them are small.

    Cells of several tables are the same when they have the same name, such as ``eligible; sex=female``; other cells get
    a name of their own each time. Without a file it lasts as long as the study is open.
    """

    def __init__(self) -> None:
        self.shown: dict[Cell, Shown] = {}
        self.texts: dict[Cell, str] = {}
        self.sums: dict[Sum, None] = {}
        self.small: dict[Cell, None] = {}
        self._tables = 0
        self._file: Path | None = None

    def own_names(self, cells: Sequence[Cell], names: Mapping[Cell, str]) -> dict[Cell, Cell]:
        """Return the name under which each cell of a new table is remembered."""
        self._tables += 1
        return {cell: names.get(cell) or f"{self._tables}: {cell!r}" for cell in cells}

    def add(
        self, shown: Mapping[Cell, Shown], texts: Mapping[Cell, str], sums: Sequence[Sum], small: Sequence[Cell]
    ) -> None:
        """Remember what a new table shows."""
        self.shown |= shown
        self.texts |= texts
        self.sums |= dict.fromkeys(sums)
        self.small |= dict.fromkeys(small)
        if self._file is not None:
            self._save(self._file)

    def keep_in(self, file: Path) -> None:
        """Go on from what other notebooks of the same run have shown, and tell it to those to come.

        Parameters
        ----------
        file
            Where it is kept while the run lasts; it holds what readers see anyway, and which rests are small.
        """
        self._file = file
        if file.is_file():
            self._load(json.loads(file.read_text(encoding="utf-8")))

    def _save(self, file: Path) -> None:
        number = {one: place for place, one in enumerate(self.sums)}
        rests = {rest_of(one): place for one, place in number.items() if one.has_rest}
        content: dict[str, Any] = {
            "tables": self._tables,
            "shown": [[cell, told.low, told.high, self.texts.get(cell, "")] for cell, told in self.shown.items()],
            "sums": [[one.whole, list(one.parts), one.has_rest] for one in self.sums],
            "small": [rests.get(cell, cell) for cell in self.small],
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8", newline="\n")

    def _load(self, content: Mapping[str, Any]) -> None:
        self._tables = max(self._tables, int(content["tables"]))
        sums = [Sum(whole, tuple(parts), bool(has_rest)) for whole, parts, has_rest in content["sums"]]
        self.sums |= dict.fromkeys(sums)
        for cell, low, high, text in content["shown"]:
            self.shown[cell], self.texts[cell] = Shown(low, high), text
        self.small |= dict.fromkeys(rest_of(sums[c]) if isinstance(c, int) else c for c in content["small"])


def people_named(base: str, *conditions: str) -> str:
    """Return the name of the people of a base who meet conditions, whatever their order; none without a base.

    Examples
    --------
    >>> people_named("eligible", "sex=female", "has_depression=yes")
    'eligible; has_depression=yes; sex=female'
    """
    return "; ".join([base, *sorted(conditions)]) if base else ""


def renamed(one: Sum, names: Mapping[Cell, Cell]) -> Sum:
    """Return a sum over the names under which its cells are remembered."""
    return Sum(names.get(one.whole, one.whole), tuple(names.get(part, part) for part in one.parts), one.has_rest)
