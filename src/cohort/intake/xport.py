"""Whether a SAS transport file is whole.

The reader takes a file that was cut short for a shorter table. A transport file says how long one observation is, so
that a rest which is neither a whole observation nor the blanks that fill its last record of 80 bytes betrays the cut.
Layout: SAS technical note TS-140 (version 5) and its successor for version 8.
"""

from __future__ import annotations

import re
import struct

_RECORD = 80
_MARK = b"HEADER RECORD*******"
_NAMESTR = re.compile(rb"HEADER RECORD\*{7}(NAMESTR|NAMSTV8) HEADER RECORD!{7}")
_OBSERVATIONS = re.compile(rb"HEADER RECORD\*{7}(OBS|OBSV8) +HEADER RECORD!{7}")


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
    namestr, observations = _NAMESTR.search(content), _OBSERVATIONS.search(content)
    member = content.find(b"HEADER RECORD*******MEMB")
    if namestr is None or observations is None or member < 0:
        return "it is cut short: it ends within its header."
    entry_size = int(content[member + 74 : member + 78])
    variables = int(content[namestr.start() + 54 : namestr.start() + 58])
    first = namestr.start() + _RECORD
    lengths = [struct.unpack_from(">h", content, first + i * entry_size + 4)[0] for i in range(variables)]
    length, start = sum(lengths), observations.start() + _RECORD
    if content.find(b"HEADER RECORD*******MEMB", start) >= 0:
        return "it holds more than one data set; export each to a file of its own."
    if length <= 0:
        return "its header describes no variable."
    complete, rest = divmod(len(content) - start, length)
    left_over = content[len(content) - rest :] if rest else b""
    if rest >= _RECORD or left_over.strip(b" "):
        return f"it is cut short in the middle of row {complete + 1:,}."
    if observations.group(1) == b"OBSV8":
        stated = content[observations.start() + 48 : observations.start() + 63].strip()
        if stated.isdigit() and int(stated) > complete:
            return f"it is cut short: it holds {complete:,} of {int(stated):,} rows."
    return None
