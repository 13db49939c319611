"""Dates and ages of people put on one scale: when a person was born, and how old at any date."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cohort.cleaning.people import empty_like, look_up, one_row_each, positions
from cohort.cleaning.rule import Column, Tables

DAYS_PER_YEAR = 365.25
MID_YEAR = "-07-01"


def birth_dates(tables: Tables) -> Column:
    """Return the date of birth of each row of ``participants``, as near as the data tell; missing where they do not.

    Notes
    -----
    The date of the earliest visit minus the age there; else the middle of the birth year. An age in completed years
    puts the birth up to a year late, but all ages of one person shift together, so intervals between them stay right.
    """
    people, visits = tables["participants"], tables["visits"]
    born = empty_like(people["participant_id"], "datetime64[us]")
    if {"visit_date", "age_years"} <= set(visits.columns):
        dated = visits[["participant_id", "visit_date", "age_years"]].dropna().sort_values("visit_date", kind="stable")
        first = dated.drop_duplicates("participant_id")
        days = pd.to_timedelta((first["age_years"].astype("float64") * DAYS_PER_YEAR).round(), unit="D")
        first = first.assign(born=(first["visit_date"] - days).astype("datetime64[us]"))
        born = look_up(people["participant_id"], first, "born")
    if "birth_year" in people:
        middle = pd.to_datetime(people["birth_year"].astype("Int64").astype("string") + MID_YEAR)
        born = born.fillna(middle.astype("datetime64[us]"))
    return born


def age_at(dates: Column, born: Column) -> Column:
    """Return ages in years at some dates, given the dates of birth on the same index."""
    years: Column = (dates - born).dt.days.astype("float64") / DAYS_PER_YEAR
    return years


def last_observed_age(tables: Tables) -> Column:
    """Return the age in years at which each row of ``participants`` was last observed: at a visit or at exit."""
    ids, visits = tables["participants"]["participant_id"], tables["visits"]
    last = empty_like(ids, "float64")
    if "age_years" in visits and len(visits):
        ages = visits["age_years"].to_numpy(dtype="float64", na_value=np.nan)
        reached = np.full(len(ids) + 1, -np.inf)  # the last place takes visits of nobody
        np.fmax.at(reached, positions(visits["participant_id"], ids), ages)
        last = pd.Series(np.where(np.isfinite(reached[:-1]), reached[:-1], np.nan), index=ids.index)
    ends = one_row_each(tables, "follow_up", "exit_date")
    if ends is not None:
        at_exit = age_at(look_up(ids, ends, "exit_date"), birth_dates(tables))
        last = pd.Series(np.fmax(last.to_numpy(), at_exit.to_numpy()), index=ids.index)
    return last
