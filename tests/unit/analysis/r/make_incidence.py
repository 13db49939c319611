"""Write the invented data that R's values of incidence, sparse cells and families are pinned to.

Run in this folder: python make_incidence.py; writes intervals.csv, sparse.csv and siblings.csv.
"""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent


def intervals() -> pd.DataFrame:
    """Return (start, stop] rows of 300 people: late entry, exposure in time, ages in whole years with many ties."""
    rng = np.random.default_rng(20261124)
    n = 300
    exposed_ever = rng.random(n) < 0.45
    z = np.round(rng.normal(size=n), 3)
    female = (rng.random(n) < 0.55).astype(int)
    entry = np.round(rng.uniform(20, 50, n))
    onset = np.where(exposed_ever, entry + np.floor(rng.uniform(-8, 12, n)), np.inf)
    waiting = np.ceil(rng.exponential(16 * np.exp(-0.6 * exposed_ever - 0.3 * z - 0.2 * female)))
    leave = entry + np.ceil(rng.uniform(3, 25, n))
    stop = np.minimum(entry + waiting, leave)
    rows = []
    for i in range(n):
        ends = [entry[i], stop[i]] if not entry[i] < onset[i] < stop[i] else [entry[i], onset[i], stop[i]]
        for begin, end in itertools.pairwise(ends):
            happens = entry[i] + waiting[i] <= leave[i] and end == stop[i]
            rows.append((i, begin, end, int(happens), int(onset[i] <= begin), z[i], female[i]))
    table = pd.DataFrame(rows, columns=["id", "start", "stop", "event", "exposed", "z", "female"])
    table["family"] = table["id"] // 3
    table["stratum"] = table["id"] % 5
    table["psu"] = table["id"] % 40
    table["weight"] = np.round(0.5 + (table["id"] * 7 % 11) / 5, 2)
    return table


def sparse() -> pd.DataFrame:
    """Return 150 people of whom all eight exposed to x, and three of ten exposed to w, have the outcome."""
    rng = np.random.default_rng(8)
    n = 150
    table = pd.DataFrame({"x": (np.arange(n) < 8).astype(int), "w": (np.arange(n) % 15 == 14).astype(int)})
    table["z"] = np.round(rng.normal(size=n), 3)
    table["group"] = np.where(rng.random(n) < 0.5, "a", "b")
    table["y"] = (rng.random(n) < 1 / (1 + np.exp(1.6 - 0.5 * table["z"]))).astype(int)
    table.loc[table["x"] == 1, "y"] = 1
    table.loc[table["w"] == 1, "y"] = [1, 0, 0, 1, 0, 0, 0, 1, 0, 0]
    return table


def siblings() -> pd.DataFrame:
    """Return 700 sets of two to four siblings with a shared cause of exposure and outcome."""
    rng = np.random.default_rng(17)
    family = np.repeat(np.arange(700), rng.integers(2, 5, 700))
    n = len(family)
    shared = 1.2 * rng.normal(size=700)[family]
    table = pd.DataFrame({"family": family, "z": np.round(rng.normal(size=n), 3)})
    table["x"] = (rng.random(n) < 1 / (1 + np.exp(1 - shared))).astype(int)
    table["band"] = rng.integers(0, 6, n)
    odds = -1.2 + 0.5 * table["x"] + 0.3 * table["z"] + shared + 0.2 * (table["band"] - 3)
    table["y"] = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    return table


if __name__ == "__main__":
    for name, made in (("intervals", intervals()), ("sparse", sparse()), ("siblings", siblings())):
        made.to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")
