"""Clean a research cohort with an audit trail, test claims on it, and check the methods on synthetic cohorts."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cohort.study import Study, open_study

__all__ = ["Study", "__version__", "open_study"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Return a public name on first use, so that ``import cohort`` stays quick."""
    if name in {"Study", "open_study"}:
        return getattr(importlib.import_module("cohort.study"), name)
    raise AttributeError(f"module 'cohort' has no attribute {name!r}")
