"""The forms of identifiers: which values of a column look like an e-mail address, a citizen number, a date of birth."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*[a-zA-Z]")
_FORMS = {
    # National form with the zero of an area code, or international form.
    "phone": re.compile(r"^(?:0[1-9][-\s]?(?:\d[-\s]?){8}|(?:\+|00)[1-9](?:[-\s().]?\d){7,13})$", re.M),
    "postcode": re.compile(r"^[1-9]\d{3} ?[A-Z]{2}$", re.M),
    "ssn": re.compile(r"^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$", re.M),
    "ip_address": re.compile(r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$", re.M),
    "cpr": re.compile(r"^(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}-\d{4}$", re.M),
}
_IBAN = re.compile(r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$")
_BSN_WEIGHTS = np.array([9, 8, 7, 6, 5, 4, 3, 2, -1])
_NHS_WEIGHTS = np.array([10, 9, 8, 7, 6, 5, 4, 3, 2])
_YEAR = re.compile(
    r"^(?:(\d{4})[-/.]\d{1,2}[-/.]\d{1,2}(?:[ T].*)?|\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ](\d{4}))$"
)


def shares_of_forms(values: Sequence[str]) -> dict[str, float]:
    """Return, for each form, the share of values that have it; forms that no value has are left out.

    Examples
    --------
    >>> shares_of_forms(["1234 AB", "9999ZZ", "x"])["postcode"] > 0.6
    True
    """
    text = "\n".join(values)
    found = {name: len(form.findall(text)) / len(values) for name, form in _FORMS.items()}
    found["email"] = len(_EMAIL.findall(text)) / len(values) if "@" in text else 0.0
    ibans = [value.replace(" ", "") for value in values if value[:2].isalpha()]
    found["iban"] = sum(is_iban(value) for value in ibans) / len(values)
    return {name: min(share, 1.0) for name, share in found.items() if share > 0}


def is_iban(text: str) -> bool:
    """Return whether a text without spaces is a bank account with a right check number (ISO 13616, modulo 97).

    Examples
    --------
    >>> is_iban("NL91ABNA0417164300"), is_iban("NL92ABNA0417164300")
    (True, False)
    """
    if not _IBAN.match(text):
        return False
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1


def _digits(numbers: Sequence[str], length: int) -> npt.NDArray[np.int64]:
    return np.array([[int(d) for d in number.zfill(length)] for number in numbers], dtype=np.int64)


def passes_eleven_test(numbers: Sequence[str]) -> BoolArray:
    """Return which numbers of 8 or 9 digits pass the eleven-test of the Dutch citizen service number.

    Of random numbers 1 in 11 passes.

    Examples
    --------
    >>> passes_eleven_test(["111222333", "123456782", "111222334"]).tolist()
    [True, True, False]
    """
    digits = _digits(numbers, 9)
    return np.asarray((digits @ _BSN_WEIGHTS % 11 == 0) & (digits.sum(axis=1) > 0))


def passes_nhs_test(numbers: Sequence[str]) -> BoolArray:
    """Return which numbers of 10 digits have the check digit of a British NHS number (modulo 11).

    Examples
    --------
    >>> passes_nhs_test(["9434765919", "9434765918"]).tolist()
    [True, False]
    """
    digits = _digits(numbers, 10)
    check = (11 - digits[:, :9] @ _NHS_WEIGHTS % 11) % 11
    return np.asarray(check == digits[:, 9])


def years_of_exact_dates(values: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the year of each value that is a day, month and year, NaN of any other.

    Examples
    --------
    >>> years_of_exact_dates(["1980-03-05", "5-3-1980", "1980", "03/1980"]).tolist()
    [1980.0, 1980.0, nan, nan]
    """
    matches = [_YEAR.match(value) for value in values]
    return np.array([float(m[1] or m[2]) if m else np.nan for m in matches])
