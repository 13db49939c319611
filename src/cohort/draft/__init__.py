"""A first ``study.yaml`` from files alone: what their columns seem to be, with a score and a reason for each line."""

from cohort.draft.drafting import draft_study
from cohort.draft.result import Draft
from cohort.draft.vocabulary import DraftVocabulary, load_vocabulary

__all__ = ["Draft", "DraftVocabulary", "draft_study", "load_vocabulary"]
