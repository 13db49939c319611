"""Draw the committed demo cohort anew: python scripts/draw_demo.py."""

from __future__ import annotations

from pathlib import Path

from cohort.synthetic import draw_demo

if __name__ == "__main__":
    target = Path(__file__).resolve().parent.parent / "synthetic_data" / "demo"
    draw_demo(target)
    for path in sorted(target.rglob("*")):
        if path.is_file():
            print(f"{path.relative_to(target).as_posix():24} {path.stat().st_size:>9,} bytes")
