"""Write docs/cleaning.md: python scripts/score_cleaning.py [--rules] [--nhanes FOLDER].

With --rules only the description of the rules is written and the stored score is kept.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from cohort.codebook import load_codebook
from cohort.defect_recovery import PEOPLE, SEEDS, by_kind, recover, simulate_pair
from cohort.defect_recovery.page import SCORE_TITLE, rules_page, score_page
from cohort.defect_recovery.studies import changes_by_cleaning
from cohort.output import write_text

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "cleaning.md"


def main() -> None:
    """Score cleaning on the fixed seeds and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", action="store_true", help="write the rules alone and keep the score")
    parser.add_argument("--nhanes", type=Path, help="folder of the NHANES files, to count what cleaning changes there")
    parser.add_argument("--defects", choices=["all", "default"], default="all")
    asked = parser.parse_args()
    codebook = load_codebook()
    if asked.rules:
        stored = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        score = stored[stored.index(SCORE_TITLE) :] if SCORE_TITLE in stored else ""
    else:
        results = []
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                dirty, twin = simulate_pair(Path(folder), seed, kinds=asked.defects)
                results.append((seed, recover(dirty, twin, codebook)))
            print(f"seed {seed}\n{by_kind(results[-1][1].planted).to_string()}\n")
        real = ""
        if asked.nhanes is not None:
            study = ROOT / "data_schema" / "studies" / "nhanes-2017-2020.yaml"
            cells, changed, flagged = changes_by_cleaning(study, asked.nhanes, codebook)
            real = (
                "On NHANES 2017 to March 2020, which its makers have cleaned, the rules changed "
                f"{changed:,} of {cells:,} cells and flagged {flagged:,}."
            )
        score = score_page(results, people=PEOPLE, real=real)
        print(score)
    write_text(PAGE, f"{rules_page(codebook)}\n{score}")


if __name__ == "__main__":
    main()
