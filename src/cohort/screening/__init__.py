"""Look through saved notebooks, reports and tables for what must not leave the building: ``cohort screen``."""

from cohort.screening.files import as_text, known_ids, screen_files
from cohort.screening.rules import Finding

__all__ = ["Finding", "as_text", "known_ids", "screen_files"]
