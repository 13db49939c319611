"""Open thousands of mutated studies and count what becomes of them: opened, refused with problems, or failed.

    python tests/mutations/run.py --cases 10000 --seed 4              # all, on two processes
    python tests/mutations/run.py --case 1234 --seed 4 --keep folder  # one again, its files kept

A study is opened as a user opens it; every tenth goes through ``cohort check``, every tenth through ``cohort clean``,
every tenth through the same in blocks of people, and of every tenth the data are given to ``cohort draft``.
It fails when it ends in anything but :class:`cohort.errors.CohortError` with problems in words, when a message holds a
cell of a person, when a warning or a library's remark reaches the terminal, when it takes more than ``--limit`` seconds
of the processor, or when the process dies. Number and seed decide everything, so that each failure can be had again.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bases import BASES, SECRET, SIMULATED, WEIGHTS, data_files, write_base
from data_mutations import ending_of, mutate_data
from study_mutations import mutate_study

CHUNK = 250
MEMORY = 6 * 2**30
LONGEST_MESSAGE = 2000
LEAK = re.compile("GEHEIM|(?<![0-9a-f])4711(?![0-9a-f])", re.IGNORECASE)
"""What stands in cells, and neither in a hash nor in a header."""
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]")
SHOWN = (UserWarning, RuntimeWarning, FutureWarning, SyntaxWarning, UnicodeWarning, BytesWarning, EncodingWarning)
"""Warnings that Python shows a user; those for developers it keeps to itself."""


@dataclass(frozen=True)
class Outcome:
    """What became of one mutated study."""

    case: int
    base: str
    mutations: list[str]
    outcome: str
    why: str = ""


def make_case(case: int, seed: int, folder: Path) -> tuple[str, list[str]]:
    """Write one mutated study into an empty folder; return its base and the mutations.

    Parameters
    ----------
    case, seed
        Decide everything.
    folder
        The folder.
    """
    rng = random.Random(f"{seed}-{case}")
    (base,) = rng.choices(BASES, WEIGHTS)
    write_base(base, folder)
    done = []
    for _ in range(rng.choice([1, 1, 1, 1, 1, 2, 2, 4])):
        if rng.random() < 0.45:
            path = folder / "study.yaml"
            content, name = mutate_study(path.read_bytes(), rng)
        else:
            path = rng.choice(data_files(folder))
            content, name = mutate_data(path.read_bytes(), ending_of(path), rng)
            if path.name == "DataDictionary.csv":  # it holds names, and no people
                content = content.replace(SECRET.encode(), b"word-1147").replace(b"4711", b"1147")
        path.write_bytes(content)
        done.append(f"{name} {path.relative_to(folder).as_posix()}")
    return base, done


# --- one case ----------------------------------------------------------------------------------------------------


def _fault_of_messages(messages: list[str]) -> str:
    """Return what is wrong with the messages that a user reads; empty when nothing is."""
    for message in messages:
        leak = LEAK.search(message)
        if leak:
            return f"a message holds a cell: {message[max(leak.start() - 150, 0) : leak.end() + 50]!r}"
        if CONTROL.search(message):
            return f"a message holds a control character: {message[:300]!r}"
        if len(message) > LONGEST_MESSAGE:
            return f"a message of {len(message):,} characters: {message[:300]!r}"
    return "" if messages else "refused without a problem"


def _open(study: Path) -> tuple[str, str]:
    from cohort.errors import CohortError
    from cohort.study import open_study

    try:
        opened = open_study(study)
    except CohortError as error:
        fault = _fault_of_messages([str(problem) for problem in error.problems])
        return ("failed", fault) if fault else ("refused", "")
    rows = {source["name"]: 0 for source in opened.provenance["inputs"]}
    for source in opened.provenance["inputs"]:
        rows[source["name"]] += source["rows"]
    found = opened.rows.groupby("file")["rows"].sum().to_dict()
    wrong = {name: (count, found.get(name, 0)) for name, count in rows.items() if count != found.get(name, 0)}
    return ("failed", f"rows were lost: {wrong}") if wrong else ("opened", "")


def _command(folder: Path, *arguments: str) -> tuple[str, str]:
    from click.testing import CliRunner

    from cohort.cli import main

    done = CliRunner().invoke(main, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    errors = done.stderr.splitlines()
    if done.exit_code not in {0, 1, 2} or (done.exit_code and not errors):
        return "failed", f"exit code {done.exit_code} and {len(errors)} lines on stderr"
    if done.exit_code == 0 and errors:
        return "failed", f"exit code 0, and on stderr: {errors[0][:300]!r}"
    fault = _fault_of_messages([*errors, *(line for line in done.stdout.splitlines() if LEAK.search(line))] or ["fine"])
    report = folder / "out" / "cleaning_report.html"
    if not fault and report.is_file():
        leak = LEAK.search(text := report.read_text(encoding="utf-8"))
        fault = f"the report holds a cell: {text[max(leak.start() - 200, 0) : leak.end() + 50]!r}" if leak else ""
    return ("failed", fault) if fault else ("opened" if done.exit_code == 0 else "refused", "")


def try_case(folder: Path, case: int, base: str) -> tuple[str, str]:
    """Return the outcome of opening a mutated study, and why it failed."""
    study, out = folder / "study.yaml", str(folder / "out")
    if case % 10 == 1:
        return _command(
            folder, "clean", str(study), "--out", out, "--people-per-block", "25" if base == SIMULATED else "3"
        )
    if case % 10 == 3:
        return _command(folder, "check", str(study))
    if case % 10 == 7:
        return _command(folder, "clean", str(study), "--out", out)
    if case % 10 == 9:
        return _command(folder, "draft", *map(str, data_files(folder)), "--out", str(folder / "draft.yaml"))
    return _open(study)


@contextlib.contextmanager
def _terminal(stream: Any) -> Iterator[None]:
    """Take what libraries write to standard error, Python's own or C's, into a file."""
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(stream.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """End the process, with a traceback on standard output, when a block takes too long, be it within a library in C.

    Seconds of the processor count where the system can tell them, since tests may run on a busy machine; a process that
    waits for nothing is ended after twenty times as many on the clock.
    """
    faulthandler.dump_traceback_later(20 * seconds, exit=True, file=sys.__stdout__)
    has_timer = hasattr(signal, "setitimer")
    if has_timer:
        faulthandler.register(signal.SIGPROF, file=sys.__stdout__, all_threads=False, chain=True)
        signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        if has_timer:
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.unregister(signal.SIGPROF)
        faulthandler.cancel_dump_traceback_later()


def run_case(case: int, seed: int, limit: float, folder: Path) -> Outcome:
    """Return what becomes of one case."""
    base, mutations = make_case(case, seed, folder)
    with tempfile.TemporaryFile() as said, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            with _terminal(said), _time_limit(limit):
                outcome, why = try_case(folder, case, base)
        except Exception:
            lines = traceback.format_exc().splitlines()
            outcome, why = "failed", "\n".join(lines[:1] + lines[-40:])
        said.seek(0)
        remarks = said.read().decode("utf-8", "replace")
    shown = [w for w in warned if issubclass(w.category, SHOWN)]
    if outcome != "failed" and shown:
        first = shown[0]
        outcome, why = "failed", f"{first.category.__name__} at {first.filename}:{first.lineno}: {first.message}"
    if outcome != "failed" and remarks.strip():
        outcome, why = "failed", f"on the terminal: {remarks[:500]!r}"
    return Outcome(case, base, mutations, outcome, why)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


# --- many cases --------------------------------------------------------------------------------------------------


def _work(first: int, last: int, seed: int, limit: float) -> None:
    """Run some cases one after the other; a line before each tells which, so that a death can be told."""
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    from cohort.codebook import load_codebook

    load_codebook()
    for case in range(first, last):
        _say(json.dumps({"begins": case}))
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            _say(json.dumps(asdict(run_case(case, seed, limit, Path(folder)))))


def _supervise(first: int, last: int, seed: int, limit: float) -> list[Outcome]:
    """Return the outcomes of a chunk; where its process dies, another one takes over behind the case that killed it."""
    outcomes: list[Outcome] = []
    while first < last:
        command = [
            sys.executable,
            __file__,
            "--work",
            str(first),
            str(last),
            "--seed",
            str(seed),
            "--limit",
            str(limit),
        ]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
        begun = None
        rest = []
        for line in done.stdout.splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                rest.append(line)
                continue
            if "begins" in told:
                begun = told["begins"]
            else:
                outcomes.append(Outcome(**told))
                first, begun = told["case"] + 1, None
        if begun is None and first < last:
            raise RuntimeError(f"the process of cases {first} to {last} ended early: {done.stderr[-2000:]}")
        if begun is not None:
            where = " | ".join(rest[:12]) or done.stderr[-500:]
            outcomes.append(Outcome(begun, "", [], "failed", f"the process died ({done.returncode}): {where}"))
            first = begun + 1
    return outcomes


def run_cases(first: int, last: int, seed: int, workers: int, limit: float) -> Iterator[Outcome]:
    """Yield the outcomes of many cases, in the order of their numbers.

    Parameters
    ----------
    first, last
        Numbers of the cases, the last one excluded.
    seed
        Decides everything beside the number.
    workers
        Processes.
    limit
        Seconds of the processor that a case may take.
    """
    starts = range(first, last, CHUNK)
    with ThreadPoolExecutor(workers) as pool:
        for outcomes in pool.map(lambda at: _supervise(at, min(at + CHUNK, last), seed, limit), starts):
            yield from outcomes


def main() -> int:
    """Return 0 when no case failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=float, default=20.0, help="seconds of the processor that a case may take")
    parser.add_argument("--case", type=int, help="only this one")
    parser.add_argument("--keep", type=Path, help="folder for the files; without --case nothing is opened")
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        _work(*asked.work, asked.seed, asked.limit)
        return 0
    if asked.case is not None:
        with tempfile.TemporaryDirectory() as folder:
            one = run_case(asked.case, asked.seed, asked.limit, Path(folder))
            if asked.keep:
                shutil.copytree(folder, asked.keep, dirs_exist_ok=True)
        _say(json.dumps(asdict(one), indent=2).replace("\\n", "\n"))
        return int(one.outcome == "failed")
    if asked.keep:
        for case in range(asked.first, asked.first + asked.cases):
            (asked.keep / str(case)).mkdir(parents=True)
            make_case(case, asked.seed, asked.keep / str(case))
        return 0
    counts: Counter[str] = Counter()
    for outcome in run_cases(asked.first, asked.first + asked.cases, asked.seed, asked.workers, asked.limit):
        counts[outcome.outcome] += 1
        if outcome.outcome == "failed":
            _say(json.dumps(asdict(outcome)))
    _say(
        json.dumps(
            {"seed": asked.seed, "cases": counts.total(), **{k: counts[k] for k in ("opened", "refused", "failed")}}
        )
    )
    return int(counts["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
