"""Write stepmix.json: latent classes of numbers and categories, and BCH means, of the independent stepmix package.

stepmix 3.0.0 (MIT) with scikit-learn 1.9.1; it is no dependency of this package, since it also wants tqdm.
Run in this folder, with stepmix installed: python stepmix_pins.py
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from stepmix.stepmix import StepMix

people = pd.read_csv("people.csv")
mixed = people[["c", "yes", "kind"]]
measurement = {
    "number": {"model": "gaussian_diag", "n_columns": 1},
    "yes": {"model": "categorical", "n_columns": 1},
    "kind": {"model": "categorical", "n_columns": 1},
}
common = {"n_init": 20, "random_state": 1, "max_iter": 5000, "abs_tol": 1e-12, "rel_tol": 0, "progress_bar": 0}
model = StepMix(n_components=2, measurement=measurement, **common).fit(mixed)
profile = StepMix(
    n_components=3,
    measurement="gaussian_diag",
    n_steps=3,
    correction="BCH",
    assignment="modal",
    structural="gaussian_unit",
    **common,
)
profile.fit(people[["a", "b", "c"]], people[["score"]])
order = np.argsort(profile.get_parameters()["measurement"]["means"][:, 0])
pins = {
    "mixed_log_likelihood": float(model.score(mixed) * len(mixed)),
    "mixed_weights": sorted(np.asarray(model.weights_).ravel().tolist()),
    "bch_means": np.asarray(profile.get_parameters()["structural"]["means"])[order, 0].tolist(),
    "posterior": np.asarray(profile.predict_proba(people[["a", "b", "c"]]))[:, order].round(9).tolist(),
}
Path("stepmix.json").write_text(json.dumps(pins) + "\n", encoding="utf-8", newline="\n")
