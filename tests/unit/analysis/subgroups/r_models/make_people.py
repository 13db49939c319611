"""Write people.csv: three overlapping groups in four invented markers, a yes/no and a three-way category, an outcome.

Run in this folder: python make_people.py
"""

import numpy as np
import pandas as pd

rng = np.random.default_rng(20)
group = rng.choice(3, size=450, p=[0.5, 0.3, 0.2])
centre = np.array([[0.0, 0.0, 0.0, 0.0], [2.6, 1.5, 0.0, 0.0], [0.5, -1.5, 3.0, 0.0]])
values = centre[group] + rng.standard_normal((450, 4)) @ np.linalg.cholesky(0.7 * np.eye(4) + 0.3).T
people = pd.DataFrame(values, columns=list("abcd"))
people["yes"] = (rng.random(450) < np.array([0.2, 0.5, 0.8])[group]).astype(int)
chance = np.array([[0.6, 0.3, 0.1], [0.2, 0.6, 0.2], [0.1, 0.3, 0.6]])[group]
people["kind"] = (rng.random((450, 1)) > chance.cumsum(axis=1)).sum(axis=1)
people["score"] = np.array([0.0, 1.0, 1.5])[group] + rng.standard_normal(450)
people.round(6).to_csv("people.csv", index=False, lineterminator="\n")
