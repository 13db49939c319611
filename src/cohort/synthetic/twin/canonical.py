"""The canonical tables that a twin was made from, in terms of what its raw files can tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cohort.codebook import Codebook, Variable
from cohort.synthetic.defects.raw_text import Texts
from cohort.synthetic.twin.rows import Positions

PRESENT, ABSENT, UNKNOWN = "present", "absent", "unknown"


class Canonical:
    """Collects what the raw files tell while they are written.

    Parameters
    ----------
    codebook
        Tables and dtypes.
    ids
        Identifiers of the people.
    """

    def __init__(self, codebook: Codebook, ids: Texts) -> None:
        self.codebook, self.ids = codebook, ids
        self.participants = np.zeros(len(ids), dtype=bool)
        self._pieces: dict[str, dict[str, list[pd.DataFrame]]] = {}
        self._labs: list[pd.DataFrame] = []
        self._statuses: dict[tuple[str, str, str], list[pd.DataFrame]] = {}
        self._relations: list[pd.DataFrame] = []
        self._dates: list[pd.DataFrame] = []

    def add(self, variable: Variable, person: Positions, visit: str, values: Any) -> None:
        """Add values of a variable; missing ones are None or NaN."""
        frame = pd.DataFrame({"person": person, "visit": visit, "value": pd.Series(list(values), dtype="object")})
        self._pieces.setdefault(variable.table, {}).setdefault(variable.name, []).append(frame.dropna(subset=["value"]))

    def add_form_dates(self, person: Positions, visit: str, days: Any) -> None:
        """Add the days of forms, of which the first counts as the day of the visit where the study maps none."""
        self._dates.append(pd.DataFrame({"person": person, "visit": visit, "value": days}).dropna(subset=["value"]))

    def add_labs(self, analyte: str, person: Positions, visit: str, columns: Mapping[str, Any]) -> None:
        """Add results of one analyte at one visit, with what is known of them."""
        frame = pd.DataFrame({"person": person, "visit": visit, "analyte": analyte, **columns})
        self._labs.append(frame.dropna(subset=["value"]))

    def add_status(
        self, table: str, name: str, kind: str, person: Positions, status: Texts, details: Mapping[str, Any]
    ) -> None:
        """Add who has a disease or takes a drug, with details of those who do."""
        frame = pd.DataFrame({"person": person, "status": status, **details})
        self._statuses.setdefault((table, name, kind), []).append(frame)

    def add_relations(self, person: Positions, relative: Texts, kind: Texts) -> None:
        """Add pairs of relatives."""
        self._relations.append(pd.DataFrame({"person": person, "relative_id": relative, "kind": kind}))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the canonical tables, with the columns that the study maps."""
        everybody = np.flatnonzero(self.participants)
        found = {
            "participants": self._by_person("participants", everybody),
            "follow_up": self._by_person("follow_up", None),
            "visits": self._visits(),
            "labs": self._laboratory(),
            "diagnoses": self._status_table("diagnoses", everybody),
            "medications": self._status_table("medications", everybody),
            "relations": self._related(),
        }
        return {name: self._named(table, name) for name, table in found.items()}

    def _named(self, table: pd.DataFrame, name: str) -> pd.DataFrame:
        ids = self.ids[table["person"].to_numpy(dtype=np.int64)] if len(table) else np.empty(0, dtype=object)
        named = table.drop(columns="person")
        named.insert(0, "participant_id", ids)
        columns = [column for column in self.codebook.tables[name] if column in named]
        return named[columns].reset_index(drop=True)

    def _by_person(self, table: str, people: Positions | None) -> pd.DataFrame:
        pieces = {
            name: pd.concat(parts).drop_duplicates("person") for name, parts in self._pieces.get(table, {}).items()
        }
        if people is None:
            people = np.unique(
                np.concatenate([p["person"].to_numpy(dtype=np.int64) for p in pieces.values()] or [np.empty(0)])
            )
            people = people.astype(np.int64)
        columns = {
            name: piece.set_index("person")["value"].reindex(people).to_numpy() for name, piece in pieces.items()
        }
        return pd.DataFrame({"person": people, **columns})

    def _visits(self) -> pd.DataFrame:
        pieces = {name: pd.concat(parts) for name, parts in self._pieces.get("visits", {}).items()}
        if "visit_date" not in pieces and self._dates:
            dates = pd.concat(self._dates)
            pieces["visit_date"] = dates.groupby(["person", "visit"], sort=False)["value"].min().reset_index()
        keys = ["person", "visit"]
        if not pieces:
            return pd.DataFrame({"person": pd.Series(dtype="int64"), "visit": pd.Series(dtype="object")})
        index = pd.concat([piece[keys] for piece in pieces.values()]).drop_duplicates().sort_values(keys)
        table = index.reset_index(drop=True)
        for name, piece in pieces.items():
            value = piece.drop_duplicates(keys).rename(columns={"value": name})
            table = table.merge(value, on=keys, how="left", validate="one_to_one")
        return table

    def _laboratory(self) -> pd.DataFrame:
        empty = pd.DataFrame({"person": pd.Series(dtype="int64"), "visit": [], "analyte": [], "value": []})
        return pd.concat(self._labs, ignore_index=True) if self._labs else empty

    def _status_table(self, table: str, everybody: Positions) -> pd.DataFrame:
        frames = []
        for (where, name, kind), parts in self._statuses.items():
            if where != table:
                continue
            known = pd.concat(parts, ignore_index=True)
            rank = known["status"].map({PRESENT: 0, ABSENT: 1, UNKNOWN: 2})
            known = known.assign(rank=rank).sort_values(["person", "rank"], kind="stable").drop_duplicates("person")
            known = known.drop(columns="rank").set_index("person").reindex(everybody)
            known["status"] = known["status"].fillna(UNKNOWN)
            named = {"disease": name, "source": kind} if table == "diagnoses" else {"drug": name}
            frames.append(known.assign(**named).rename_axis("person").reset_index())
        empty = pd.DataFrame({"person": pd.Series(dtype="int64"), "status": []})
        return pd.concat(frames, ignore_index=True) if frames else empty

    def _related(self) -> pd.DataFrame:
        empty = pd.DataFrame({"person": pd.Series(dtype="int64"), "relative_id": [], "kind": []})
        return pd.concat(self._relations, ignore_index=True) if self._relations else empty
