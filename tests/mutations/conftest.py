"""The files here are run as scripts by ``tests/end_to_end/test_mutations.py``; pytest collects nothing of them."""

collect_ignore_glob = ["*.py"]
