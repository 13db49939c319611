"""Write completed.csv beside this file, five imputed tables for pins.R to pool: ``python make_completed.py``.

The numbers come from numpy alone, so that a change of our imputation cannot move them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

if __name__ == "__main__":
    rng = np.random.default_rng(20261124)
    n = 80
    z = rng.normal(size=n)
    x = 0.5 * z + rng.normal(size=n)
    y = 0.4 * x + 0.3 * z + rng.normal(size=n)
    ill = (rng.random(n) < 1 / (1 + np.exp(0.5 - 0.8 * x))).astype(int)
    missing = rng.random(n) < 0.3
    parts = []
    for number in range(1, 6):
        filled = np.where(missing, 0.45 * z + 0.2 * y + rng.normal(size=n), x)
        parts.append(pd.DataFrame({"imputation": number, "y": y, "ill": ill, "x": filled, "z": z}))
    path = Path(__file__).with_name("completed.csv")
    pd.concat(parts).to_csv(path, index=False, float_format="%.10f", lineterminator="\n")
