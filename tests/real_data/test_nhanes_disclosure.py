"""The tables of the NHANES report withstand the same attack as those of a small study."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path

import pytest

from cohort.disclosure import Disclosure, Memory
from cohort.study import open_study

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def test_no_small_count_follows_from_the_tables_of_nhanes(
    nhanes: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cohort.report.page.display", lambda *_, **__: None)
    place = repository / "tests" / "unit" / "report" / "test_attack.py"
    spec = importlib.util.spec_from_file_location("attack_on_tables", place)
    assert spec is not None
    assert spec.loader is not None
    attack = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(attack)
    study = open_study(repository / "data_schema" / "studies" / "nhanes-2017-2020.yaml", root=nhanes)
    study = dataclasses.replace(study, disclosure=Disclosure(5, 5, Memory()))
    small, found = attack.attacked(study, tmp_path)
    assert small > 0
    assert found == {}
