"""Defects as real data have them, planted in clean raw tables of any study, each with a record of what stood there."""

from __future__ import annotations

from cohort.synthetic.defects.catalogue import CATALOGUE, REFUSED_BY_INTAKE, catalogue_table
from cohort.synthetic.defects.kind import Kind
from cohort.synthetic.defects.plan import DefectPlan, load_defect_plan
from cohort.synthetic.defects.planting import Planting, plant

__all__ = [
    "CATALOGUE",
    "REFUSED_BY_INTAKE",
    "DefectPlan",
    "Kind",
    "Planting",
    "catalogue_table",
    "load_defect_plan",
    "plant",
]
