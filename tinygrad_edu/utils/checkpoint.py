"""Activation checkpointing: memory for time. What a piece of a model computes is forgotten, and computed once more.

    y = checkpoint(block, x)          # as y = block(x), but the tape keeps x instead of all that the block computes

The tape of n layers keeps n activations. Of √n pieces of √n layers each, checkpointed, it keeps the √n inputs, and in
backward the √n activations of one piece at a time; the price is a second forward. For: models whose activations do not
fit into the memory. Not for: saving a training to a file, which is `tinygrad_edu.checkpoint`.

How it works: the forward runs as always. Then all it has recorded is exchanged for one node, whose parents are the
tensors from outside that were used: the arguments, the weights. In backward that node runs the function again, with
the same random numbers, and walks through the new tape (`autograd/recomputing.py`).
Sources: Griewank, Walther 2000, "Algorithm 799: revolve"; Chen, Xu, Zhang, Guestrin 2016, "Training deep nets with
sublinear memory cost".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from tinygrad_edu.autograd.recomputing import shortened
from tinygrad_edu.backend import Array, Generator, draw_observers
from tinygrad_edu.engine import Value, clock, enable_grad, is_grad_enabled, result


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), of which the tape keeps the arguments only; its gradients are equal bit for bit

    Arguments and results may be anything; tensors in tuples, lists and dictionaries are found. `function` must compute
    the same when it is called again in backward: with `preserve_rng_state` every generator of this package draws the
    same numbers as the first time. What else it changes, such as the running statistics of a batch norm, it changes
    twice. `use_reentrant` is accepted for PyTorch's sake: there is one way here, which does what use_reentrant=False
    does there. Errors: RuntimeError when the function writes into its arguments, or computes something else the second
    time, or when a tensor that it used has been written to before backward.
    """
    if not is_grad_enabled():
        return function(*args, **kwargs)
    started, draws, arrays = clock.tick(), Draws(), []

    def keep(tensor: Value) -> Kept:
        arrays.append(tensor.array)
        return Kept(tensor.array, tensor.node)

    kept = changed((args, kwargs), Value, keep)
    with draws.noted():
        returned = function(*args, **kwargs)

    def again() -> list[Value]:
        args, kwargs = changed(kept, Kept, lambda tensor: result(tensor.array, tensor.node))
        with enable_grad(), draws.repeated(preserve_rng_state):
            return found(function(*args, **kwargs))

    outputs = iter(shortened(found(returned), started, again, arrays))
    return changed(returned, Value, lambda _: next(outputs))


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, *, preserve_rng_state: bool = True
) -> Any:
    """functions[-1](… functions[0](input)), in `segments` pieces of equal length, all but the last checkpointed

    functions: a Sequential or a list of functions of one argument. With segments = √n the tape keeps about √n arrays
    and, in backward, those of one piece. Errors: ValueError unless 1 ≤ segments ≤ the number of functions.
    """
    listed = list(functions.children() if hasattr(functions, "children") else functions)
    if isinstance(segments, bool) or not isinstance(segments, int):
        raise TypeError(f"wanted segments to be an integer, got {type(segments).__name__}: {segments!r}")
    if not 1 <= segments <= len(listed):
        raise ValueError(f"wanted segments from 1 to the number of functions, {len(listed)}, got {segments}")
    length = len(listed) // segments
    last = length * (segments - 1)
    for start in range(0, last, length):
        piece = in_a_row(listed[start : start + length])
        input = checkpoint(piece, input, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state)
    return in_a_row(listed[last:])(input)


def in_a_row(functions: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """x -> functions[-1](… functions[0](x))"""

    def run(value: Any) -> Any:
        for function in functions:
            value = function(value)
        return value

    return run


# -------------------------------------------------------------------------------------------------------- nested values
class Kept(NamedTuple):
    """A tensor as it was when the function was called: nodes point at arrays and nodes, never at tensors."""

    array: Array
    node: Any


def changed(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """`value` with change(part) in the place of every part of this kind, in nested tuples, lists and dictionaries."""
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, dict):
        return {key: changed(part, kind, change) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):  # a named tuple
        return type(value)(*(changed(part, kind, change) for part in value))
    if type(value) in (tuple, list):
        return type(value)(changed(part, kind, change) for part in value)
    return value


def found(value: Any) -> list[Value]:
    """The tensors in `value`, in the order in which `changed` meets them."""
    tensors: list[Value] = []
    changed(value, Value, tensors.append)
    return tensors


# ------------------------------------------------------------------------------------------------------- random numbers
class Draws:
    """What a function has drawn, as the places where its generators were before, so that it draws the same again."""

    def __init__(self) -> None:
        self.states: list[tuple[Generator, Any]] = []

    def note(self, generator: Generator) -> None:
        """Called before each draw: the first one of each generator counts."""
        if all(known is not generator for known, _ in self.states):
            self.states.append((generator, generator.get_state()))

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note what is drawn inside a with block."""
        draw_observers.append(self.note)
        try:
            yield
        finally:
            draw_observers.remove(self.note)

    @contextmanager
    def repeated(self, wanted: bool) -> Iterator[None]:
        """Draw the same inside a with block, if `wanted`; afterwards the generators are where they were before it."""
        states = self.states if wanted else []
        present = [(generator, generator.get_state()) for generator, _ in states]
        try:
            for generator, state in states:
                generator.set_state(state)
            yield
        finally:
            for generator, state in present:
                generator.set_state(state)
