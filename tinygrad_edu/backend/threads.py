"""With how many threads NumPy multiplies matrices: PyTorch's names, over threadpoolctl (the extra "train").

Only linear algebra has threads; everything else that NumPy does runs on one. Time with two threads divided by the time
with one, on two cores, medians: nobody else at work, and with other programs keeping about one core busy:

                                         quiet    busy
    product of 1024 x 1024 matrices       0.50     1.0
    MLP 784-256-128-10, batch 64          0.70     0.8
    LSTM 64-128, 64 steps                 0.66     2.9
    GPT, 4 layers, d 128                  0.69     3.6
    reference CNN, batch 32               0.86     4.2
    reference CNN, batch 128              0.78     4.6

On a busy machine each of the many small products waits for a thread that another program keeps from running. So: all
threads where nobody else works, `set_num_threads(1)` where somebody does, and for equal bits: the order of additions
depends on the number of threads. Not for: running Python in parallel.
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend.extras import require


def set_num_threads(num: int) -> None:
    """Let linear algebra use `num` threads from now on, in the whole process."""
    if isinstance(num, bool) or not isinstance(num, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(num).__name__}")
    if num < 1:
        raise ValueError(f"set_num_threads expects a positive integer, got {num}")
    _library().threadpool_limits(num, user_api="blas")


def get_num_threads() -> int:
    """How many threads linear algebra may use."""
    pools = _library().threadpool_info()
    return max((pool["num_threads"] for pool in pools if pool["user_api"] == "blas"), default=1)


def _library() -> Any:
    return require("threadpoolctl", extra="train", purpose="choose the number of threads")
