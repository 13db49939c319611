"""The claims of the codebook are complete, in our own words, and those of the catalogue."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from cohort.codebook import Claim, Codebook, load_codebook

DIRECTIONS = {"above", "below", "different", "none"}
FAMILIES = {
    "H1 comorbidity": "comorbidity",
    "H2 immune subgroups": "immune_subgroups",
    "H3 trauma & infection": "trauma_infection",
    "H4 serotonin-tryptophan": "serotonin_tryptophan",
    "H5 gut microbiome": "gut_microbiome",
    "H6 treatment & lifestyle": "treatment_lifestyle",
    "not testable with cohort data": "not_testable",
}
NOTEBOOKS = {"01_autoimmunity_and_depression", "02_crp_subgroups", "03_trauma_and_infection"}


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return load_codebook()


@pytest.fixture(scope="module")
def catalogue(repository: Path) -> list[dict[str, str]]:
    path = repository.parent / "shared" / "science" / "claims.csv"
    if not path.is_file():
        pytest.skip("the catalogue of claims lies outside the repository and is not here")
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("claim", load_codebook().claims.values(), ids=lambda claim: claim.id)
def test_a_claim_is_complete_and_needs_only_known_variables(claim: Claim) -> None:
    assert re.fullmatch(r"(IP|SL|SD)-\d{2}", claim.id)
    for words in (claim.text, claim.estimand, claim.evidence, claim.not_tested or "None."):
        assert re.fullmatch(r"[A-Z0-9].*[^\s.]\.", words), f"no sentence: {words}"
    assert claim.direction in DIRECTIONS
    assert claim.family in FAMILIES.values()
    assert (claim.notebook is None) != (claim.not_tested is None), "a notebook or a reason, never both, never neither"
    assert claim.notebook is None or claim.notebook in NOTEBOOKS
    known = {name for table in load_codebook().tables.values() for name in table}
    assert set(claim.variables) <= known
    assert len(set(claim.variables)) == len(claim.variables)
    assert claim.variables or claim.not_tested, "a tested claim names what it needs"


def test_there_are_152_claims_and_the_agreed_ones_are_tested(codebook: Codebook) -> None:
    assert len(codebook.claims) == 152
    tested: dict[str, set[str]] = {name: set() for name in NOTEBOOKS}
    for claim in codebook.claims.values():
        if claim.notebook:
            tested[claim.notebook].add(claim.id)
    assert tested["01_autoimmunity_and_depression"] == {"IP-09", "IP-10", "IP-11", "IP-12", "SL-19"}
    assert tested["02_crp_subgroups"] == {"IP-01", "IP-24", "IP-40", "IP-44"}
    assert tested["03_trauma_and_infection"] == {
        "IP-17", "IP-18", "IP-19", "IP-21", "IP-26", "IP-30", "SL-03", "SL-12",
    }  # fmt: skip


def test_the_threefold_claims_carry_their_number(codebook: Codebook) -> None:
    assert {c.id for c in codebook.claims.values() if c.number == 3.0} == {"IP-10", "IP-11", "IP-12", "IP-13"}
    assert codebook.claims["IP-24"].number == 0.5


def test_claims_are_those_of_the_catalogue(codebook: Codebook, catalogue: list[dict[str, str]]) -> None:
    assert list(codebook.claims) == [row["claim_id"] for row in catalogue]
    for row in catalogue:
        claim = codebook.claims[row["claim_id"]]
        assert claim.family == FAMILIES[row["hypothesis_family"]], claim.id
        stated = re.match(r"[\d.]+", row["number_stated"])
        assert claim.number == (float(stated.group()) if stated else None), claim.id


def test_no_claim_quotes_the_articles(codebook: Codebook, catalogue: list[dict[str, str]]) -> None:
    def plain(text: str) -> str:
        return f" {re.sub(r'[^a-z0-9]+', ' ', text.casefold()).strip()} "

    ours = {
        c.id: plain(" ".join((c.text, c.estimand, c.evidence, c.not_tested or ""))) for c in codebook.claims.values()
    }
    quotes = [plain(row["quote_nl"]) for row in catalogue]
    assert all(quote.strip() for quote in quotes)
    assert [(name, quote) for name, text in ours.items() for quote in quotes if quote in text] == []


def test_the_numbers_of_the_evidence_stand_in_the_catalogue(
    codebook: Codebook, catalogue: list[dict[str, str]]
) -> None:
    def numbers(text: str) -> set[float]:
        without_ids = re.sub(r"\b(IP|SL|SD)-\d\d\b", "", text)
        return {float(number) for number in re.findall(r"\d*\.?\d+", re.sub(r"(?<=\d),(?=\d{3})", "", without_ids))}

    years = {float(year) for year in range(1990, 2030)}  # those of citations; the next test looks at them
    for row in catalogue:
        missing = numbers(codebook.claims[row["claim_id"]].evidence) - numbers(" ".join(row.values())) - years
        assert not missing, (row["claim_id"], missing)


def test_the_studies_cited_stand_in_the_catalogue(codebook: Codebook, catalogue: list[dict[str, str]]) -> None:
    notes = " ".join(row["note"] for row in catalogue).replace("&", "and")
    cited = {
        citation
        for claim in codebook.claims.values()
        for citation in re.findall(r"[A-Z][A-Za-z-]+(?: and [A-Z][a-z]+)? (?:19|20)\d\d", claim.evidence)
    }
    assert len(cited) > 40
    assert {citation for citation in cited if citation not in notes} == set()
