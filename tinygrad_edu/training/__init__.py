"""Training: the loop, written out, and the few things that every training wants beside it.

Read `loop.py` first: it is the whole idea. Then `recipe.py` (gradients of several batches, clipping), `meter.py` (means
without waiting for the GPU), `watch.py` (what happens when the loss is not a number any more), `history.py`,
`metrics.py` and `callbacks.py`. Not for: anything that a learner should not be able to write instead; `fit` has no
powers that your own loop lacks.
"""

from tinygrad_edu.training.callbacks import checkpointing, cosine_decay, early_stopping, scheduling
from tinygrad_edu.training.history import History
from tinygrad_edu.training.loop import State, evaluate, fit
from tinygrad_edu.training.metrics import accuracy

__all__ = [
    "History",
    "State",
    "accuracy",
    "checkpointing",
    "cosine_decay",
    "early_stopping",
    "evaluate",
    "fit",
    "scheduling",
]
