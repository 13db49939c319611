"""Where the files lie that ship with the package: the codebook, the synthetic cohorts and the notebooks."""

from __future__ import annotations

from pathlib import Path

from cohort.errors import CohortError

FOLDERS = ("data_schema", "synthetic_data", "notebooks")


def shipped_folder(name: str) -> Path:
    """Return the folder of that name, inside an installed package or at the root of a checkout.

    Parameters
    ----------
    name
        One of ``data_schema``, ``synthetic_data`` and ``notebooks``.

    Raises
    ------
    CohortError
        If the installation lacks it.

    Examples
    --------
    >>> (shipped_folder("data_schema") / "datapackage.json").is_file()
    True
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "shipped" / name, package.parent.parent / name):
        if candidate.is_dir():
            return candidate
    raise CohortError(f"this installation lacks the folder '{name}'. Install the package again.")
