"""What protects single people before anything is analysed: direct identifiers are recognised, ids become hashes."""

from cohort.privacy.hashing import KeyedHash, load_key
from cohort.privacy.identifiers import IdentifierColumn, find_identifiers

__all__ = ["IdentifierColumn", "KeyedHash", "find_identifiers", "load_key"]
