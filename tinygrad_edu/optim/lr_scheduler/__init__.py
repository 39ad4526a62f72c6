"""Learning rate schedules: the rate of each epoch as a formula.

Read `scheduler.py` (when the rate is written, and saving), `factors.py` (schedules that multiply, and so can be
combined), `functions.py`, `cosine.py`, `one_cycle.py`, `cyclic.py`, `plateau.py` (which looks at the loss), and
`combined.py` (warm-up, and other sequences).
"""

from tinygrad_edu.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from tinygrad_edu.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from tinygrad_edu.optim.lr_scheduler.cyclic import CyclicLR
from tinygrad_edu.optim.lr_scheduler.factors import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from tinygrad_edu.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from tinygrad_edu.optim.lr_scheduler.one_cycle import OneCycleLR
from tinygrad_edu.optim.lr_scheduler.plateau import ReduceLROnPlateau
from tinygrad_edu.optim.lr_scheduler.scheduler import LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
