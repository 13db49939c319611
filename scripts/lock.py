"""Write constraints.txt: the exact versions installed here, names and versions only."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

OWN = {"cohort", "pip", "setuptools", "wheel"}


def main() -> None:
    """Write the file at the root of the repository."""
    found = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in metadata.distributions()}
    lines = [f"{name}=={version}" for name, version in sorted(found.items()) if name not in OWN]
    head = "# Exact versions that the tests and the stored notebook outputs were made with; written by `make lock`.\n"
    target = Path(__file__).resolve().parent.parent / "constraints.txt"
    target.write_text(head + "\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(lines)} versions written to {target.name}")


if __name__ == "__main__":
    main()
