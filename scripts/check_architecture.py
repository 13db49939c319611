"""Check that ARCHITECTURE.md, the code and the dependencies tell the same story.

Every module of the package stands in the module map and every module of the map exists; imports go one way; every
run-time dependency has its line. Exit code 1 with all differences otherwise.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "cohort"

# Lower rooms never import higher ones, rooms on one floor never import each other.
FLOORS: list[set[str]] = [
    {"errors", "shipped", "units", "output", "progress", "rulebook"},
    {"codebook", "study_file", "ledger", "disclosure", "privacy"},
    {"results"},
    {"protection"},
    {"intake", "cleaning", "synthetic", "analysis"},
    {"plots"},
    {"study", "traps", "defect_recovery", "draft"},
    {"diagnosis"},
    {"report", "screening", "blocks"},
    {"cli_simulation"},
    {"cli"},
]
# Within the lowest floor, small modules that rest on errors alone.
ALLOWED = {("shipped", "errors"), ("units", "errors"), ("output", "errors")}


def room_of(path: Path) -> str:
    """Return the room a module lies in: its first folder or its own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports_of(path: Path) -> set[str]:
    """Return the rooms of the package that a module imports."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module] if node.module != "cohort" else [f"cohort.{a.name}" for a in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("cohort.")}
    return rooms - {"__version__"}


def broken_imports() -> list[str]:
    """Return every import that goes the wrong way."""
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        room = room_of(path)
        if room == "__init__":
            continue
        for other in sorted(imports_of(path) - {room}):
            if room not in floor or other not in floor:
                found.append(f"{path.relative_to(ROOT).as_posix()}: '{room}' or '{other}' has no floor")
            elif floor[other] >= floor[room] and (room, other) not in ALLOWED:
                found.append(f"{path.relative_to(ROOT).as_posix()}: '{room}' must not import '{other}'")
    return found


def modules() -> set[str]:
    """Return all modules as paths below src/cohort."""
    return {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path.name not in {"__init__.py"}}


def differences_of_map(text: str) -> list[str]:
    """Return modules that the map lacks or that do not exist."""
    mapped = set(re.findall(r"^\| `([\w/]+\.py)` \|", text, flags=re.MULTILINE))
    missing = [f"ARCHITECTURE.md: no line for src/cohort/{name}" for name in sorted(modules() - mapped)]
    gone = [f"ARCHITECTURE.md: src/cohort/{name} does not exist" for name in sorted(mapped - modules())]
    return missing + gone


def differences_of_dependencies(text: str) -> list[str]:
    """Return run-time dependencies without a line of their own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[<>=!~\[ ]", line)[0] for line in project["dependencies"]}
    told = set(re.findall(r"^\| ([\w-]+) \| [^|]+ \| [^|]+ \|$", text, flags=re.MULTILINE))
    return [f"ARCHITECTURE.md: no line says why '{name}' is a dependency" for name in sorted(names - told)]


def main() -> int:
    """Print all differences and return 1 when there are any."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    found = broken_imports() + differences_of_map(text) + differences_of_dependencies(text)
    print("\n".join(found) or "ARCHITECTURE.md and the imports are true")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
