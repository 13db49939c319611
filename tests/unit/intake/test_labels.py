"""Labels that are words of the codebook are meanings; all others need ``codes:``."""

from __future__ import annotations

import pytest

from cohort.codebook import load_codebook
from cohort.intake.labels import meanings_of_labels

VARIABLES = load_codebook().mappable


@pytest.mark.parametrize(
    ("variable", "labels", "expected"),
    [
        ("sex", {"0": " MALE", "1": "Female"}, {"0": "male", "1": "female"}),
        ("ancestry_group", {"3": "East Asian", "4": "South-Asian"}, {"3": "east_asian", "4": "south_asian"}),
        ("education", {"1": "laag", "2": "Middle"}, {"2": "middle"}),
        ("is_pregnant", {"0": "Yes", "1": "No"}, {"0": True, "1": False}),
        ("is_pregnant", {"1": "TRUE", "2": "False"}, {"1": True, "2": False}),
        ("is_pregnant", {"1": "Ja", "2": "Nee"}, {}),
        ("birth_year", {"1980": "male"}, {}),
    ],
)
def test_labels_are_compared_without_letter_case(
    variable: str, labels: dict[str, str], expected: dict[str, object]
) -> None:
    assert meanings_of_labels(labels, VARIABLES[variable]) == expected
