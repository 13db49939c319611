"""Write people.csv, the simulated survey that pins.R and the tests read: ``python make_people.py``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def people(seed: int = 20240229) -> pd.DataFrame:
    """Return a survey of 8 strata with 2 to 5 PSUs each, correlated within PSUs, with missing values and a domain."""
    rng = np.random.default_rng(seed)
    rows = []
    for stratum in range(8):
        for psu in range(2 + stratum % 4):
            size = int(rng.integers(28, 48))
            shift = rng.normal(0, 0.4)
            age = rng.integers(15, 80, size)
            female = rng.random(size) < 0.52
            smoking = rng.choice(["never", "former", "current"], size, p=[0.55, 0.25, 0.2])
            bmi = np.round(26 + 0.04 * (age - 48) + rng.normal(shift, 4.5, size), 1)
            ra = rng.random(size) < 1 / (1 + np.exp(2.2 - 0.02 * (age - 48) - 0.5 * female))
            infection = rng.random(size) < 0.25
            logit = -2.1 + 0.6 * ra + 0.4 * female + 0.3 * infection + 0.35 * ra * infection + 0.04 * (bmi - 26)
            ill = rng.random(size) < 1 / (1 + np.exp(-logit - shift))
            ln_crp = 0.3 + 0.07 * (bmi - 26) + 0.2 * ra + rng.normal(shift / 3, 1, size)
            rows.append(
                pd.DataFrame({
                    "stratum": stratum + 1, "psu": psu + 1, "weight": np.round(rng.gamma(3, 400, size), 2),
                    "age": age, "female": female.astype(int), "smoking": smoking, "bmi": bmi, "ra": ra.astype(int),
                    "infection": infection.astype(int), "ill": ill.astype(int), "ln_crp": np.round(ln_crp, 3),
                })
            )  # fmt: skip
    table = pd.concat(rows, ignore_index=True)
    for column, share in {"ill": 0.04, "bmi": 0.05, "ra": 0.02, "ln_crp": 0.06}.items():
        table[column] = table[column].mask(rng.random(len(table)) < share)
    table["weight"] = table["weight"].mask(rng.random(len(table)) < 0.03, 0.0)
    for column in ("ill", "ra"):
        table[column] = table[column].astype("Int64")
    # Other strata, in which one is left with a single PSU; the other PSU of its stratum joins the second.
    first = table["stratum"] == 1
    table["lone_stratum"] = np.select([first & (table["psu"] == 1), first], [99, 12], table["stratum"] + 10)
    table["lone_psu"] = table["stratum"] * 10 + table["psu"]
    return table


if __name__ == "__main__":
    people().to_csv(Path(__file__).with_name("people.csv"), index=False, lineterminator="\n", encoding="utf-8")
