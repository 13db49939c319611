"""Encodings are declared, marked or recognised; text that is none is refused with the reason."""

from __future__ import annotations

import codecs

import pytest

from cohort.errors import InputDataError
from cohort.intake.text_encoding import accents, decode

TEXT = "id;woonplaats\n1;’s-Hertogenbosch\n2;Tromsø, coöperatie, 5 µg, € 3\n"


@pytest.mark.parametrize(
    ("content", "encoding", "is_recognised"),
    [
        (TEXT.encode(), "utf-8", False),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8", False),
        (TEXT.encode("utf-16"), "utf-16", False),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16", False),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16", False),
        (TEXT.encode("utf-32"), "utf-32", False),
        (TEXT.encode("utf-16-le"), "utf-16-le", True),
        (TEXT.encode("utf-16-be"), "utf-16-be", True),
        (TEXT.encode("cp1252"), "cp1252", True),
    ],
)
def test_an_encoding_is_marked_or_recognised(content: bytes, encoding: str, is_recognised: bool) -> None:
    decoded = decode(content, "a.csv", None)
    assert (decoded.text, decoded.encoding, decoded.is_recognised) == (TEXT, encoding, is_recognised)


def test_a_byte_that_windows_does_not_use_makes_it_latin_1() -> None:
    decoded = decode(b"id\n\x81\xe9\n", "a.csv", None)
    assert (decoded.encoding, decoded.text) == ("latin-1", "id\n\x81é\n")


@pytest.mark.parametrize("word", ["café", "Ålesund", "München", "één", "naïve"])
def test_short_western_words_are_never_taken_for_another_alphabet(word: str) -> None:
    assert decode(f"id\n{word}\n".encode("cp1252"), "a.csv", None).text == f"id\n{word}\n"


def test_a_declared_encoding_is_used_and_not_called_recognised() -> None:
    decoded = decode("Ålesund".encode("cp865"), "a.csv", "cp865")
    assert (decoded.text, decoded.is_recognised) == ("Ålesund", False)
    assert decode(codecs.BOM_UTF8 + b"id", "a.csv", "utf-8").text == "id"


@pytest.mark.parametrize(
    ("content", "declared", "message"),
    [
        (b"PK\x03\x04rest", None, "it is an Excel workbook or another zip archive, not text."),
        (b"$FL2@(#) SPSS DATA FILE", None, "it is an SPSS file, not text."),
        (b"\n<!doctype HTML><p>", None, "it is a web page, not text."),
        (b"id\n1\x00\x00\x00\n", None, "it is no text: byte 4 is zero, which no text holds."),
        (b"id\n\x00\x01", "latin-1", "it is no latin-1 text: it holds zero bytes, which no text holds."),
        (b"id\n\xff", "utf-8", "the text is not utf-8 (byte 3 cannot be read)."),
        (b"id", "klingon", "'klingon' is no known encoding."),
        (b"id", "base64", "'base64' is no known encoding."),
        (codecs.BOM_UTF8 + b"id", "cp1252", "its byte order mark says utf-8, and the study says cp1252."),
    ],
)
def test_what_is_no_text_is_refused_in_one_clear_message(content: bytes, declared: str | None, message: str) -> None:
    with pytest.raises(InputDataError) as caught:
        decode(content, "a.csv", declared)
    (problem,) = caught.value.problems
    assert problem.what == message
    assert problem.fix


def test_letters_are_shown_without_the_words_they_stand_in() -> None:
    assert accents(TEXT) == "ö ø µ ’ €"
    assert accents("".join(map(chr, range(0xC0, 0xD6)))).endswith(" …")
