"""Write docs/traps.md, the table of naive, true and right estimates: python scripts/write_traps.py [WORKERS]."""

from __future__ import annotations

import sys
from pathlib import Path

from cohort.output import write_text
from cohort.traps import as_markdown, trap_table

PEOPLE = 200_000
SEED = 1

if __name__ == "__main__":
    table = trap_table(PEOPLE, SEED, workers=int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    page = as_markdown(table, n=PEOPLE, seed=SEED, command="python scripts/write_traps.py")
    write_text(Path(__file__).resolve().parent.parent / "docs" / "traps.md", page)
    shown = ["scenario_id", "naive_estimate", "truth", "right_estimate", "naive_misses", "right_holds"]
    print(table[shown].to_string())
