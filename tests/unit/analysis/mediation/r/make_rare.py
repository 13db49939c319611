"""Write rare.csv, invented people of whom few are ill, for valeri_vanderweele.R and the tests: python make_rare.py."""

from pathlib import Path

import numpy as np
import pandas as pd

rng = np.random.default_rng(20261125)
n = 4000
age = rng.uniform(20, 70, n).round()
abused = rng.random(n) < 0.4
bmi = (25 + 2.0 * abused + 0.03 * age + 3 * rng.normal(size=n)).round(1)
logit = -4.6 + 0.4 * abused + 0.10 * (bmi - 26) + 0.03 * abused * (bmi - 26) + 0.01 * (age - 45)
ill = rng.random(n) < 1 / (1 + np.exp(-logit))
people = pd.DataFrame({"age": age.astype(int), "abused": abused.astype(int), "bmi": bmi, "ill": ill.astype(int)})
people.to_csv(Path(__file__).with_name("rare.csv"), index=False, lineterminator="\n")
