"""The files here made the pins; pytest collects nothing of them."""

collect_ignore_glob = ["*.py"]
