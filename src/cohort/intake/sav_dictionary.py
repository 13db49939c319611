"""Whether the dictionary of an SPSS file is sound.

The reader ends the whole program where value labels are said to belong to a variable that the file does not have, or a
text to be wider than its segments. So the records of the dictionary are walked through first. Layout: PSPP developers'
guide, appendix "System File Format".
"""

from __future__ import annotations

import struct

_FIRST_RECORD = 176
_VARIABLE, _LABELS, _LABELLED, _DOCUMENT, _EXTENSION, _END = 2, 3, 4, 6, 7, 999
_CONTINUED, _WIDEST, _MOST_MISSING = -1, 255, 3
_CUT = "its dictionary is damaged or cut short."


class _DamagedError(Exception):
    """The dictionary ends too early, or counts something that it cannot hold."""


class _Records:
    """Whole numbers of a dictionary, read one after the other."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, _FIRST_RECORD
        # The layout code of the header is 2 or 3: read in the wrong order of bytes it is a huge number.
        self.order = "<" if content[64:68] in (b"\2\0\0\0", b"\3\0\0\0") else ">"

    def number(self, least: int = -(2**31)) -> int:
        """Return the next number; one below the least possible is a damage."""
        try:
            (number,) = struct.unpack_from(f"{self.order}i", self.content, self.place)
        except struct.error as error:
            raise _DamagedError from error
        self.skip(4)
        if number < least:
            raise _DamagedError
        return int(number)

    def skip(self, length: int) -> None:
        """Pass some bytes."""
        self.place += length
        if self.place > len(self.content):
            raise _DamagedError

    def labels(self) -> None:
        """Pass the codes and labels of a set of value labels."""
        for _ in range(self.number(0)):
            self.skip(8)
            length = self.content[self.place] if self.place < len(self.content) else 0
            self.skip((1 + length + 7) // 8 * 8)

    def variable(self, open_segments: int) -> int:
        """Pass the description of a variable, and return how many segments of eight bytes of its text must follow.

        A text takes a record for each eight bytes; all but the first are marked as its continuation.
        """
        width = self.number(_CONTINUED)
        has_label, missing = self.number(0), self.number(-_MOST_MISSING)
        if (width == _CONTINUED) != (open_segments > 0) or width > _WIDEST or has_label > 1 or missing > _MOST_MISSING:
            raise _DamagedError
        self.skip(16)
        if has_label:
            self.skip((self.number(0) + 3) // 4 * 4)
        self.skip(8 * abs(missing))
        return open_segments - 1 if open_segments else max(width - 1, 0) // 8


def dictionary_fault(content: bytes) -> str | None:
    """Return what is wrong with the dictionary of an SPSS file, in words; None when it looks sound.

    Parameters
    ----------
    content
        All bytes of the file.
    """
    if not content.startswith((b"$FL2", b"$FL3")):
        return "it is not an SPSS file."
    records = _Records(content)
    variables = open_segments = 0
    try:
        while (kind := records.number()) != _END:
            if kind != _VARIABLE and open_segments:
                return _CUT
            if kind == _VARIABLE:
                open_segments = records.variable(open_segments)
                variables += 1
            elif kind == _LABELS:
                records.labels()
            elif kind == _LABELLED:
                if any(not 1 <= records.number() <= variables for _ in range(records.number(0))):
                    return "its value labels belong to a variable that it does not have: it is damaged."
            elif kind == _DOCUMENT:
                records.skip(80 * records.number(0))
            elif kind == _EXTENSION:
                records.skip(4)
                size = records.number(0)
                records.skip(size * records.number(0))
            else:
                return _CUT
    except _DamagedError:
        return _CUT
    return None
