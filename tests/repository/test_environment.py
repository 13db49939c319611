"""environment.yml, pyproject.toml and constraints.txt say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

NAME = re.compile(r"^([A-Za-z0-9_.-]+?)\s*(\[.*\])?\s*([<>=!~].*)?$")


def requirements(lines: list[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        match = NAME.match(line)
        assert match is not None, line
        found[match.group(1).lower().replace("_", "-")] = (match.group(3) or "").replace(" ", "")
    return found


def declared(repository: Path) -> dict[str, str]:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return requirements(project["dependencies"] + project["optional-dependencies"]["test"]) | {
        "python": project["requires-python"]
    }


def test_conda_environment_equals_pyproject(repository: Path) -> None:
    environment = yaml.safe_load((repository / "environment.yml").read_text(encoding="utf-8"))
    conda = requirements([line for line in environment["dependencies"] if isinstance(line, str) and line != "pip"])
    assert conda == declared(repository)


def test_every_dependency_is_locked_to_an_exact_version(repository: Path) -> None:
    lines = [
        line
        for line in (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[A-Za-z0-9.+!-]+", line) for line in lines)
    locked = {line.split("==")[0].replace(".", "-") for line in lines}
    assert {name.replace(".", "-") for name in declared(repository) if name != "python"} <= locked


def test_no_committed_file_names_a_machine_or_a_registry(repository: Path) -> None:
    import subprocess

    hosts = re.compile("|".join(["pypi" + r"\.org", "python" + "hosted", "npm" + "js", r"file:///" + "opt"]))
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout.split("\0")
    guilty = []
    for name in filter(None, tracked):
        path = repository / name
        if not path.is_file() or path.suffix.lower() in {".png", ".sav", ".xpt", ".parquet", ".gz"}:
            continue
        if hosts.search(path.read_text(encoding="utf-8", errors="ignore")):
            guilty.append(name)
    assert guilty == []
