"""Whole models, to be trained, taken apart and built upon.

ReferenceCNN for pictures; CausalLanguageModel (a GPT) and RecurrentLanguageModel for text; RecurrentRegressor for one
number about a sequence; SequenceToSequence for one sequence made into another.
"""

from tinygrad_edu.models.cache import KeyValueCache
from tinygrad_edu.models.language import CausalLanguageModel
from tinygrad_edu.models.recurrent import RecurrentLanguageModel, RecurrentRegressor, RecurrentState
from tinygrad_edu.models.reference_cnn import ReferenceCNN
from tinygrad_edu.models.translation import SequenceToSequence

__all__ = [
    "CausalLanguageModel",
    "KeyValueCache",
    "RecurrentLanguageModel",
    "RecurrentRegressor",
    "RecurrentState",
    "ReferenceCNN",
    "SequenceToSequence",
]
