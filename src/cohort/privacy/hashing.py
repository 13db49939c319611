"""Ids replaced by a keyed hash: nobody without the key can tell, or try out, whose hash it is."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pandas as pd

from cohort.errors import InputDataError, Problem

LEAST_KEY_BYTES = 16
HASH_LENGTH = 20
"""Hexadecimal digits of a hash, 80 bits: among 10 million people two share one with a chance under 1 in 10 billion."""

_MAKE_ONE = (
    "Make one with 'python -c \"import secrets; print(secrets.token_hex(32))\" > {name}', keep it where the ids are "
    "kept, and never beside the results."
)


def load_key(path: Path) -> bytes:
    """Return the key of a study, the bytes of a file without the white space around them.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputDataError
        If there is no such file, or its key has fewer than 16 bytes or hardly any distinct ones.
    """
    where, fix = f"privacy.hash_ids.key_file ({path.name})", _MAKE_ONE.format(name=path.name)
    try:
        key = path.read_bytes().strip() if path.is_file() else None
    except (OSError, ValueError) as error:  # also a name that no file can have
        raise InputDataError([Problem(where, "the file with the key cannot be read.", fix)]) from error
    if key is None:
        raise InputDataError([Problem(where, "the file with the key cannot be read.", fix)])
    if len(key) < LEAST_KEY_BYTES:
        what = f"the key is shorter than {LEAST_KEY_BYTES} bytes: ids could be found by trying."
        raise InputDataError([Problem(where, what, fix)])
    if len(set(key)) < LEAST_KEY_BYTES // 2:
        raise InputDataError([Problem(where, "the key repeats a few characters and can be guessed.", fix)])
    return key


class KeyedHash:
    """Replaces ids by hashes, the same id by the same hash wherever it stands.

    Parameters
    ----------
    key
        The secret; it is kept in memory only and stands in no output.

    Notes
    -----
    HMAC with SHA-256 (RFC 2104), its first 20 hexadecimal digits. A plain hash would not do: whoever knows that ids are
    eight digits hashes all of them.

    Examples
    --------
    >>> hashed = KeyedHash(b"0123456789abcdef")
    >>> hashed.one("00000042")
    '86ccd757ecfa8fc522b3'
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str] = {}

    def __repr__(self) -> str:
        """Return a text without the key."""
        return "KeyedHash(…)"

    def one(self, identifier: str) -> str:
        """Return the hash of one id."""
        if identifier not in self._known:
            digest = hmac.new(self._key, identifier.encode("utf-8"), hashlib.sha256).hexdigest()
            self._known[identifier] = digest[:HASH_LENGTH]
        return self._known[identifier]

    def of(self, ids: pd.Series) -> pd.Series:
        """Return a column of ids as hashes; a missing id stays missing, and the kind of column is kept.

        Parameters
        ----------
        ids
            Text, or a category of texts.
        """
        if isinstance(ids.dtype, pd.CategoricalDtype):
            return ids.cat.rename_categories({text: self.one(str(text)) for text in ids.cat.categories})
        known = {text: self.one(str(text)) for text in ids.dropna().unique()}
        return ids.map(known).astype(ids.dtype)

    def check_collisions(self) -> None:
        """Refuse to go on when two ids got one hash.

        Raises
        ------
        InputDataError
            If they did; with 80 bits this is not to be expected.
        """
        if len(set(self._known.values())) < len(self._known):
            what, fix = "two ids have the same hash under this key.", "Use another key."
            raise InputDataError([Problem("privacy.hash_ids", what, fix)])
