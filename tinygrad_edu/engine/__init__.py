"""Floor 1: reverse-mode automatic differentiation over opaque functions. There is no calculus in here.

Read in this order: `tape` (what is recorded), `primitive` (when), `walk` (how it is used), `clock` (what keeps it
safe), `unrolled` (the same as `primitive`, faster), `fusing` (kernels beside their definitions), `costs` (what they
take).
"""

from tinygrad_edu.engine.clock import mark_written
from tinygrad_edu.engine.costs import backward_flops, bytes_moved, forward_flops
from tinygrad_edu.engine.fusing import Fused, fuses, unfused
from tinygrad_edu.engine.kernels import Kernel, kernel
from tinygrad_edu.engine.modes import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from tinygrad_edu.engine.primitive import Primitive, observers, primitive, primitives, result, results_are
from tinygrad_edu.engine.tape import Leaf, Node, Parts, Pick, Value, caller, place, recorded_at
from tinygrad_edu.engine.walk import backward_observers, collect, walk

__all__ = [
    "Fused",
    "Kernel",
    "Leaf",
    "Node",
    "Parts",
    "Pick",
    "Primitive",
    "Value",
    "backward_flops",
    "backward_observers",
    "bytes_moved",
    "caller",
    "collect",
    "enable_grad",
    "forward_flops",
    "fuses",
    "inference_mode",
    "is_grad_enabled",
    "kernel",
    "mark_written",
    "no_grad",
    "observers",
    "place",
    "primitive",
    "primitives",
    "recorded_at",
    "result",
    "results_are",
    "set_grad_enabled",
    "unfused",
    "walk",
]
