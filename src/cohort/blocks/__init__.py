"""Cleaning a cohort that is too large for memory, block by block of people; the same clean tables as in one go.

All rows of a person, of every file, come into one block. Rules that look at the rows of one person run on a block;
those that compare people, sites, plates or columns (``needs_all_rows``) run on the canonical tables of everybody, which
are many times smaller than the files as text. The result differs from that in one go only in the order of the rows.
"""

from cohort.blocks.run import PEOPLE_PER_BLOCK, clean_in_blocks

__all__ = ["PEOPLE_PER_BLOCK", "clean_in_blocks"]
