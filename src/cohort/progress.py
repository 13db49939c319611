"""A progress bar for what takes longer than a moment; silent when nobody watches."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

import click


@contextlib.contextmanager
def progress(steps: int, label: str, *, show: bool | None = None) -> Iterator[Callable[[str], None]]:
    """Yield a function that marks one step as done and names what is at work; the bar goes to standard error.

    Parameters
    ----------
    steps
        Number of steps.
    label
        What is being done.
    show
        Whether to show the bar; by default only when standard error is a terminal.

    Examples
    --------
    >>> with progress(2, "counting") as step:
    ...     step("one")
    ...     step("two")
    """
    watched = sys.stderr.isatty() if show is None else show
    if not watched:
        yield lambda name: None
        return
    with click.progressbar(length=steps, label=label, file=sys.stderr, item_show_func=lambda name: name or "") as bar:
        yield lambda name: bar.update(1, name)
