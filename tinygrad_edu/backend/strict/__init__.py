"""The strict stand-in: CuPy's interface over NumPy's arithmetic, for testing GPU code on a machine without a GPU.

For: tests (`device("strict")`) and lessons about what a GPU costs. It refuses what CuPy refuses, turns what CuPy does
wrongly in silence into errors, has only the names and keywords that CuPy has, and counts launches, waits and transfers:

    x = upload(numpy.ones(3)); counters.reset(); loss = (x * 2).sum(); counters.snapshot()      # 2 launches, 0 waits
    float(loss)                                                                                 # 1 download, 1 wait

Not for: speed. Nothing outside this folder and `backend` needs to know that it exists.
"""

from tinygrad_edu.backend.strict.array import StrictArray, download, upload
from tinygrad_edu.backend.strict.counters import Counters, Counts, counters
from tinygrad_edu.backend.strict.library import cupyx, library

__all__ = ["Counters", "Counts", "StrictArray", "counters", "cupyx", "download", "library", "upload"]
