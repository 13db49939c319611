"""Errors a user can act on: every message says what is wrong, where, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_LONGEST = 1_000
"""So many characters of a place, a fault or a remedy are told; a damaged file can have names of any length."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong.

    Parameters
    ----------
    where
        File, line, column or entry, without any value of a participant.
    what
        What is wrong, in words.
    fix
        What the user can do about it; empty when nothing sensible can be said.
    """

    where: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        r"""Return the problem on one line, in which no name from a file can move the cursor or fill the screen.

        Examples
        --------
        >>> str(Problem("a.csv", "there is no column 'crp'.", "Did you mean 'c\x1b[1mrp'?"))
        "a.csv: there is no column 'crp'. Did you mean 'c\\x1b[1mrp'?"
        """
        where, what, fix = (_readable(text) for text in (self.where, self.what, self.fix))
        return f"{where}: {what} {fix}".rstrip()


def _readable(text: str) -> str:
    """Return text with signs that cannot be seen written out, cut where it is too long to be read."""
    seen = _INVISIBLE.sub(lambda sign: repr(sign.group())[1:-1], text)
    return seen if len(seen) <= _LONGEST else f"{seen[:_LONGEST]} …"


class CohortError(Exception):
    """A mistake in the data or the study that the user can mend; carries every problem found.

    Parameters
    ----------
    problems
        All problems, in the order in which they were found. A plain text stands for a problem without a place.

    Examples
    --------
    >>> error = CohortError([Problem("study.yaml, line 3", "unknown key 'titel'.", "Did you mean 'title'?")])
    >>> print(error)
    study.yaml, line 3: unknown key 'titel'. Did you mean 'title'?
    """

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        found = [Problem("cohort", problems)] if isinstance(problems, str) else list(problems)
        self.problems: tuple[Problem, ...] = tuple(dict.fromkeys(found))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[CohortError], tuple[tuple[Problem, ...]]]:
        """Return how to build the error again in another process, with all its problems."""
        return type(self), (self.problems,)


class StudyFileError(CohortError):
    """The study file is not valid."""


class InputDataError(CohortError):
    """A data file is missing, unreadable, or does not fit the study file."""


class CodebookError(CohortError):
    """The codebook in ``data_schema`` is not valid."""


class AnalysisError(CohortError):
    """An analysis was asked for that these data cannot give."""
