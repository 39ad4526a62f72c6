"""With how many threads NumPy multiplies matrices: PyTorch's names, over threadpoolctl (the extra "train").

Only linear algebra has threads; everything else that NumPy does runs on one. Measured on two cores, when nobody else
was using them, as a ratio of the time with two threads to the time with one:

    product of 1024 x 1024 matrices      0.52
    GPT, 4 layers, d 128: a step         0.66
    LSTM 64-128, 64 steps                0.93
    reference CNN, batch 32              0.96

When another program keeps a core busy two threads wait for each other, and a step takes several times as long as with
one. For: `set_num_threads(1)` there, and for equal bits: the order of additions depends on the number of threads.
Not for: running Python in parallel.
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
