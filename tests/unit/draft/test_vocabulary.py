"""The vocabulary that ships covers the codebook and can be read as it is meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from cohort.codebook import Codebook
from cohort.draft import DraftVocabulary
from cohort.draft.laboratory import factor
from cohort.draft.vocabulary import read_vocabulary
from cohort.errors import CodebookError
from cohort.shipped import shipped_folder


def test_everything_that_a_study_can_map_has_a_name_in_the_vocabulary(
    codebook: Codebook, vocabulary: DraftVocabulary
) -> None:
    assert vocabulary.targets["variables"].keys() == codebook.mappable.keys()
    assert vocabulary.targets["analytes"].keys() == codebook.analytes.keys()
    assert vocabulary.targets["diseases"].keys() == codebook.diseases.keys()
    assert vocabulary.targets["drugs"].keys() == codebook.drugs.keys()
    assert vocabulary.targets["instruments"].keys() == codebook.instruments.keys()


def test_codes_of_a_target_are_its_categories(codebook: Codebook, vocabulary: DraftVocabulary) -> None:
    for name, target in vocabulary.targets["variables"].items():
        if codebook.mappable[name].categories:
            assert set(target.codes) == set(codebook.mappable[name].categories), name
    assert set(vocabulary.role("exit_reason").codes) == set(codebook.tables["follow_up"]["exit_reason"].categories)
    assert set(vocabulary.role("relation_kind").codes) == set(codebook.tables["relations"]["kind"].categories)


def test_instruments_have_the_number_of_items_of_the_codebook(codebook: Codebook, vocabulary: DraftVocabulary) -> None:
    for name, target in vocabulary.targets["instruments"].items():
        assert target.number == codebook.instruments[name].items, name


def test_units_convert_and_usual_medians_are_plausible(codebook: Codebook, vocabulary: DraftVocabulary) -> None:
    for name, target in vocabulary.targets["analytes"].items():
        analyte = codebook.analytes[name]
        assert all(factor(unit, analyte) for unit in target.units), name
        assert target.typical_median is not None
        low, high = target.typical_median
        assert analyte.plausible[0] <= low < high <= analyte.plausible[1], name


def test_a_usual_share_never_fits_both_readings_of_two_codes(vocabulary: DraftVocabulary) -> None:
    for section in vocabulary.targets.values():
        for target in section.values():
            assert target.usual_share is None or 0 < target.usual_share[0] < target.usual_share[1] < 0.5, target.name


def test_a_form_of_a_word_is_one_piece_and_belongs_to_one_word() -> None:
    data = yaml.safe_load((shipped_folder("data_schema") / "vocabulary.yaml").read_text(encoding="utf-8"))
    seen: dict[str, str] = {}
    for word, forms in data["words"].items():
        for form in forms:
            assert isinstance(form, str), (word, form)
            assert re.fullmatch(r"[\w’'é]+", form), (word, form)
            assert "_" not in form, (word, form)
            assert seen.setdefault(form, word) == word, (form, word, seen[form])


def test_every_threshold_and_usual_median_names_its_source() -> None:
    data = yaml.safe_load((shipped_folder("data_schema") / "vocabulary.yaml").read_text(encoding="utf-8"))
    assert all(spec["source"] for spec in data["scoring"].values())
    assert all(spec["source"] for spec in data["analytes"].values())


def test_a_broken_vocabulary_is_told_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.yaml"
    path.write_text("words: []\n", encoding="utf-8")
    with pytest.raises(CodebookError, match=r"'vocabulary\.yaml' cannot be read"):
        read_vocabulary(path)
