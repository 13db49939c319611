"""From bytes to text: the encoding that a file declares itself, that the study declares, or that is recognised."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from cohort.errors import InputDataError, Problem

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16"),
)
"""Byte order marks, longer ones first: the name in reports, and the codec that takes the mark away."""

_SIGNATURES = (
    (b"PK\x03\x04", "an Excel workbook or another zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"$FL2", "an SPSS file"),
    (b"$FL3", "an SPSS file"),
    (b"PAR1", "a Parquet file"),
    (b"<stata_dta>", "a Stata file"),
    (b"HEADER RECORD*******", "a SAS transport file"),
    (b"%PDF", "a PDF document"),
    (b"<!DOCTYPE html", "a web page"),
    (b"<html", "a web page"),
)
_SAMPLE = 65_536
_ACCENTS_SHOWN = 12


@dataclass(frozen=True)
class DecodedText:
    """The text of a file.

    Parameters
    ----------
    text
        The text, without a byte order mark.
    encoding
        Name of its encoding.
    is_recognised
        Whether the encoding was told neither by the study nor by the file, and is not UTF-8.
    """

    text: str
    encoding: str
    is_recognised: bool = False


def decode(content: bytes, path: str, declared: str | None) -> DecodedText:
    """Return bytes as text.

    Parameters
    ----------
    content
        The bytes, already unpacked.
    path
        Name of the file in messages.
    declared
        Encoding that the study declares; a byte order mark that says otherwise is a problem.

    Raises
    ------
    InputDataError
        If the bytes are no text, or not of the declared encoding.

    Notes
    -----
    Without a declaration and without a mark, text that is valid UTF-8 is UTF-8: text of another encoding with letters
    beyond ASCII hardly ever is by chance. What is left is taken for cp1252, what Excel, SPSS and R write on a Windows
    computer in Western Europe, or for latin-1 where a byte has no meaning in cp1252. No statistical detector is asked:
    on files of codes and a few Dutch, German or Norwegian words, charset-normalizer answered cp1250 and cp775.

    Examples
    --------
    >>> decode("één".encode("cp1252"), "a.csv", None)
    DecodedText(text='één', encoding='cp1252', is_recognised=True)
    """
    marked = next(((name, codec) for mark, name, codec in _MARKS if content.startswith(mark)), None)
    if declared is not None:
        return DecodedText(_decoded_as(content, path, declared, marked), declared)
    if marked is not None:
        return DecodedText(_decoded_as(content, path, marked[1], marked), marked[0])
    _refuse_other_formats(content, path)
    if b"\0" in content:
        return _unmarked_utf16(content, path)
    try:
        return DecodedText(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return DecodedText(content.decode("cp1252"), "cp1252", is_recognised=True)
    except UnicodeDecodeError:
        return DecodedText(content.decode("latin-1"), "latin-1", is_recognised=True)


def accents(text: str) -> str:
    """Return the letters and signs beyond ASCII of a text, so that an analyst sees whether they were read right.

    Examples
    --------
    >>> accents("coöperatie, café, 5 µg")
    'é ö µ'
    """
    found = sorted(set(re.findall(r"[^\x00-\x7f]", text)), key=lambda sign: (not sign.isalpha() or sign == "µ", sign))
    return " ".join(found[:_ACCENTS_SHOWN]) + (" …" if len(found) > _ACCENTS_SHOWN else "")


def _decoded_as(content: bytes, path: str, encoding: str, marked: tuple[str, str] | None) -> str:
    try:
        codec = codecs.lookup(encoding).name
        "".encode(codec)  # codecs that are no encodings of text, such as zip, are refused here
    except LookupError as error:
        fix = "Use a name such as utf-8, cp1252 or latin-1."
        raise InputDataError([Problem(path, f"'{encoding}' is no known encoding.", fix)]) from error
    if marked is not None:
        if not codec.startswith(marked[0]):
            what = f"its byte order mark says {marked[0]}, and the study says {encoding}."
            raise InputDataError([Problem(path, what, f"Declare 'encoding: {marked[0]}', or leave it out.")])
        codec = marked[1]
    try:
        text = content.decode(codec)
    except UnicodeError as error:
        byte = f" (byte {error.start:,} cannot be read)" if isinstance(error, UnicodeDecodeError) else ""
        fix = "Declare its encoding, such as 'encoding: cp1252', or leave it out."
        raise InputDataError([Problem(path, f"the text is not {encoding}{byte}.", fix)]) from error
    if "\0" in text:
        _refuse_other_formats(content, path)
        what = f"it is no {encoding} text: it holds zero bytes, which no text holds."
        raise InputDataError([Problem(path, what, "It may be damaged or of another format: export it as CSV again.")])
    return text


def _refuse_other_formats(content: bytes, path: str) -> None:
    start = content[:64].lstrip()
    for signature, kind in _SIGNATURES:
        if start.lower().startswith(signature.lower()):
            fix = "Give it its own ending or declare its 'format:', or export it as CSV."
            raise InputDataError([Problem(path, f"it is {kind}, not text.", fix)])


def _unmarked_utf16(content: bytes, path: str) -> DecodedText:
    """Return text of UTF-16 without a mark, told by its zero bytes: every second one, in text of ASCII letters."""
    sample = content[:_SAMPLE]
    half = max(len(sample) // 2, 1)
    for codec, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        if sample[first::2].count(0) > 0.7 * half and sample[1 - first :: 2].count(0) == 0:
            try:
                return DecodedText(content.decode(codec), codec, is_recognised=True)
            except UnicodeDecodeError:
                break
    position = content.find(b"\0")
    what = f"it is no text: byte {position:,} is zero, which no text holds."
    raise InputDataError([Problem(path, what, "It may be damaged or of another format: export it as CSV again.")])
