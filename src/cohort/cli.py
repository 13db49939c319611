"""The command line: a thin layer that turns words into calls and errors into messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from cohort import __version__
from cohort.errors import CohortError

_ROOT = click.option(
    "--root", type=click.Path(path_type=Path), help="Folder of the data files, if not as in the study file."
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
def run(study: str | None, out: Path, root: Path | None) -> None:
    """Clean STUDY, run every notebook on it, and write one offline HTML report."""
    from cohort.report import run_suite

    report = run_suite(study, out, root=root)
    click.echo(f"report: {report}")


@main.command()
@click.argument("study")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the clean tables.")
@_ROOT
def clean(study: str, out: Path, root: Path | None) -> None:
    """Write the clean tables of STUDY, the ledger, the quarantine and the flow of people."""
    from cohort.output import check_writable
    from cohort.report import ledger_table, quarantine_table, rows_table
    from cohort.report.page import table_text
    from cohort.study import open_study

    check_writable(out)
    opened = open_study(study, root=root)
    opened.write(out)
    click.echo(f"clean cohort: {out}")
    for table in (rows_table(opened), ledger_table(opened), quarantine_table(opened)):
        click.echo(f"\n{table_text(table, opened.disclosure)}")


@main.command()
@click.argument("study")
@_ROOT
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(study: str, root: Path | None, as_json: bool) -> None:
    """Say what of STUDY maps, and which claims this cohort can test; writes nothing."""
    from cohort.report.coverage import describe_coverage
    from cohort.study import open_study

    coverage = describe_coverage(open_study(study, root=root))
    click.echo(json.dumps(coverage.to_dict(), indent=2, ensure_ascii=False) if as_json else coverage.as_text())


@main.command()
@click.argument("scenario", required=False)
@click.option("--n", "people", type=click.IntRange(min=1), default=5000, show_default=True, help="Number of people.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the raw files, study.yaml and the truth.")
@click.option("--list", "tell", is_flag=True, help="Tell the scenarios in words.")
def simulate(scenario: str | None, people: int, seed: int, out: Path | None, tell: bool) -> None:
    """Draw a synthetic cohort of SCENARIO as raw files with a study.yaml and its truth."""
    from cohort.output import MARKER, check_writable, fresh_folder, write_json
    from cohort.synthetic import list_scenarios, load_scenario, write_cohort
    from cohort.synthetic import simulate as draw

    if tell:
        for found in list_scenarios():
            click.echo(f"{found.name:22} {found.id:4} {found.title}")
        return
    if scenario is None or out is None:
        raise click.UsageError("name a SCENARIO and a folder with --out, or ask for --list")
    check_writable(out)
    cohort = draw(load_scenario(scenario), people, seed)
    with fresh_folder(out) as partial:
        write_cohort(cohort, partial)
        made = {"cohort_version": __version__, "scenario": cohort.scenario.name, "people": people, "seed": seed}
        write_json(partial / MARKER, made)
    click.echo(f"synthetic cohort: {out}")


@main.command()
@click.argument("scenario")
@click.option("--method", required=True, help="Name of the method; an unknown one lists them.")
@click.option("--n", "people", type=click.IntRange(min=50), default=5000, show_default=True)
@click.option("--replicates", type=click.IntRange(min=2), default=200, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diagnose(scenario: str, method: str, people: int, replicates: int, seed: int, workers: int, as_json: bool) -> None:
    """Measure bias and coverage of a method on replicates of SCENARIO."""
    from cohort.diagnosis import diagnose as measure

    diagnosis = measure(scenario, method, people=people, replicates=replicates, seed=seed, workers=workers)
    click.echo(json.dumps(diagnosis.to_dict(), indent=2) if as_json else diagnosis.as_text())


@main.command()
@click.argument("study", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="Working folder; by default '<name>-lab' here.")
@click.option("--no-browser", is_flag=True, help="Prepare the folder and don't open JupyterLab.")
@_ROOT
def lab(study: str | None, out: Path | None, root: Path | None, no_browser: bool) -> None:
    """Copy the notebooks to a working folder of STUDY, set to it, and open JupyterLab there."""
    from cohort.report.laboratory import prepare_laboratory

    folder = prepare_laboratory(study, out, root=root)
    click.echo(f"working folder: {folder}")
    if not no_browser:
        command = [sys.executable, "-m", "jupyterlab", "--notebook-dir", str(folder), *_NO_NETWORK]
        sys.exit(subprocess.call(command))  # noqa: S603 - our own interpreter and a folder that we made


if __name__ == "__main__":
    main()
