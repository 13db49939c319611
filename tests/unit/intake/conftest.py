"""What the tests of intake share: a writer of SAS data sets, which lies among the fixtures."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def sas_data_set(repository: Path) -> Callable[..., Any]:
    """Return a function that makes the bytes of a SAS data set."""
    path = repository / "tests" / "fixtures" / "sas" / "sas_data_set.py"
    spec = importlib.util.spec_from_file_location("sas_data_set", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[..., Any] = module.sas_data_set
    return function
