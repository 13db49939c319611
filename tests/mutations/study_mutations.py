"""Mutations of a study file: of its text, as a hand that slips makes them, and of its entries, as a mistaken mind does.

Each is a function of the text and a random generator; it returns the new bytes. The entries that a mutation puts in are
words of the grammar and the codebook as often as nonsense, so that many mutated studies are valid and mean odd things.
"""

from __future__ import annotations

import contextlib
import copy
import random
from collections.abc import Callable
from typing import Any, TypeAlias

import yaml


class _Loader(yaml.SafeLoader):
    """Reads ``Yes`` and ``No`` as the codes that they are."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

Mutation: TypeAlias = Callable[[bytes, random.Random], bytes]
Path: TypeAlias = tuple[str | int, ...]

DEEP = 3000
_SIGNS = "\t\n\r :{}[],#|>'\"&*!%@`?-~\0\x07\x1b\x7f\x85\u2028\ufeff\u202e\ud7ffé😀"

_ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 0.5, 1e308, -1e308, 1e-320, 10**30, float("nan"), float("inf"), float("-inf"),
    "", " ", "~", "null", "yes", "x" * 5000, "\x1b[31m", "a\nb", "é", "😀", "0", "007", "1.0", "-0", "1e3",
    "2020-01-31",
    "2020-02-31", "12:30", "blank", "all", "first", "last", "source", "column", "t0", "t1", "off", "[]", "{}", "*",
    "&a",
    "../../../etc/passwd", "/etc/passwd", "/dev/zero", "C:\\Windows\\win.ini", "\\\\host\\share", "file:///etc/passwd",
    "people.csv\0.txt", "x" * 300 + ".csv", ".", "..", "", "study.yaml", "key.txt", "%s %d {0} {x}", "<b>x</b>",
    [], [[]], [None], [1, [2]], {}, {"": ""}, {"a": {"b": {}}}, {"by": "source"}, {"column": "x"}, ["blank"], [{}],
)  # fmt: skip

_KEYS = (
    "cohort_study", "name", "title", "synthetic", "root", "id", "baseline", "files", "eligible", "variables",
    "instruments", "labs", "diagnoses", "medications", "relations", "follow_up", "design", "rules", "disclosure",
    "privacy", "path", "format", "encoding", "delimiter", "decimal", "date_order", "sheet", "missing", "rows", "file",
    "column", "visits", "cases", "constant", "where", "visit", "date", "codes", "unit", "limit", "multiply",
    "top_coded_at", "keep", "items", "below", "above", "plate", "site", "time", "present", "absent", "unknown", "code",
    "onset_age", "minimum_records", "source", "start", "stop", "relative", "kind", "entry", "exit", "reason", "weights",
    "strata", "psu", "at_least", "starts_with", "values", "label", "system", "by", "nearest", "declared", "hash_ids",
    "key_file", "action", "limits", "analytes", "minimum", "maximum", "minimum_count", "round_to", "<<", "", " ", "1",
)  # fmt: skip

_NAMES = (
    "sex", "birth_year", "age_years", "bmi_kg_m2", "visit_date", "site", "smoking", "education", "ancestry_group",
    "is_pregnant", "has_acute_infection", "recruitment", "family_id", "weight", "phq9", "ctq_sf", "bdi2", "hamd17",
    "pss10", "gad7", "ace10", "crp", "il6", "cortisol", "igg", "cmv_igg", "toxoplasma_igg", "platelets", "psoriasis",
    "type_1_diabetes", "multiple_sclerosis", "lifetime_depression", "statin", "ssri", "insulin", "crp_mg_l",
    "phq9_total",
)  # fmt: skip

_RULES = (
    "straight_lining", "id_leading_zeros", "name_case", "duplicate_near", "duplicate_conflicting", "coding_shifted",
    "items_unreversed", "unit_by_site", "censored_coarse", "sentinel_number", "date_isolated", "item_range",
    "range_hard",
    "range_plausible", "visit_order", "copy_forward", "plate_effect", "digit_preference", "orphan", "not_whole",
)  # fmt: skip

_PIECES: tuple[tuple[str, Any], ...] = (
    ("keep", "first"), ("keep", "last"), ("keep", "all"), ("keep", {"nearest": "visit_date"}), ("unit", "mg/dL"),
    ("unit", "nmol/L"), ("unit", "year"), ("unit", "kg/m2"), ("unit", {"by": "source"}), ("limit", 0.15), ("limit", -1),
    ("multiply", 0), ("multiply", -2), ("multiply", 1e300), ("multiply", 0.1), ("top_coded_at", 0), ("top_coded_at",
    40),
    ("missing", {"1": "refused"}), ("missing", {"": "blank"}), ("codes", {"1": "male", "2": "female"}), ("codes", {}),
    ("codes", {"1": 0, "2": 1}), ("constant", 1), ("constant", "female"), ("encoding", "utf-16"), ("encoding", "cp037"),
    ("encoding", "zip"), ("encoding", "idna"), ("encoding", "utf-8"), ("encoding", "nonsense"), ("delimiter", ";"),
    ("delimiter", ""), ("delimiter", "||"), ("delimiter", "a"), ("delimiter", '"'), ("delimiter", "\n"),
    ("decimal", ","), ("decimal", "."), ("date_order", "dmy"), ("date_order", "mdy"), ("date_order", "ymd"),
    ("sheet", 0), ("sheet", 99), ("sheet", "nope"), ("rows", 0), ("rows", 6), ("format", "csv"), ("format", "xlsx"),
    ("format", "sav"), ("format", "dta"), ("format", "xpt"), ("format", "sas7bdat"), ("format", "parquet"),
    ("format", "bids"), ("format", "redcap"), ("minimum_records", 2), ("minimum_records", 10**9), ("baseline", "t1"),
    ("synthetic", False), ("synthetic", True), ("root", ".."), ("root", "/"), ("root", "nowhere"), ("id", "nobody"),
    ("where", {"sex": [1]}), ("where", {"nobody": "blank"}), ("absent", "no_record_in_follow_up"), ("absent", {}),
    ("visit", "t7"), ("visit", {"column": "visit"}), ("date", "2020-01-01"), ("date", {"column": "drawn"}),
    ("eligible", [{"variable": "age_years", "at_least": 200}]), ("eligible", [{"variable": "sex", "values": "female"}]),
    ("eligible", [{"variable": "crp_mg_l", "below": 1e-9}]), ("eligible", [{"variable": "visit_date", "at_least": 3}]),
    ("eligible", [{"variable": "phq9_total", "at_least": 1}]), ("eligible", [{"variable": "sex", "at_least": 1}]),
    ("disclosure", {"minimum_count": 0, "round_to": 1}), ("disclosure", {"minimum_count": 10**9, "round_to": 10**9}),
    ("privacy", {"hash_ids": {"key_file": "key.txt"}}), ("privacy", {"hash_ids": {"key_file": "../../etc/passwd"}}),
    ("privacy", {"declared": {"people": ["name"]}}), ("path", []), ("path", {"a": "people.csv"}),
    ("follow_up", {"entry": {"file": "people", "constant": "2020-01-01"}, "exit": {"file": "people", "column": "ut"}}),
)  # fmt: skip


# --- the text ----------------------------------------------------------------------------------------------------


def _lines(content: bytes, rng: random.Random) -> tuple[list[bytes], int]:
    lines = content.split(b"\n")
    return lines, rng.randrange(len(lines))


def delete_line(content: bytes, rng: random.Random) -> bytes:
    """Return the file without a line."""
    lines, at = _lines(content, rng)
    return b"\n".join(lines[:at] + lines[at + 1 :])


def repeat_line(content: bytes, rng: random.Random) -> bytes:
    """Return the file with a line twice: a duplicate key, most often."""
    lines, at = _lines(content, rng)
    return b"\n".join(lines[: at + 1] + lines[at:])


def move_line(content: bytes, rng: random.Random) -> bytes:
    """Return the file with a line in another place."""
    lines, at = _lines(content, rng)
    line = lines.pop(at)
    lines.insert(rng.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def indent_line(content: bytes, rng: random.Random) -> bytes:
    """Return the file with a line moved to the left or the right, by spaces or a tab."""
    lines, at = _lines(content, rng)
    lines[at] = lines[at].lstrip() if rng.random() < 0.4 else rng.choice([b" ", b"  ", b"\t"]) + lines[at]
    return b"\n".join(lines)


def insert_sign(content: bytes, rng: random.Random) -> bytes:
    """Return the file with a sign that means something in YAML, or none that a keyboard writes."""
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.choice(_SIGNS).encode("utf-8", "surrogatepass") + content[at:]


def delete_piece(content: bytes, rng: random.Random) -> bytes:
    """Return the file without up to thirty bytes."""
    at = rng.randrange(len(content) + 1)
    return content[:at] + content[at + rng.randint(1, 30) :]


def change_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return the file with some bytes changed to any others."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def cut_short(content: bytes, rng: random.Random) -> bytes:
    """Return the beginning of the file."""
    return content[: rng.randrange(len(content) + 1)]


def change_encoding(content: bytes, rng: random.Random) -> bytes:
    """Return the file in another encoding, or with another mark or line end."""
    text = content.decode("utf-8", "replace").replace("invented", "verzonnen, één")
    kind = rng.randrange(6)
    if kind < 4:
        return text.encode(["utf-16", "utf-32", "latin-1", "utf-8-sig"][kind], "replace")
    return text.replace("\n", ["\r\n", "\r"][kind - 4]).encode()


def write_badly(content: bytes, rng: random.Random) -> bytes:
    """Return the file with a passage that a YAML reader can choke on."""
    passage = rng.choice(
        [
            "a: &a [*a]", "b: &b {<<: *b}", "<<: [1]", "c: *nowhere", "d: !!python/object/apply:os.system ['true']",
            "e: !!binary x", "f: !!int x", "---", "...", "%YAML 9.9", "? [a, b]\n: c", "g: |\n  x\n y", "'", '"',
            "[" * DEEP,
            "h: " + "{a: " * DEEP, "- " * DEEP, "i: " + "x" * 100_000, "x" * 2000 + ": 1", "variables: *v", "\t",
            "j: @x",
            "k0: &k0 [1,1,1,1,1,1,1,1,1]\n"
            + "".join(f"k{i}: &k{i} [{','.join([f'*k{i - 1}'] * 9)}]\n" for i in range(1, 8)),
            "labs: &l {crp: &m {<<: [*m]}}", "!!set {a, b}", "{}", "1: 1\n1.0: 2", "? \n: ", "null: 1\n~: 2", "&x : 1",
        ]
    ).encode()  # fmt: skip
    lines, at = _lines(content, rng)
    return b"\n".join([*lines[:at], passage, *lines[at:]])


# --- the entries -------------------------------------------------------------------------------------------------


def _paths(data: Any, here: Path = ()) -> list[Path]:
    """Return the path of every entry of mappings and lists."""
    found: list[Path] = []
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in entries:
        found += [(*here, step), *_paths(value, (*here, step))]
    return found


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _replace(data: Any, path: Path, value: Any) -> None:
    _at(data, path[:-1])[path[-1]] = value


def _like(value: Any, data: Any, rng: random.Random) -> Any:
    """Return a value of the kind of another one that is likely to be accepted, and to mean something else."""
    texts = [v for p in _paths(data) if isinstance(v := _at(data, p), str)]
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return rng.choice([0, 1, 2, 3, 5, 9, 40, 120, 2020, -1, -9, 0.5, 1e6, value * 10, value + 1, value / 3])
    if isinstance(value, str):
        return rng.choice([*texts, *_NAMES, *_UNITS])
    if isinstance(value, list) and value:
        shuffled = list(value)
        rng.shuffle(shuffled)
        return rng.choice([shuffled, value[:-1], value + value[:1], value * 2])
    return value


_UNITS = (
    "mg/L",
    "mg/dL",
    "nmol/L",
    "ng/mL",
    "pg/mL",
    "IU/mL",
    "10^9/L",
    "g/L",
    "year",
    "kg/m2",
    "%",
    "parsec",
    "cm",
    "1",
)


_KINDS = ("delete", "delete", "rename", "odd", "like", "like", "like", "copy", "exchange", "add", "piece", "piece")


def change_entries(content: bytes, rng: random.Random) -> bytes:
    """Return the file with one entry deleted, renamed, replaced, copied, exchanged or added."""
    if b"&" in content:  # aliases written out may fill the memory
        return change_bytes(content, rng)
    try:
        data = yaml.load(content, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return change_bytes(content, rng)
    paths = _paths(data)
    if not paths:
        return content + b"\nname: x\n"
    path = rng.choice(paths)
    holder, step = _at(data, path[:-1]), path[-1]
    kind = rng.choice(_KINDS)
    if kind == "delete":
        del holder[step]
    elif kind == "rename" and isinstance(holder, dict):
        holder[_renamed(str(step), rng)] = holder.pop(step)
    elif kind == "odd":
        _replace(data, path, copy.deepcopy(rng.choice(_ODD_VALUES)))
    elif kind == "like":
        _replace(data, path, copy.deepcopy(_like(holder[step], data, rng)))
    elif kind == "copy":
        _replace(data, path, copy.deepcopy(_at(data, rng.choice(paths))))
    elif kind == "exchange":
        other = rng.choice(paths)
        mine, its = copy.deepcopy(holder[step]), copy.deepcopy(_at(data, other))
        _replace(data, path, its)
        with contextlib.suppress(KeyError, IndexError, TypeError):  # the other one stood below this one
            _replace(data, other, mine)
    elif kind == "add":
        _add(holder[step] if isinstance(holder[step], (dict, list)) else holder, rng)
    else:
        _add_piece(data, paths, rng)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")


def _renamed(key: str, rng: random.Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(_KEYS)
    if kind == 1:
        return rng.choice(_NAMES)
    at = rng.randrange(len(key) + 1)
    return key[:at] + rng.choice("xé _1") + key[at:] if kind == 2 else key[:at] + key[at + 1 :]


def _add(holder: Any, rng: random.Random) -> None:
    value = copy.deepcopy(rng.choice(_ODD_VALUES))
    if isinstance(holder, dict):
        holder[rng.choice([*_KEYS, *_NAMES])] = value
    else:
        holder.insert(rng.randrange(len(holder) + 1), value)


def _add_piece(data: Any, paths: list[Path], rng: random.Random) -> None:
    """Add a key with a value that the grammar allows in some places, or a rule."""
    if not isinstance(data, dict):
        return
    if rng.random() < 0.15:
        setting = rng.choice(["off", {"action": rng.choice(["flag", "repair", "set_missing", "quarantine"])}])
        rules = data.setdefault("rules", {})
        if isinstance(rules, dict):
            rules[rng.choice(_RULES)] = setting
        return
    key, value = rng.choice(_PIECES)
    sections = ("files", "variables", "instruments", "labs", "diagnoses", "medications", "follow_up", "design")
    places = [data, *(found for p in paths if p[0] in sections and isinstance(found := _at(data, p), dict))]
    rng.choice(places)[key] = copy.deepcopy(value)


TEXT: tuple[Mutation, ...] = (
    delete_line, repeat_line, move_line, indent_line, insert_sign, delete_piece, change_bytes, cut_short,
    change_encoding, write_badly,
)  # fmt: skip


def mutate_study(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Return a mutated study file and the name of the mutation.

    Parameters
    ----------
    content
        Bytes of the file.
    rng
        Decides everything.
    """
    mutation = change_entries if rng.random() < 0.65 else rng.choice(TEXT)
    return mutation(content, rng), mutation.__name__
