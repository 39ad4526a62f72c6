"""How a tensor looks: its numbers in nested brackets, then whatever about it is not the default. As PyTorch prints.

    tensor([[ 1.0000, -2.5000],
            [ 0.3333,  4.0000]], dtype=float64, requires_grad=True)

For: reading numbers. On a GPU this waits for them. Not for: exchanging them; four digits are not all there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy

from tinygrad_edu.backend import CPU, device_of, dtypes, to_host
from tinygrad_edu.engine import Leaf


@dataclass(frozen=True)
class PrintOptions:
    """What `set_printoptions` sets."""

    precision: int = 4  # digits after the point
    threshold: float = 1000  # tensors with more elements are summarized
    edgeitems: int = 3  # how many are shown at each end of a summarized dimension
    linewidth: int = 80  # characters in a line
    sci_mode: bool | None = None  # always or never with a power of ten; None: where the numbers ask for it


PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are printed; what is None stays as it is. `profile`: "default", "short" or "full" first."""
    global options
    if profile is not None and profile not in PROFILES:
        raise ValueError(f"set_printoptions wanted a profile among {', '.join(PROFILES)}, got {profile!r}")
    base = options if profile is None else PROFILES[profile]
    given: dict[str, Any] = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    # sci_mode alone has a meaning for None (as the numbers ask), and returns to it with every call, as in PyTorch.
    options = replace(base, sci_mode=sci_mode, **{key: value for key, value in given.items() if value is not None})


def describe(tensor: Any) -> str:
    """The text of a tensor: `tensor(…)`."""
    array = to_host(tensor.array)
    opening = "tensor("
    text = "[]" if array.size == 0 else _Writer(array).block(array, len(opening))
    return _with_remarks(opening + text, _remarks(tensor, array), len(opening)) + ")"


def _remarks(tensor: Any, array: numpy.ndarray) -> list[str]:
    """What is said after the numbers: only what they do not show and nobody would assume."""
    remarks = []
    device = device_of(tensor.array)
    if device != CPU:
        remarks.append(f"device='{device}'")
    if array.size == 0 and array.ndim != 1:
        remarks.append(f"size={array.shape}")
    assumed = {dtypes.get_default_dtype()}
    if array.size:  # without numbers, neither integers nor truth values can be told from floats
        assumed |= {dtypes.int64, dtypes.bool}
    if array.dtype not in assumed:
        remarks.append(f"dtype={array.dtype}")
    if isinstance(tensor.node, Leaf):
        remarks.append("requires_grad=True")
    elif tensor.node is not None:
        remarks.append(f"grad_fn={tensor.node!r}")
    return remarks


def _with_remarks(text: str, remarks: list[str], indent: int) -> str:
    """The remarks after the numbers, each on a new line if it would not fit on this one."""
    used = len(text) - text.rfind("\n") + 1  # the last line, and the bracket that will close
    for remark in remarks:
        if used + len(remark) + 2 > options.linewidth:
            text += ",\n" + " " * indent + remark
            used = indent + len(remark)
        else:
            text += ", " + remark
            used += len(remark) + 2
    return text


class _Writer:
    """Writes the numbers of one array, all in one style and width."""

    def __init__(self, array: numpy.ndarray) -> None:
        self.summarized = array.size > options.threshold
        self.text, self.width = _style(_shown(array) if self.summarized else array)

    def block(self, array: numpy.ndarray, indent: int) -> str:
        """The nested brackets; each dimension after the first line is indented to stand below its bracket."""
        if array.ndim == 0:
            return self.text(array.item())
        if array.ndim == 1:
            return self._line(array, indent)
        parts = [self.block(part, indent + 1) for part in self._ends(array)]
        if len(parts) < len(array):
            parts.insert(options.edgeitems, "...")
        return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"

    def _line(self, array: numpy.ndarray, indent: int) -> str:
        """One row of numbers, broken where the line is full."""
        cells = [self.text(value) for value in self._ends(array).tolist()]
        if len(cells) < len(array):
            cells.insert(options.edgeitems, " ...")
        fit = max(1, (options.linewidth - indent) // (self.width + 2))
        lines = [", ".join(cells[start : start + fit]) for start in range(0, len(cells), fit)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

    def _ends(self, array: numpy.ndarray) -> numpy.ndarray:
        """The array, or its first and last `edgeitems` if it is summarized and longer."""
        edge = options.edgeitems
        if not self.summarized or len(array) <= 2 * edge:
            return array
        return numpy.concatenate([array[:edge], array[len(array) - edge :]])


def _shown(array: numpy.ndarray) -> numpy.ndarray:
    """The elements of an array that a summary shows: they alone decide the style."""
    edge = options.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            array = numpy.take(array, [*range(edge), *range(size - edge, size)], axis)
    return array


def _style(array: numpy.ndarray) -> tuple[Callable[[Any], str], int]:
    """How to write one number, and how many characters each gets, from all the numbers that are to be shown."""
    if array.dtype.kind != "f":
        width = max((len(str(value)) for value in array.ravel().tolist()), default=0)
        return lambda value: str(value).rjust(width), width
    values = array.astype(numpy.float64).ravel()
    values = values[numpy.isfinite(values) & (values != 0)]
    if not values.size:
        return _whole, 1
    smallest, largest = float(abs(values).min()), float(abs(values).max())
    whole = bool((values == numpy.ceil(values)).all())
    scientific = largest / smallest > 1000 or largest > 1e8 or (smallest < 1e-4 and not whole)
    if scientific if options.sci_mode is None else options.sci_mode:
        return _padded(f".{options.precision}e", values)
    if whole:
        width = max(len(_whole(value)) for value in values.tolist())
        return lambda value: _whole(value).rjust(width), width
    return _padded(f".{options.precision}f", values)


def _whole(value: float) -> str:
    """2. for 2.0: the point says that it is no integer."""
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def _padded(style: str, values: numpy.ndarray) -> tuple[Callable[[float], str], int]:
    width = max(len(format(value, style)) for value in values.tolist())
    return lambda value: format(value, style).rjust(width), width
