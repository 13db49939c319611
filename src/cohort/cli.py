"""The command line: a thin layer that turns words into calls and errors into messages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from cohort import __version__
from cohort.cli_simulation import COMMANDS, ROOT
from cohort.errors import CohortError, Problem

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
@ROOT
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
@ROOT
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
@ROOT
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
@click.argument("study", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="Working folder; by default '<name>-lab' here.")
@click.option("--no-browser", is_flag=True, help="Prepare the folder and don't open JupyterLab.")
@ROOT
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
@ROOT
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


for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main()
