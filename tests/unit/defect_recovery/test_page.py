"""The page about cleaning says what the codebook says."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cohort.codebook import load_codebook
from cohort.defect_recovery.page import SCORE_TITLE, rules_page, score_page
from cohort.defect_recovery.scoring import Recovery


def test_the_stored_page_describes_the_rules_of_the_codebook(repository: Path) -> None:
    stored = (repository / "docs" / "cleaning.md").read_text(encoding="utf-8")
    assert SCORE_TITLE in stored
    rules = stored[: stored.index(SCORE_TITLE)]
    assert rules.strip() == rules_page(load_codebook()).strip(), "run scripts/score_cleaning.py --rules"


def test_the_example_of_the_page_is_a_sound_study_file(tmp_path: Path) -> None:
    from cohort.study_file import load_study_file

    page = rules_page(load_codebook())
    example = page.split("```yaml\n")[1].split("```")[0]
    start = "cohort_study: 1\nname: x\ntitle: X\nid: id\nfiles: {a: {path: a.csv}}\n"
    (tmp_path / "study.yaml").write_text(start + example, encoding="utf-8")
    study = load_study_file(tmp_path / "study.yaml", load_codebook())
    assert set(study.rules) == {"range_plausible", "unit_by_site", "age_against_birth_year", "range_hard"}


def test_the_score_names_every_kind_and_the_share_of_spoilt_cells() -> None:
    planted = pd.DataFrame(
        {"kind": ["blank_id", "sentinel"], "outcome": ["set_missing", "missed"], "detectable": [True, False]}
    )
    page = score_page([(1001, Recovery(planted, 1000, 2, pd.DataFrame()))], people=10, real="On real data: nothing.")
    assert "**Of the detectable kinds 1 of 1 defects were caught" in page
    assert "(0.2000%)" in page
    assert "| sentinel | no | 1 | 0 | 0 | 0 | 0 | 0 | 1 | 0.0%" in page
    assert "- sentinel: a number such as 99 may be true" in page
    assert "On real data: nothing." in page
