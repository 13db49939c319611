"""Commands about synthetic cohorts and known truth: simulate, summarise, calibrate, diagnose, traps."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from cohort import __version__
from cohort.errors import CohortError

ROOT = click.option(
    "--root", type=click.Path(path_type=Path), help="Folder of the data files, if not as in the study file."
)


@click.command()
@click.argument("scenario", required=False)
@click.option("--n", "people", type=click.IntRange(min=1), default=5000, show_default=True, help="Number of people.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the raw files, study.yaml and the truth.")
@click.option("--format", "ending", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes; same bytes.")
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change a number of the scenario.")
@click.option("--truth/--no-truth", "with_truth", default=True, show_default=True, help="Also write truth/.")
@click.option("--list", "tell", is_flag=True, help="Tell the scenarios in words.")
@click.option("--like", type=click.Path(path_type=Path), help="Make a twin of this study.yaml; its data are not read.")
@click.option("--statistics", type=click.Path(path_type=Path), help="Its statistics, from 'cohort summarise'.")
@click.option(
    "--defects",
    type=click.Choice(["default", "all", "none"]),
    help="Plant defects: those that intake accepts, all, or none; a twin has the default ones, a scenario its own.",
)
@click.option("--clean-twin", is_flag=True, help="The same as --defects none.")
def simulate(
    scenario: str | None,
    people: int,
    seed: int,
    out: Path | None,
    ending: Literal["csv", "parquet"],
    workers: int,
    settings: tuple[str, ...],
    with_truth: bool,
    tell: bool,
    like: Path | None,
    statistics: Path | None,
    defects: Literal["default", "all", "none"] | None,
    clean_twin: bool,
) -> None:
    """Draw a synthetic cohort of SCENARIO as raw files with a study.yaml and its truth.

    SCENARIO is a name that --list tells, or the path of a scenario file of your own. With --like, the people of
    SCENARIO (literature_like by default) fill the files of a study of yours: a synthetic twin of it.
    """
    from cohort.output import MARKER, check_writable, fresh_folder, write_json
    from cohort.synthetic import list_scenarios, load_scenario, parse_settings, write_cohort

    if tell:
        for found in list_scenarios():
            click.echo(f"{found.name:30} {found.id:4} {found.title}.")
            click.echo(f"{'':35} It shows: {found.shows}. Source: {found.source}.")
        return
    if out is None or (scenario is None and like is None):
        raise click.UsageError("name a SCENARIO and a folder with --out, or ask for --list")
    check_writable(out)
    world = load_scenario(scenario or "literature_like").with_changes(parse_settings(settings))
    if like is not None:
        from cohort.codebook import load_codebook
        from cohort.synthetic.twin import write_twin

        planted: Literal["default", "all", "none"] = "none" if clean_twin else defects or "default"
        with fresh_folder(out) as partial:
            told = write_twin(
                like,
                partial,
                load_codebook(),
                n=people,
                seed=seed,
                statistics=statistics,
                defects=planted,
                scenario=world,
            )
            twin = {"cohort_version": __version__, "like": told.name, "scenario": world.name, "defects": planted}
            write_json(partial / MARKER, {**twin, "people": people, "seed": seed, "changes": dict(world.changes)})
        click.echo(f"synthetic twin: {out}\n{told.as_text()}")
        return
    if defects is not None:
        world = replace(world, defects={} if defects == "none" else {"kinds": defects})
    with fresh_folder(out) as partial:
        write_cohort(world, people, seed, partial, ending=ending, workers=workers, with_truth=with_truth)
        made = {"cohort_version": __version__, "scenario": world.name, "people": people, "seed": seed}
        write_json(partial / MARKER, {**made, "changes": dict(world.changes)})
    click.echo(f"synthetic cohort: {out}")


@click.command()
@click.argument("study")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File for the statistics (YAML).")
@ROOT
def summarise(study: str, out: Path, root: Path | None) -> None:
    """Write protected aggregate statistics of STUDY, from which a synthetic twin of it can be drawn elsewhere."""
    from cohort.report.statistics import summarise as make
    from cohort.synthetic.twin import write_statistics

    if out.exists():
        raise CohortError(f"'{out.name}' exists already; name a new file with --out.")
    write_statistics(make(study, root=root), out)
    click.echo(f"statistics: {out}\nRead them before they leave the building: they hold shares and quantiles only.")


@click.command()
@click.argument("scenario", default="literature_like")
@click.option("--n", "people", type=click.IntRange(min=1000), default=1_000_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def calibrate(scenario: str, people: int, seed: int, workers: int, as_json: bool) -> None:
    """Print what a synthetic world gives beside the numbers of the literature, and what misses its range."""
    from cohort.synthetic import calibration_table, calibration_text

    table = calibration_table(people, seed, scenario, workers=workers)
    click.echo(json.dumps(table.to_dict("records"), indent=2, default=bool) if as_json else calibration_text(table))


@click.command()
@click.argument("scenario", required=False)
@click.option("--method", "methods", multiple=True, help="Name of a method; several share the cohorts. See --list.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="Option of the method.")
@click.option(
    "--from",
    "source",
    type=click.Choice(["complete", "clean", "raw", "dirty"]),
    help="complete: all measured, nothing missing; clean: the person table; raw: files, read and cleaned; dirty: with "
    "defects.  [default: clean, or as the pass rules have it]",
)
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change a number of the scenario.")
@click.option("--n", "people", type=int, default=5000, show_default=True, help="People in each replicate.")
@click.option("--replicates", type=int, default=200, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--truth-n",
    "truth_people",
    type=click.IntRange(min=1000),
    default=400_000,
    show_default=True,
    help="People in whom the truth is found.",
)
@click.option("--workers", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True)
@click.option("--store", type=click.Path(path_type=Path), help="Folder of finished chunks: a killed run goes on there.")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path), help="Run the studies of this file instead.")
@click.option("--only", multiple=True, help="With --plan: only this study.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for tables and figure.")
@click.option("--list", "tell", is_flag=True, help="Tell methods, their options, and what each scenario declares.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diagnose(
    scenario: str | None,
    methods: tuple[str, ...],
    options: tuple[str, ...],
    source: str | None,
    settings: tuple[str, ...],
    people: int,
    replicates: int,
    seed: int,
    truth_people: int,
    workers: int,
    store: Path | None,
    plan_file: Path | None,
    only: tuple[str, ...],
    out: Path | None,
    tell: bool,
    as_json: bool,
) -> None:
    """Measure bias, coverage, error rates and verdicts of methods on replicates of SCENARIO.

    Without --method, the methods that its pass rules declare are tried, the naive beside the right. With --store, what
    is finished is kept, and the same command goes on where it was stopped.
    """
    from cohort.diagnosis import commands

    if tell:
        click.echo(commands.listing(as_json=as_json))
        return
    if plan_file is None and scenario is None:
        raise click.UsageError("name a SCENARIO or a --plan, or ask for --list")
    try:
        if plan_file is not None:
            text = commands.of_plan(plan_file, only=only, workers=workers, store=store, out=out, as_json=as_json)
        else:
            asked = commands.asked_for(
                str(scenario), methods, options, source, settings, people, replicates, seed, truth_people
            )
            text = commands.of_scenario(asked, workers=workers, store=store, out=out, as_json=as_json)
    except KeyboardInterrupt:
        if store is None:
            raise
        click.echo(
            f"stopped; what was finished lies in '{store.name}', and the same command goes on from it.", err=True
        )
        sys.exit(130)
    click.echo(text)


@click.command()
@click.argument("scenarios", metavar="[SCENARIO]...", nargs=-1)
@click.option("--n", "people", type=click.IntRange(min=1000), default=200_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the table as this CSV file.")
def traps(scenarios: tuple[str, ...], people: int, seed: int, workers: int, as_json: bool, out: Path | None) -> None:
    """Show for each SCENARIO what a naive analysis finds, what is true, and what a right analysis finds."""
    from cohort.output import safe_csv, write_text
    from cohort.traps import as_text, trap_table

    table = trap_table(people, seed, scenarios, workers)
    click.echo(table.to_json(orient="records", indent=2, force_ascii=False) if as_json else as_text(table))
    if out is not None:
        partial = out.with_name(f".{out.name}.partial")
        write_text(partial, safe_csv(table))
        partial.replace(out)


COMMANDS: tuple[click.Command, ...] = (simulate, summarise, calibrate, diagnose, traps)
