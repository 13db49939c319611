"""Write mediation.csv, invented people that mediation.R and the tests read: python make_mediation.py."""

from pathlib import Path

import numpy as np
import pandas as pd

rng = np.random.default_rng(20261124)
n = 400
age = rng.uniform(20, 70, n).round()
abused = rng.random(n) < 0.4
smoker = rng.random(n) < 1 / (1 + np.exp(0.8 - 0.8 * abused))
current = smoker & (rng.random(n) < 0.6)
bmi = (25 + 1.5 * abused + 0.8 * smoker + 0.03 * age + 3 * rng.normal(size=n)).round(1)
crp = (0.3 * abused + 0.06 * (bmi - 26) + 0.2 * current + 0.01 * age + 0.8 * rng.normal(size=n)).round(3)
logit = -1.2 + 0.5 * abused + 0.08 * (bmi - 26) + 0.3 * smoker + 0.04 * abused * (bmi - 26)
depressed = rng.random(n) < 1 / (1 + np.exp(-logit))
people = pd.DataFrame(
    {
        "age": age.astype(int),
        "abused": abused.astype(int),
        "smoking": np.where(current, "current", np.where(smoker, "former", "never")),
        "smoker": smoker.astype(int),
        "bmi": bmi,
        "obese": (bmi >= 28).astype(int),
        "crp": crp,
        "depressed": depressed.astype(int),
    }
)
people.to_csv(Path(__file__).with_name("mediation.csv"), index=False, lineterminator="\n")
