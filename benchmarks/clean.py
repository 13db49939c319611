"""Cleaning a large cohort, beside a hand-written pandas script of the same mapping and range checks, and pandera alone.

Run with ``OMP_NUM_THREADS=1 python benchmarks/clean.py`` (1e6 people × 60 columns; ``--people`` for fewer). Each way
runs in a process of its own on the same CSV file: wall time, processor time and peak memory. Ratios, not seconds:
machines differ. Never a test.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

PHQ = [f"phq_{i}" for i in range(1, 10)]
CTQ = [f"ctq_{i}" for i in range(1, 29)]
LABS = {
    "crp": ("mg/dL", 0.1, 0.3),
    "il6": ("pg/mL", 2.0, 0.6),
    "tnf_alpha": ("pg/mL", 3.0, 0.5),
    "leukocytes": ("10^9/L", 7.0, 0.25),
    "neutrophils": ("10^9/L", 4.0, 0.3),
    "lymphocytes": ("10^9/L", 2.0, 0.3),
    "monocytes": ("10^9/L", 0.5, 0.3),
    "platelets": ("10^9/L", 250.0, 0.2),
    "cortisol": ("nmol/L", 350.0, 0.3),
    "igg": ("g/L", 11.0, 0.2),
}
DISEASES = ("rheumatoid_arthritis", "psoriasis", "multiple_sclerosis", "type_1_diabetes", "autoimmune_thyroid_disease")
CODES = {"sex": {1: "male", 2: "female"}, "education": {1: "low", 2: "middle", 3: "high"},
         "smoking": {1: "never", 2: "former", 3: "current"}}  # fmt: skip


def write_file(path: Path, people: int, seed: int = 1) -> None:
    """Write a CSV file of one row per person and 60 columns: codes, numbers, blanks, sentinels, impossible values."""
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {"id": [f"P{number:08d}" for number in range(people)]}
    columns["sex"] = rng.choice([1, 2], people)
    columns["education"] = rng.choice([1, 2, 3, 9], people, p=[0.3, 0.4, 0.28, 0.02])
    columns["smoking"] = rng.choice([1, 2, 3, 9], people, p=[0.5, 0.25, 0.23, 0.02])
    columns["birth_year"] = rng.integers(1940, 2003, people)
    columns["age"] = 2022 - np.asarray(columns["birth_year"])
    bmi = np.round(rng.lognormal(3.27, 0.18, people), 1)
    bmi[rng.random(people) < 0.004] *= 10
    columns["bmi"] = np.where(rng.random(people) < 0.02, 999, bmi)
    for name in PHQ:
        columns[name] = _blanks(rng, rng.choice([0, 1, 2, 3, 9], people, p=[0.6, 0.22, 0.1, 0.07, 0.01]))
    for name in CTQ:
        columns[name] = _blanks(rng, rng.choice([1, 2, 3, 4, 5], people, p=[0.6, 0.2, 0.1, 0.06, 0.04]))
    for name, (_, median, spread) in LABS.items():
        columns[name] = _blanks(rng, np.round(median * np.exp(rng.normal(0, spread, people)), 3))
    for name in DISEASES:
        columns[name] = rng.choice([1, 2, 9], people, p=[0.03, 0.95, 0.02])
    columns["seen"] = rng.choice(["2022-03-01", "2022-04-01", "2022-05-12"], people)
    frame = pd.DataFrame(columns)
    if frame.shape[1] != 60:
        raise SystemExit(f"the file has {frame.shape[1]} columns")
    frame.to_csv(path, index=False)


def _blanks(rng: np.random.Generator, values: np.ndarray) -> pd.Series:
    return pd.Series(values).mask(rng.random(len(values)) < 0.03)


def write_study(folder: Path) -> Path:
    """Write the study.yaml of the file."""
    def source(column: str, more: str = "") -> str:
        return f"{{file: all, column: {column}{more}}}"

    codes = {name: ", ".join(f"{code}: {word}" for code, word in words.items()) for name, words in CODES.items()}
    lines = ["cohort_study: 1", "name: benchmark", "title: Benchmark", "synthetic: true", "id: id"]
    lines += ["files: {all: {path: all.csv}}", "variables:"]
    lines += [f"  {name}: {source(name, f', codes: {{{codes[name]}}}, missing: {{9: refused}}')}" for name in CODES]
    lines += [f"  birth_year: {source('birth_year')}", f"  age_years: {source('age')}"]
    lines += [f"  bmi_kg_m2: {source('bmi', ', missing: {999: not measured}')}", f"  visit_date: {source('seen')}"]
    lines += ["instruments:", f"  phq9: {{file: all, items: [{', '.join(PHQ)}], missing: {{9: refused}}}}"]
    lines += [f"  ctq_sf: {{file: all, items: [{', '.join(CTQ)}]}}", "labs:"]
    lines += [f"  {name}: {source(name, f', unit: {unit}')}" for name, (unit, _, _) in LABS.items()]
    lines += ["diagnoses:"]
    lines += [f"  {name}: {{file: all, present: {{{name}: [1]}}, absent: {{{name}: [2]}}}}" for name in DISEASES]
    path = folder / "study.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def by_hand(folder: Path) -> None:
    """Read, map and check the file as an analyst's own script would, and write the result."""
    frame = pd.read_csv(folder / "all.csv", dtype={"id": "str"}, parse_dates=["seen"])
    counts: dict[str, int] = {}
    frame = frame.rename(columns={"age": "age_years", "bmi": "bmi_kg_m2", "seen": "visit_date"})
    for name, words in CODES.items():
        known = frame[name].map(words)
        counts[name] = int(known.isna().sum())
        frame[name] = known.astype(pd.CategoricalDtype(list(words.values())))
    frame["bmi_kg_m2"] = frame["bmi_kg_m2"].mask(frame["bmi_kg_m2"] == 999)
    for name in PHQ:
        frame[name] = frame[name].mask(frame[name] == 9)
    for name in DISEASES:
        frame[name] = frame[name].map({1: True, 2: False}).astype("boolean")
    for name, (unit, _, _) in LABS.items():
        if unit == "mg/dL":
            frame[name] = frame[name] * 10
    limits = {"age_years": (0, 120), "birth_year": (1880, 2030), "bmi_kg_m2": (8, 120)}
    limits |= dict.fromkeys(PHQ, (0, 3)) | dict.fromkeys(CTQ, (1, 5)) | dict.fromkeys(LABS, (0, 10_000))
    for name, (low, high) in limits.items():
        outside = (frame[name] < low) | (frame[name] > high)
        counts[name] = int(outside.sum())
        frame[name] = frame[name].mask(outside)
    for name in (*PHQ, *CTQ):
        frame[name] = frame[name].astype("Int64")
    if frame["id"].duplicated().any():
        raise SystemExit("ids are not unique")
    frame.to_parquet(folder / "by_hand.parquet", index=False)
    (folder / "by_hand.json").write_text(json.dumps(counts), encoding="utf-8")
