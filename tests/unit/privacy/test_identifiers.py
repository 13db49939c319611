"""Direct identifiers are recognised by the name of a column or by its values; what only looks like one is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.privacy import find_identifiers
from cohort.privacy.patterns import passes_eleven_test

RNG = np.random.default_rng(4)
N = 400


def numbers_that_pass(count: int) -> list[str]:
    drawn = [f"{n:09d}" for n in RNG.integers(10**8, 10**9, 20 * count)]
    return [text for text, passes in zip(drawn, passes_eleven_test(drawn), strict=True) if passes][:count]


def kinds(**columns: object) -> dict[str, str]:
    frame = pd.DataFrame({name.replace("__", " "): values for name, values in columns.items()})
    return {found.column: found.kind for found in find_identifiers(frame, "id")}


def texts(*some: str) -> list[str]:
    return [some[i % len(some)] + (f"{i}" if len(some) == 1 else "") for i in range(N)]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("Achternaam", "name"), ("voornaam_patient", "name"), ("surname", "name"), ("LastName", "name"),
        ("e-mail", "email"), ("E-mailadres", "email"), ("Telefoon_nr", "phone"), ("mobile_phone_1", "phone"),
        ("Adres", "address"), ("Straatnaam", "address"), ("postcode", "postcode"), ("zip code", "postcode"),
        ("woonplaats", "place"), ("BSN", "bsn"), ("burgerservicenummer", "bsn"), ("SSN", "ssn"),
        ("patientNummer", "record_number"), ("MRN", "record_number"), ("ip_address", "ip_address"),
        ("IBAN", "iban"), ("latitude", "location"), ("fødselsnummer", None), ("CPR-nummer", "cpr"),
    ],
)  # fmt: skip
def test_a_column_is_known_by_its_name(column: str, kind: str | None) -> None:
    found = find_identifiers(pd.DataFrame({"id": range(N), column: texts("word ")}), "id")
    assert [one.kind for one in found] == ([kind] if kind else [])


@pytest.mark.parametrize(
    "column",
    ["plate", "test_name", "drug name", "phone_use_hours", "email_frequency", "site", "age", "birth_year", "income",
     "address_changes_count", "postcode_deprivation_score", "participant_id", "nationality", "name_of_test"],
)  # fmt: skip
def test_names_that_only_hold_such_a_word_are_left_alone(column: str) -> None:
    assert find_identifiers(pd.DataFrame({"id": range(N), column: texts("a", "b", "c")}), "id") == []


def test_a_name_counts_only_where_it_differs_from_person_to_person() -> None:
    assert kinds(id=range(N), name=texts("CRP", "IL-6")) == {}
    assert kinds(id=range(N), name=texts("Person ")) == {"name": "name"}


def test_forms_of_values_are_known_under_any_name() -> None:
    assert kinds(
        id=range(N),
        a=[f"user{i}@example.org" for i in range(N)],
        b=[f"{1000 + i} AB" for i in range(N)],
        c=[f"06-{10000000 + i}" for i in range(N)],
        d=numbers_that_pass(N),
        e=[float(text) for text in numbers_that_pass(N)],
        f=[f"{100 + i}-12-{1000 + i}" for i in range(N)],
        g=["NL91ABNA0417164300"] * N,
        h=[f"10.0.{i % 250}.{i % 200}" for i in range(N)],
        i=[f"{1 + i % 28:02d}0{1 + i % 9}80-{1000 + i}" for i in range(N)],
    ) == {
        "a": "email",
        "b": "postcode",
        "c": "phone",
        "d": "bsn",
        "e": "bsn",
        "f": "ssn",
        "h": "ip_address",
        "i": "cpr",
    }
    assert kinds(id=range(3), g=["NL91ABNA0417164300", "GB82WEST12345698765432", "DE89370400440532013000"]) == {
        "g": "iban"}  # fmt: skip


def test_one_address_in_a_column_of_remarks_is_enough() -> None:
    remarks = ["none"] * N
    remarks[300] = "please mail jan@example.org"
    assert kinds(id=range(N), remarks=remarks) == {"remarks": "email"}


def test_random_numbers_and_other_codes_are_no_national_ids() -> None:
    assert (
        kinds(
            id=range(N),
            random=[str(n) for n in RNG.integers(10**8, 10**9, N)],
            running=[str(100000000 + i) for i in range(N)],
            seven=[str(1000000 + i) for i in range(N)],
            icd=texts("F32.0", "M05.9", "E10"),
            plate=[f"C{i % 40:04d}" for i in range(N)],
            day=[f"2021{1 + i % 12:02d}{1 + i % 28:02d}" for i in range(N)],
            atc=texts("N06AB03", "L04AB02"),
            result=[f"{n:.2f}" for n in RNG.lognormal(0, 1, N)],
        )
        == {}
    )


def test_british_numbers_are_checked_by_their_own_rule() -> None:
    valid = ["9434765919", "4010232137", "9434765870"]
    assert kinds(id=range(3), number=valid) == {}, "three are too few to tell"
    assert kinds(id=range(30), nhs_no=valid * 10) == {"nhs_no": "nhs_number"}


def born(ages: np.ndarray, name: str = "x", exact: bool = True) -> pd.DataFrame:
    days = RNG.integers(1, 28, len(ages))
    dates = [f"{2020 - age}-06-{day:02d}" if exact else str(2020 - age) for age, day in zip(ages, days, strict=True)]
    return pd.DataFrame({"id": range(len(ages)), "age": ages, name: dates})


def test_exact_birth_dates_are_known_by_name_or_by_the_ages_beside_them() -> None:
    ages = RNG.integers(20, 80, N)
    for name in ("geboortedatum", "birthDate", "DOB", "x"):
        assert [one.kind for one in find_identifiers(born(ages, name), "id")] == ["birth_date"]
    assert find_identifiers(born(ages, "geboortedatum", exact=False), "id") == [], "a year of birth is not exact"
    visits = born(np.full(N, 1)).assign(age=ages)
    assert find_identifiers(visits, "id") == [], "dates of visits"


def test_the_id_itself_must_not_be_a_national_number() -> None:
    found = find_identifiers(pd.DataFrame({"nr": numbers_that_pass(N)}), "nr")
    assert [(one.column, one.kind, one.why) for one in found] == [("nr", "bsn", "values")]
    assert find_identifiers(pd.DataFrame({"patientnummer": texts("P")}), "patientnummer") == []
    assert find_identifiers(pd.DataFrame({"nr": [f"0{612345678 + i}" for i in range(N)]}), "nr") == []


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"bsn": []}), pd.DataFrame({"bsn": [None, None]})])
def test_nothing_is_found_in_nothing(frame: pd.DataFrame) -> None:
    assert find_identifiers(frame) == []


def test_columns_of_one_name_and_names_that_are_no_text_are_read():
    frame = pd.DataFrame([["1", "a@b.nl", "x"]] * 20, columns=["id", 7, 7])
    assert {one.column for one in find_identifiers(frame, "id")} == {"7"}
