"""Where did this NaN come from? `detect_anomaly` stops at the first operation that makes one, and names its line.

    with autograd.detect_anomaly():
        loss = model(x)           # RuntimeError: log made NaN, though none of its arguments held any; at train.py:12
        loss.backward()           # RuntimeError: Function 'SqrtBackward' returned nan values in its 0th output …

For: finding the mistake once something is NaN. Not for: every run; each operation's numbers are looked at, which takes
time, and on a GPU each look waits for it. PyTorch watches backward only; here the forward is watched too.
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import is_array, namespace
from tinygrad_edu.engine import Value, caller, observers, place, recorded_at
from tinygrad_edu.engine.walk import backward_observers


def has_nan(values: Any) -> bool:
    """True when an array, a Value or a tuple of them holds a NaN."""
    if isinstance(values, Value):
        values = values.array
    if isinstance(values, (tuple, list)):
        return any(has_nan(value) for value in values)
    if isinstance(values, dict):
        return any(has_nan(value) for value in values.values())
    if not is_array(values) or values.dtype.kind != "f":
        return isinstance(values, float) and values != values
    return bool(namespace(values).isnan(values).any())


def watch_forward(primitive: Any, arrays: list[Any], settings: dict[str, Any], out: Any) -> None:
    """Complain if `out` holds a NaN and no argument did."""
    if has_nan(out) and not has_nan(arrays) and not has_nan(list(settings.values())):
        raise RuntimeError(
            f"{primitive.name} made NaN, though none of its arguments held any ({_ranges(primitive, arrays)}); "
            f"it was called at {place(caller())}"
        )


def _ranges(primitive: Any, arrays: list[Any]) -> str:
    """'x from -1 to 3': most NaNs are explained by a number outside what the function is defined for."""
    found = []
    for i, array in enumerate(arrays):
        name = primitive.arguments[min(i, len(primitive.arguments) - 1)] if primitive.arguments else f"argument {i}"
        if not is_array(array):
            found.append(f"{name} = {array}")
        elif array.size:
            found.append(f"{name} from {float(array.min()):.6g} to {float(array.max()):.6g}")
    return ", ".join(found)


def watch_backward(node: Any, gradient: Any, contributions: list[Any]) -> None:
    """Complain if a rule returned a NaN and was given none."""
    if has_nan(gradient):
        return
    for i, contribution in enumerate(contributions):
        if has_nan(contribution):
            raise RuntimeError(
                f"Function '{repr(node).strip('<>')}' returned nan values in its {i}th output, though the gradient it "
                f"was given held none: {node.name}, recorded at {recorded_at(node)}"
            )


def _switch(mode: bool, check_nan: bool) -> None:
    for table, watcher in ((observers, watch_forward), (backward_observers, watch_backward)):
        if watcher in table:
            table.remove(watcher)
        if mode and check_nan:
            table.append(watcher)


def is_anomaly_enabled() -> bool:
    """True while NaNs are being looked for."""
    return watch_forward in observers


class set_detect_anomaly:
    """Look for NaNs from now on (or no longer): `set_detect_anomaly(True)`, or `with set_detect_anomaly(True): …`."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = is_anomaly_enabled()
        _switch(mode, check_nan)

    def __enter__(self) -> None:
        """The mode is on already."""

    def __exit__(self, *_: object) -> None:
        _switch(self._before, True)


class detect_anomaly:
    """Look for NaNs inside a with block."""

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan = check_nan

    def __enter__(self) -> None:
        self._before = is_anomaly_enabled()
        _switch(True, self._check_nan)

    def __exit__(self, *_: object) -> None:
        _switch(self._before, True)
