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


NARROW = ("id", "sex", "smoking", "birth_year", "age", "bmi", "crp", "il6", "leukocytes", "psoriasis")
"""The ten columns of the file with ``--narrow``, on which the memory of blocks is measured."""


def write_file(path: Path, people: int, seed: int = 1, *, narrow: bool = False) -> None:
    """Write a CSV file of one row per person and 60 columns: codes, numbers, blanks, sentinels, impossible values."""
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {"id": [f"P{seed:03d}{number:07d}" for number in range(people)]}
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
    frame[list(NARROW) if narrow else list(frame)].to_csv(path, index=False, mode="a", header=seed == 1)


def _blanks(rng: np.random.Generator, values: np.ndarray) -> pd.Series:
    return pd.Series(values).mask(rng.random(len(values)) < 0.03)


def write_study(folder: Path, *, narrow: bool = False) -> Path:
    """Write the study.yaml of the file."""
    if narrow:
        study = """cohort_study: 1
name: narrow
title: Narrow
synthetic: true
id: id
files: {all: {path: all.csv}}
variables:
  sex: {file: all, column: sex, codes: {1: male, 2: female}}
  smoking: {file: all, column: smoking, codes: {1: never, 2: former, 3: current}, missing: {9: refused}}
  birth_year: {file: all, column: birth_year}
  age_years: {file: all, column: age}
  bmi_kg_m2: {file: all, column: bmi, missing: {999: not measured}}
labs:
  crp: {file: all, column: crp, unit: mg/dL}
  il6: {file: all, column: il6, unit: pg/mL}
  leukocytes: {file: all, column: leukocytes, unit: 10^9/L}
diagnoses:
  psoriasis: {file: all, present: {psoriasis: [1]}, absent: {psoriasis: [2]}}
"""
        path = folder / "study.yaml"
        path.write_text(study, encoding="utf-8")
        return path

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


def by_hand_long(folder: Path) -> None:
    """Do the same and also write the long tables that a cohort is kept in: results, diagnoses, visits, people."""
    frame = pd.read_csv(folder / "all.csv", dtype={"id": "str"}, parse_dates=["seen"])
    for name, words in CODES.items():
        frame[name] = frame[name].map(words).astype(pd.CategoricalDtype(list(words.values())))
    frame["bmi"] = frame["bmi"].mask(frame["bmi"] == 999)
    frame[PHQ] = frame[PHQ].mask(frame[PHQ] == 9)
    frame["crp"] *= 10
    limits = {"age": (0, 120), "birth_year": (1880, 2030), "bmi": (8, 120)}
    limits |= dict.fromkeys(PHQ, (0, 3)) | dict.fromkeys(CTQ, (1, 5)) | dict.fromkeys(LABS, (0, 10_000))
    for name, (low, high) in limits.items():
        frame[name] = frame[name].mask((frame[name] < low) | (frame[name] > high))
    if frame["id"].duplicated().any():
        raise SystemExit("ids are not unique")
    labs = frame.melt("id", list(LABS), var_name="analyte").dropna(subset="value")
    labs["unit"] = labs["analyte"].map({name: unit for name, (unit, _, _) in LABS.items()})
    diagnoses = frame.melt("id", list(DISEASES), var_name="disease", value_name="status")
    diagnoses["status"] = diagnoses["status"].map({1: "present", 2: "absent", 9: "unknown"})
    items = frame[["id", "age", "bmi", "smoking", "seen", *PHQ, *CTQ]]
    items = items.astype(dict.fromkeys((*PHQ, *CTQ), "Int64"))
    labs.to_parquet(folder / "by_hand_labs.parquet", index=False)
    diagnoses.to_parquet(folder / "by_hand_diagnoses.parquet", index=False)
    items.to_parquet(folder / "by_hand_visits.parquet", index=False)
    frame[["id", "sex", "education", "birth_year"]].to_parquet(folder / "by_hand_people.parquet", index=False)


def by_pandera(folder: Path) -> None:
    """Read the file and check types, categories, ranges and uniqueness with pandera; nothing is mapped or written."""
    import pandera.pandas as pa  # noqa: PLC0415 - only the way that needs it pays for it

    def number(low: float, high: float) -> pa.Column:
        return pa.Column(float, pa.Check.in_range(low, high), nullable=True, coerce=True)

    columns = {"id": pa.Column(str, unique=True), "age": number(0, 120), "birth_year": number(1880, 2030)}
    columns |= {"bmi": number(8, 999), "seen": pa.Column("datetime64[ns]", coerce=True)}
    columns |= {name: pa.Column(int, pa.Check.isin([1, 2, 3, 9])) for name in CODES}
    columns |= {name: number(0, 9) for name in PHQ} | {name: number(1, 5) for name in CTQ}
    columns |= {name: number(0, 10_000) for name in LABS} | {
        name: pa.Column(int, pa.Check.isin([1, 2, 9])) for name in DISEASES
    }
    frame = pd.read_csv(folder / "all.csv", dtype={"id": "str"})
    try:
        pa.DataFrameSchema(columns).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        print(len(error.failure_cases), "failures")


def in_one_go(folder: Path) -> None:
    """Run ``cohort clean``'s own work: canonical and derived tables, ledger, quarantine, flow."""
    from cohort.study import open_study  # noqa: PLC0415

    open_study(folder / "study.yaml").write(folder / "one_go")


def in_blocks(folder: Path, workers: int = 1) -> None:
    """Do the same block by block."""
    from cohort.blocks import clean_in_blocks  # noqa: PLC0415

    clean_in_blocks(folder / "study.yaml", folder / f"blocks_{workers}", workers=workers)


def in_blocks_on_two(folder: Path) -> None:
    """Do the same block by block in two processes."""
    in_blocks(folder, 2)


WAYS = {way.__name__: way for way in (by_hand, by_hand_long, by_pandera, in_one_go, in_blocks, in_blocks_on_two)}


def run_alone(way: str, folder: Path) -> tuple[float, float, float]:
    """Return wall time and processor time in seconds and peak memory in GB of one way, in a process of its own."""
    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r}); import clean; clean.measure({way!r}, {str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    wall, processor, peak = json.loads(done.stdout.splitlines()[-1])
    return wall, processor, peak


def measure(way: str, folder: str) -> None:
    """Run one way and print its wall time, processor time and peak memory, children included, as JSON."""
    start = time.perf_counter()
    WAYS[way](Path(folder))
    wall = time.perf_counter() - start
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    processor = sum(one.ru_utime + one.ru_stime for one in used)
    print(json.dumps([wall, processor, max(one.ru_maxrss for one in used) / 1e6]))


def main() -> None:
    """Print all ways side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--narrow", action="store_true", help="ten columns, for the memory of 5e6 people")
    parser.add_argument("--times", type=int, default=1, help="runs of each way; the shortest counts")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, start in enumerate(range(0, asked.people, 500_000), start=1):
            write_file(folder / "all.csv", min(500_000, asked.people - start), part, narrow=asked.narrow)
        write_study(folder, narrow=asked.narrow)
        found = {way: min(run_alone(way, folder) for _ in range(asked.times)) for way in asked.ways}
    print(f"{asked.people:,} people, {10 if asked.narrow else 60} columns, CSV of raw codes")
    print(f"{'':18} {'wall s':>8} {'CPU s':>8} {'peak GB':>8}  times by_hand, by_hand_long, by_pandera (wall)")
    for way, (wall, processor, peak) in found.items():
        ratios = [
            f"{wall / found[other][0]:.2f}" for other in ("by_hand", "by_hand_long", "by_pandera") if other in found
        ]
        print(f"{way:18} {wall:8.1f} {processor:8.1f} {peak:8.2f}  {'  '.join(ratios)}")


if __name__ == "__main__":
    main()
