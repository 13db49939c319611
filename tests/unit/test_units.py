"""Units are read as laboratories spell them, and refused where they have two meanings or no common scale."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort.codebook import load_codebook
from cohort.errors import CohortError
from cohort.units import UnitError, convert_factor, parse_unit


@pytest.mark.parametrize(
    ("unit", "wanted", "factor"),
    [
        ("mg/dL", "mg/L", 10),
        ("mg/dl", "mg/L", 10),
        ("MG/DL", "mg/L", 10),
        ("Mg/dL", "mg/L", 10),
        ("mg / 100 mL", "mg/L", 10),
        ("mg%", "mg/L", 10),
        ("mg per dL", "mg/L", 10),
        ("ug/mL", "mg/L", 1),
        ("mcg/mL", "mg/L", 1),
        ("µg/ml", "mg/L", 1),
        ("μg/ml", "mg/L", 1),
        ("ng/L", "pg/mL", 1),
        ("G/DL", "g/L", 10),
        ("uM", "umol/L", 1),
        ("mM", "umol/L", 1000),
        ("kAU/L", "AU/mL", 1),
        ("[arb'U]/mL", "AU/mL", 1),
        ("lb/in2", "kg/m^2", 703.06957963916),
        ("kg/m²", "kg/m^2", 1),
        ("kg m-2", "kg/m^2", 1),
        ("months", "year", 1 / 12),
        ("MET-min/wk", "MET*hour/week", 1 / 60),
        ("MET·h/week", "MET*hour/week", 1),
        ("%", "ratio", 0.01),
        ("SD", "SD", 1),
        ("points", "points", 1),
        ("count", "count", 1),
    ],
)
def test_spellings_of_laboratories_are_understood(unit: str, wanted: str, factor: float) -> None:
    assert convert_factor(unit, wanted) == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        *[
            (unit, 1)
            for unit in ("10^9/L", "x10E9/L", "10e9/l", "1e9/L", "10**9/L", "10*9/L", "×10⁹/L", "10⁹/L", "Gpt/L")
        ],
        *[
            (unit, 1)
            for unit in ("10*3/uL", "10^3/µL", "K/uL", "1000 cells/uL", "1,000/uL", "10^3 cells/uL", "thou/uL")
        ],
        *[(unit, 0.001) for unit in ("cells/uL", "/uL", "{cells}/uL", "cells/mm3", "10^6/L")],
        ("10^6/mL", 1),
    ],
)
def test_cell_counts_are_understood(unit: str, factor: float) -> None:
    assert convert_factor(unit, "10^9/L") == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        *[(f"nmol/{ten}", 1) for ten in ("10^9", "10E9", "1e9", "10*9{platelets}", "10⁹ platelets", "10^9 PLT")],
        ("nmol per 10^9 platelets", 1),
        ("pmol/10^6 platelets", 1),
        ("nmol/10^11 platelets", 0.01),
        ("ug/10^9 platelets", 1000 / 176.22),
        ("ng/10^9 cells", 1 / 176.22),
    ],
)
def test_an_amount_per_number_of_platelets_is_understood(unit: str, factor: float) -> None:
    assert convert_factor(unit, "nmol/10^9", 176.22) == pytest.approx(factor, rel=1e-12)


def test_mass_and_moles_need_the_molar_mass() -> None:
    assert convert_factor("ug/mL", "umol/L", 204.23) == pytest.approx(1000 / 204.23)
    assert convert_factor("umol/L", "ug/mL", 204.23) == pytest.approx(204.23 / 1000)
    with pytest.raises(UnitError, match="the codebook has no molar mass"):
        convert_factor("ug/mL", "umol/L")


@pytest.mark.parametrize(
    ("unit", "wanted", "said"),
    [
        ("G/L", "10^9/L", "two meanings"),
        ("G/L", "g/L", "two meanings"),
        ("MM", "umol/L", "two meanings"),
        ("ln(mg/L)", "mg/L", "logarithm"),
        ("mg/L", "ln(mg/L)", "logarithm"),
        ("log10 mg/L", "mg/L", "logarithm"),
        ("IU/mL", "AU/mL", "no common scale"),
        ("kg", "mg/L", "measure different things"),
        ("nmol/L", "nmol/10^9", "measure different things"),
        ("nmol/platelets", "nmol/10^9", "not known"),
        ("nmol/10^9 platelets platelets", "nmol/10^9", "not known"),
        ("nmol/10^9 K", "nmol/10^9", "measure different things"),
        ("mm", "umol/L", "measure different things"),
        ("degC", "mg/L", "measure different things"),
        ("mg/LL", "mg/L", "Did you mean 'mg/L'?"),
        ("mg//L", "mg/L", "not known"),
        ("0 mg/L", "mg/L", "not known"),
        ("/0", "mg/L", "not known"),
        ("mg^99/L", "mg/L", "not known"),
        ("", "mg/L", "the unit is empty"),
        ("m" * 50, "mg/L", "never that long"),
        ("__import__('os')", "mg/L", "not known"),
    ],
)
def test_units_without_a_factor_are_refused_with_the_reason(unit: str, wanted: str, said: str) -> None:
    with pytest.raises(UnitError, match="unit '") as caught:
        convert_factor(unit, wanted)
    assert said in str(caught.value)
    assert isinstance(caught.value, CohortError)
    assert caught.value.what


def test_arithmetic_in_a_unit_is_never_carried_out() -> None:
    with pytest.raises(UnitError):
        convert_factor("9**9**9**9**9", "mg/L")


def test_every_unit_of_the_codebook_converts_to_itself() -> None:
    codebook = load_codebook()
    units = {analyte.unit for analyte in codebook.analytes.values()}
    units |= {variable.unit for variable in codebook.mappable.values() if variable.unit}
    assert {unit: convert_factor(unit, unit) for unit in units} == dict.fromkeys(units, 1.0)


@settings(max_examples=100, deadline=None, database=None)
@given(st.text(alphabet="mgdLlukKcIUAnpM/%10^*9 .-xeE({cells})²µ", max_size=14))
def test_any_text_is_a_unit_or_refused(text: str) -> None:
    with contextlib.suppress(UnitError):
        assert 0 < parse_unit(text).scale < float("inf")
