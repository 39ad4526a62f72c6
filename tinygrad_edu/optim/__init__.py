"""Optimizers: each is one formula, applied to every parameter that has a gradient.

`lr_scheduler` changes their learning rates as the training goes on; `swa_utils` averages the weights they leave behind.

Gradient accumulation: `backward` adds to `.grad`, so several small batches make one large one. A mean over N samples is
the mean of the means over k equal parts, hence the division:

    for number, (inputs, targets) in enumerate(loader, start=1):
        (loss_function(model(inputs), targets) / k).backward()
        if number % k == 0:
            optimizer.step()
            optimizer.zero_grad()
"""

from tinygrad_edu.optim import lr_scheduler, swa_utils
from tinygrad_edu.optim.adadelta import Adadelta
from tinygrad_edu.optim.adagrad import Adagrad
from tinygrad_edu.optim.adam import Adam
from tinygrad_edu.optim.adamw import AdamW
from tinygrad_edu.optim.nadam import NAdam
from tinygrad_edu.optim.optimizer import Optimizer
from tinygrad_edu.optim.rmsprop import RMSprop
from tinygrad_edu.optim.sgd import SGD

__all__ = [
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "NAdam",
    "Optimizer",
    "RMSprop",
    "SGD",
    "lr_scheduler",
    "swa_utils",
]
