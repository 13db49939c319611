"""What the reader of SAS transport files does not tell: whether a file is whole, and its special missing values.

The reader takes a file that was cut short for a shorter table. A transport file says how long one observation is, so
that a rest which is neither a whole observation nor the blanks that fill its last record of 80 bytes betrays the cut.
Layout: SAS technical note TS-140 (version 5) and its successor for version 8.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_RECORD = 80
_MARK = b"HEADER RECORD*******"
_MEMBER = b"HEADER RECORD*******MEMB"
_NAMESTR = re.compile(rb"HEADER RECORD\*{7}(NAMESTR|NAMSTV8) HEADER RECORD!{7}")
_OBSERVATIONS = re.compile(rb"HEADER RECORD\*{7}(OBS|OBSV8) +HEADER RECORD!{7}")
_NUMERIC = 1


@dataclass(frozen=True)
class _Layout:
    """Where the observations lie, and the type and length in bytes of each variable."""

    start: int
    types: tuple[int, ...]
    lengths: tuple[int, ...]
    version: bytes

    @property
    def length(self) -> int:
        return sum(self.lengths)


def _layout(content: bytes) -> _Layout | None:
    """Return the layout of a file; None when its header is not whole."""
    namestr, observations = _NAMESTR.search(content), _OBSERVATIONS.search(content)
    member = content.find(_MEMBER)
    if namestr is None or observations is None or member < 0:
        return None
    entry_size = int(content[member + 74 : member + 78])
    variables = int(content[namestr.start() + 54 : namestr.start() + 58])
    first = namestr.start() + _RECORD
    parts = [struct.unpack_from(">hhh", content, first + i * entry_size) for i in range(variables)]
    start = observations.start() + _RECORD
    return _Layout(start, tuple(p[0] for p in parts), tuple(p[2] for p in parts), observations.group(1))


def transport_fault(content: bytes) -> str | None:  # noqa: PLR0911 - one return for each fault
    """Return what is wrong with the content of a SAS transport file, in words; None when it looks whole.

    Parameters
    ----------
    content
        All bytes of the file.

    Notes
    -----
    Version 5 does not store the number of observations. A file cut exactly between two observations, with nothing left
    over but blanks, can't be told from a whole one; every other cut is found.
    """
    if not content.startswith(_MARK):
        return "it is not a SAS transport file."
    if len(content) % _RECORD:
        return "it is cut short: its length is not a multiple of 80 bytes."
    try:
        layout = _layout(content)
    except (ValueError, struct.error):
        return "its header is damaged."
    if layout is None:
        return "it is cut short: it ends within its header."
    if content.find(_MEMBER, layout.start) >= 0:
        return "it holds more than one data set; export each to a file of its own."
    if layout.length <= 0:
        return "its header describes no variable."
    complete, rest = divmod(len(content) - layout.start, layout.length)
    left_over = content[len(content) - rest :] if rest else b""
    if rest >= _RECORD or left_over.strip(b" "):
        return f"it is cut short in the middle of row {complete + 1:,}."
    if layout.version == b"OBSV8":
        stated = content[layout.start - _RECORD + 48 : layout.start - _RECORD + 63].strip()
        if stated.isdigit() and int(stated) > complete:
            return f"it is cut short: it holds {complete:,} of {int(stated):,} rows."
    return None


def special_missing(content: bytes, rows: int) -> Iterator[tuple[int, npt.NDArray[np.intp], list[str]]]:
    """Yield the special missing values ``.A`` to ``.Z`` and ``._`` of a whole file, which the reader makes plain ones.

    Parameters
    ----------
    content
        All bytes of a file without a fault.
    rows
        Number of its observations.

    Yields
    ------
    tuple
        Number of the variable, the rows where it has special missing values, and these as SAS writes them.

    Notes
    -----
    A missing number is one byte that tells which (a point for the plain one), and zeros.
    """
    layout = _layout(content)
    if layout is None or not rows:
        return
    body = np.frombuffer(content, np.uint8, rows * layout.length, layout.start).reshape(rows, layout.length)
    offset = 0
    for number, (kind, length) in enumerate(zip(layout.types, layout.lengths, strict=True)):
        if kind == _NUMERIC:
            first, others = body[:, offset], body[:, offset + 1 : offset + length]
            is_letter = ((first >= ord("A")) & (first <= ord("Z"))) | (first == ord("_"))
            found = np.flatnonzero(is_letter)
            found = found[~others[found].any(axis=1)]
            if len(found):
                yield number, found, [f".{chr(byte)}" for byte in first[found]]
        offset += length
