"""Where does the time go? Time, calls, FLOPs and bytes of every operation, forward and backward, and the memory of it.

    with profiler.profile() as p:
        loss = loss_function(model(inputs), labels)
        loss.backward()
        optimizer.step()
    print(p)                                # or p.table(sort_by="backward", by="module")
    p.draw()                                # the same as a picture: modules, and the operations in them
    profiler.roofline(p)                    # how near each operation is to what this machine can do

Read in this order: `rows` (what is known of an operation), `swaps`, `work` and `recorder` (how it gets known),
`memory`; then the pictures, `flame` and `roofline`. For: finding out what is worth making faster. Not for: comparing
with other libraries (`tinygrad-edu bench`), or an engine's overhead to the percent: being watched costs time too.
"""

from tinygrad_edu.profiler.memory import Memory
from tinygrad_edu.profiler.recorder import profile, record_function
from tinygrad_edu.profiler.roofline import Machine, measure_machine, roofline
from tinygrad_edu.profiler.rows import Row

__all__ = ["Machine", "Memory", "Row", "measure_machine", "profile", "record_function", "roofline"]
