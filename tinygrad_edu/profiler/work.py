"""What a call did, in FLOPs and bytes: noted while the profile runs, worked out when it ends.

For: `recorder`. Not for: time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinygrad_edu.backend import is_array
from tinygrad_edu.engine import backward_flops, forward_flops
from tinygrad_edu.engine.costs import Call
from tinygrad_edu.engine.kernels import KernelNode
from tinygrad_edu.profiler.rows import Row


@dataclass
class Work:
    """What calls of one shape in one row did: there (`wanted` is None), or back to the arguments that are wanted."""

    row: Row
    call: Call
    wanted: tuple[bool, ...] | None
    shapes: Any
    times: int = 0
    read: int = 0
    written: int = 0

    def settle(self) -> None:
        """Add the FLOPs and the bytes to the row."""
        if self.shapes not in _known:
            there = self.wanted is None
            _known[self.shapes] = forward_flops(self.call) if there else backward_flops(self.call, self.wanted or ())
        flops = _known[self.shapes]
        # What calculates nothing picks numbers out: it need not read more than it writes.
        moved = self.written + (self.read if flops else min(self.read, self.written))
        way = "forward" if self.wanted is None else "backward"
        setattr(self.row, f"{way}_flops", getattr(self.row, f"{way}_flops") + self.times * flops)
        setattr(self.row, f"{way}_bytes", getattr(self.row, f"{way}_bytes") + moved)


_known: dict[Any, int] = {}  # to run a definition takes time: it is done once for each shape


def read_by_rules(node: Any) -> Any:
    """What the rules of a node read of what it keeps: not the arguments that a kernel keeps for second derivatives."""
    if isinstance(node, KernelNode):
        return [values[0] for values in node.saved or () if values is not None]
    return node.kept


def signature(value: Any) -> Any:
    """What a cost can depend on, to be found again: shapes and dtypes of arrays, other values as they are written."""
    if type(value) is tuple:
        return tuple(map(signature, value))
    if is_array(value):
        return value.shape, str(value.dtype)
    return value if isinstance(value, (bool, int, str, type(None))) else repr(value)
