"""The command line: a thin layer that turns words into calls and errors into messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import click

from cohort import __version__
from cohort.errors import CohortError, Problem

_ROOT = click.option(
    "--root", type=click.Path(path_type=Path), help="Folder of the data files, if not as in the study file."
)

_ALLOW_GIT = click.option(
    "--allow-git", is_flag=True, help="Write results of a real study even where git would track them."
)

# JupyterLab asks its makers for news, updates and extensions unless told not to; data that must not leave the building
# are no place for that.
_NO_NETWORK = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


class _Commands(click.Group):
    """Print a user's mistake as a message and exit with 1, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CohortError as error:
            count = len(error.problems)
            for problem in error.problems:
                click.echo(f"error: {problem}", err=True)
            if count > 1:
                click.echo(f"{count} problems; nothing was written.", err=True)
            ctx.exit(1)
        except OSError as error:  # a full disk, a lacking right, a name that no file can have
            if error.strerror is None or isinstance(error, BrokenPipeError):
                raise
            where = Path(str(error.filename)).name if error.filename else "a file"
            click.echo(f"error: {Problem(where, f'{error.strerror}.')}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("stopped; nothing was written.", err=True)
            ctx.exit(130)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cohort")
def main() -> None:
    """Clean a cohort, test claims on it, and check the methods on synthetic cohorts with known truth.

    STUDY is a study.yaml; without it, the synthetic demo cohort is used.
    """


@main.command()
@click.argument("study", required=False)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the report.")
@_ROOT
@_ALLOW_GIT
def run(study: str | None, out: Path, root: Path | None, allow_git: bool) -> None:
    """Clean STUDY, run every notebook on it, and write one offline HTML report."""
    from cohort.report import run_suite

    _warn_of_git(allow_git)
    report = run_suite(study, out, root=root, allow_git=allow_git)
    click.echo(f"report: {report}")


@main.command()
@click.argument("study")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the clean tables.")
@_ROOT
@_ALLOW_GIT
@click.option("--people-per-block", type=click.IntRange(min=1), help="Clean so many people at once: for large cohorts.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Blocks side by side.")
def clean(
    study: str, out: Path, root: Path | None, allow_git: bool, people_per_block: int | None, workers: int
) -> None:
    """Write the clean tables of STUDY, ledger, quarantine and flow, and cleaning_report.html that explains them.

    With --people-per-block the files are read and cleaned block by block, in a fraction of the memory; the tables are
    the same, and the report is left out. STUDY may be the folder of an earlier 'cohort clean': then it is reported on.
    """
    from cohort.blocks import PEOPLE_PER_BLOCK, clean_in_blocks
    from cohort.output import check_writable, fresh_folder
    from cohort.report import quarantine_table, rows_table
    from cohort.report.cleaning_report import write_cleaning_report
    from cohort.report.cleaning_summary import plain_words
    from cohort.report.destination import check_destination
    from cohort.report.page import table_text
    from cohort.study import open_account, open_study

    check_writable(out)
    _warn_of_git(allow_git)
    check_destination(study, out, allow_git=allow_git)
    if people_per_block is not None or workers > 1:
        clean_in_blocks(study, out, root=root, people_per_block=people_per_block or PEOPLE_PER_BLOCK, workers=workers)
        opened = open_account(out)
        click.echo(f"clean cohort: {out}\n\n{table_text(rows_table(opened), opened.disclosure)}")
        click.echo(f"\n{table_text(quarantine_table(opened), opened.disclosure)}")
        click.echo(f"\nFor cleaning_report.html: cohort clean {out} --out FOLDER")
        return
    opened = open_study(study, root=root)
    with fresh_folder(out) as partial:
        opened.write_into(partial)
        report = write_cleaning_report(partial, opened)
    click.echo(f"clean cohort: {out}\nwhat cleaning did: {out / report.name}\n")
    for sentence in plain_words(opened):
        click.echo(click.wrap_text(sentence, width=100))
    for table in (rows_table(opened), quarantine_table(opened)):
        click.echo(f"\n{table_text(table, opened.disclosure)}")


@main.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File for the draft; printed without it.")
@click.option(
    "--format", "form", type=click.Choice(["bids", "redcap"]), help="Form of a folder that is not recognised."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def draft(files: tuple[Path, ...], out: Path | None, form: str | None, as_json: bool) -> None:
    """Propose a study.yaml for data files, with a score and a reason per line; what is doubtful stays a comment.

    FILE is a data file, a folder of data files, or a folder in BIDS or REDCap form.
    """
    from cohort.draft import draft_study
    from cohort.output import write_text

    if out is not None and out.exists():
        raise CohortError(f"'{out.name}' exists already and is left alone; name a new file with --out.")
    drafted = draft_study(files, out=out, folder_format=form)
    if out is not None:
        partial = out.with_name(f".{out.name}.partial")
        write_text(partial, drafted.text)
        partial.replace(out)
    if as_json:
        click.echo(json.dumps(drafted.to_dict(), indent=2, ensure_ascii=False))
    elif out is None:
        click.echo(drafted.text, nl=False)
        click.echo(drafted.summary(), err=True)
    else:
        click.echo(f"{drafted.summary()}\ndraft: {out}\nRead it line by line, decide, then: cohort check {out}")


@main.command()
@click.argument("study")
@_ROOT
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(study: str, root: Path | None, as_json: bool) -> None:
    """Say what of STUDY maps, what is rejected, which claims it can test and what effects it could see; writes nothing.

    Exit code 1 when the study cannot be read; all problems are told at once. docs/check.md describes the JSON.
    """
    from cohort.report.checking import check_study, check_text

    found = check_study(study, root=root)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    elif found.is_ready or found.files:
        click.echo(check_text(found))
    if not found.is_ready:
        raise CohortError(found.problems)


@main.command()
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


@main.command()
@click.argument("study")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File for the statistics (YAML).")
@_ROOT
def summarise(study: str, out: Path, root: Path | None) -> None:
    """Write protected aggregate statistics of STUDY, from which a synthetic twin of it can be drawn elsewhere."""
    from cohort.report.statistics import summarise as make
    from cohort.synthetic.twin import write_statistics

    if out.exists():
        raise CohortError(f"'{out.name}' exists already; name a new file with --out.")
    write_statistics(make(study, root=root), out)
    click.echo(f"statistics: {out}\nRead them before they leave the building: they hold shares and quantiles only.")


@main.command()
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


@main.command()
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


@main.command()
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


@main.command()
@click.argument("study", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="Working folder; by default '<name>-lab' here.")
@click.option("--no-browser", is_flag=True, help="Prepare the folder and don't open JupyterLab.")
@_ROOT
@_ALLOW_GIT
def lab(study: str | None, out: Path | None, root: Path | None, no_browser: bool, allow_git: bool) -> None:
    """Copy the notebooks to a working folder of STUDY, set to it, and open JupyterLab there."""
    from cohort.report.laboratory import prepare_laboratory

    _warn_of_git(allow_git)
    folder = prepare_laboratory(study, out, root=root, allow_git=allow_git)
    click.echo(f"working folder: {folder}")
    if not no_browser:
        command = [sys.executable, "-m", "jupyterlab", "--notebook-dir", str(folder), *_NO_NETWORK]
        sys.exit(subprocess.call(command))  # noqa: S603 - our own interpreter and a folder that we made


@main.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--study", help="A study.yaml or a folder of 'cohort clean': its ids are looked for as well.")
@_ROOT
@click.option(
    "--minimum", type=click.IntRange(min=2), default=5, show_default=True, help="Smallest count that may show."
)
@click.option("--synthetic", is_flag=True, help="Look for ids and rows of people only: small counts may show.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def screen(
    files: tuple[Path, ...], study: str | None, root: Path | None, minimum: int, synthetic: bool, as_json: bool
) -> None:
    """Look through the outputs of notebooks, reports (HTML) and tables (CSV) before they leave the building.

    Finds identifiers, tables with a row per person and small counts; says where, and never what. Pictures cannot be
    looked into and are listed. Exit code 0 when nothing was found.
    """
    from cohort.screening import as_text, known_ids, screen_files

    ids = known_ids(study, root) if study is not None else frozenset()
    found = screen_files(files, ids=ids, minimum=minimum, synthetic=synthetic)
    click.echo(json.dumps([one.to_dict() for one in found], indent=2) if as_json else as_text(found, len(files)))
    if any(one.counts for one in found):
        sys.exit(1)


def _warn_of_git(allow_git: bool) -> None:
    if allow_git:
        click.echo("warning: --allow-git: results may land in a folder that git tracks; commit none of them.", err=True)


if __name__ == "__main__":
    main()
