"""Ids become keyed hashes: the same everywhere, and of no use without the key."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pandas as pd
import pytest

from cohort.errors import InputDataError
from cohort.privacy import KeyedHash, load_key

KEY = b"a key of more than 16 bytes"


def test_it_is_hmac_sha_256() -> None:
    assert KeyedHash(KEY).one("7") == hmac.new(KEY, b"7", hashlib.sha256).hexdigest()[:20]
    assert KeyedHash(KEY).one("7") != KeyedHash(b"another key of 16 bytes").one("7")


def test_kinds_of_columns_and_missing_ids_are_kept() -> None:
    hashed = KeyedHash(KEY)
    for dtype in ("string", "str", "category", "object"):
        ids = pd.Series(["7", None, "8", "7"], dtype=dtype)
        found = hashed.of(ids)
        assert found.dtype == ids.dtype or dtype == "category"
        assert found.isna().tolist() == [False, True, False, False]
        assert found.iloc[0] == found.iloc[3] == hashed.one("7")


def test_the_key_is_in_no_text() -> None:
    assert "key" not in repr(KeyedHash(KEY)).replace("KeyedHash", "")


@pytest.mark.parametrize(("content", "what"), [(b"short", "shorter than 16"), (b"x" * 40, "guessed"), (None, "read")])
def test_a_key_that_protects_nothing_is_refused(content: bytes | None, what: str, tmp_path: Path) -> None:
    path = tmp_path / "cohort.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputDataError, match=what) as refused:
        load_key(path)
    assert "secrets.token_hex" in str(refused.value)
    assert "short" not in str(refused.value).replace("shorter", "")


def test_white_space_around_a_key_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "k"
    path.write_bytes(KEY + b"\r\n")
    assert load_key(path) == KEY
