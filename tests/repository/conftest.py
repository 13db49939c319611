"""The guide for newcomers, taken apart: its sections, and the snippets in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Guide:
    """A page in Markdown.

    Parameters
    ----------
    text
        All of it.
    """

    text: str

    def section(self, number: int) -> Guide:
        """Return one section."""
        (found,) = re.findall(rf"^## {number}\. .*?(?=^## |\Z)", self.text, flags=re.MULTILINE | re.DOTALL)
        return Guide(found)

    def snippets(self, language: str) -> list[str]:
        """Return the fenced snippets of a language."""
        return [body for named, body in FENCE.findall(self.text) if named == language]

    def studies(self) -> dict[str, str]:
        """Return the snippets that are whole study files, by the name of the study."""
        whole = [text for text in self.snippets("yaml") if "\nfiles:" in text and "\nvariables:" in text]
        return {yaml.safe_load(text)["name"]: text for text in whole}

    def merged(self) -> dict[str, Any]:
        """Return what the snippets that each show a part of one study file say together."""
        study: dict[str, Any] = {}
        for text in self.snippets("yaml"):
            for key, value in yaml.safe_load(text).items():
                study[key] = {**study[key], **value} if isinstance(study.get(key), dict) else value
        return study


@pytest.fixture(scope="session")
def guide(repository: Path) -> Guide:
    """Return the guide."""
    return Guide((repository / "docs" / "swap-in-your-cohort.md").read_text(encoding="utf-8"))
