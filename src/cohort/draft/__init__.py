"""A first ``study.yaml`` from files alone: what their columns seem to be, with a score and a reason for each line."""
