"""One row of a profile: an operation at its place in the model, with what it took there and back. And the table.

For: adding rows up by operation or by module, and printing them. Not for: measuring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

OVERHEAD = "overhead (Python around NumPy)"


@dataclass
class Row:
    """What one operation took: seconds, floating-point operations (FLOPs) and bytes, over all its calls."""

    name: str
    path: tuple[str, ...] = ()  # the modules it was called in, the outermost first
    calls: int = 0
    forward: float = 0.0
    backward: float = 0.0
    forward_flops: int = 0
    backward_flops: int = 0
    forward_bytes: int = 0
    backward_bytes: int = 0

    @property
    def seconds(self) -> float:
        return self.forward + self.backward

    @property
    def flops(self) -> int:
        return self.forward_flops + self.backward_flops

    @property
    def bytes(self) -> int:
        return self.forward_bytes + self.backward_bytes

    def add(self, other: Row) -> None:
        """Take in what another row has."""
        for name in _ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_ADDED = ("calls", "forward", "backward", "forward_flops", "backward_flops", "forward_bytes", "backward_bytes")

# What a table can be sorted by: largest first, names from A to Z.
KEYS: dict[str, Callable[[Row], object]] = {
    "time": lambda row: -row.seconds,
    "forward": lambda row: -row.forward,
    "backward": lambda row: -row.backward,
    "calls": lambda row: -row.calls,
    "flops": lambda row: -row.flops,
    "bytes": lambda row: -row.bytes,
    "name": lambda row: row.name,
}
GROUPS: dict[str, Callable[[Row], str]] = {
    "op": lambda row: row.name,
    "module": lambda row: " > ".join(row.path) or "(no module)",
    "module > op": lambda row: " > ".join((*row.path, row.name)),
}


def grouped(rows: Iterable[Row], by: str) -> list[Row]:
    """One row for each operation ("op"), each module ("module") or each operation in each module ("module > op")."""
    if by not in GROUPS:
        raise ValueError(f"wanted by= one of {', '.join(map(repr, GROUPS))}, got {by!r}")
    found: dict[str, Row] = {}
    for row in rows:
        name = GROUPS[by](row)
        found.setdefault(name, Row(name)).add(row)
    return list(found.values())


def ordered(rows: Sequence[Row], sort_by: str) -> list[Row]:
    """The rows, largest first."""
    if sort_by not in KEYS:
        raise ValueError(f"wanted sort_by= one of {', '.join(map(repr, KEYS))}, got {sort_by!r}")
    return sorted(rows, key=KEYS[sort_by])  # type: ignore[arg-type]


def lines(rows: Sequence[Row], others: dict[str, float], total: float) -> list[str]:
    """The table: a line for each row, one for each other part of the program, the sum."""
    width = max([24, *(len(row.name) for row in rows), *map(len, others)])
    table = [
        f"{'':{width}}{'calls':>8}{'forward ms':>12}{'backward ms':>13}{'%':>7}"
        f"{'MFLOP':>11}{'MB':>10}{'GFLOP/s':>9}{'GB/s':>7}"
    ]
    whole = total or 1.0
    for row in rows:
        share = 100 * row.seconds / whole
        times = f"{1e3 * row.forward:12.3f}{1e3 * row.backward:13.3f}{share:7.1f}"
        work = f"{row.flops / 1e6:11.3f}{row.bytes / 1e6:10.3f}{_rate(row.flops, row):>9}{_rate(row.bytes, row):>7}"
        table.append(f"{row.name:{width}}{row.calls:8}{times}{work}")
    for name, seconds in others.items():
        table.append(f"{name:{width}}{'':8}{1e3 * seconds:12.3f}{'':13}{100 * seconds / whole:7.1f}")
    both = f"{1e3 * sum(row.forward for row in rows):12.3f}{1e3 * sum(row.backward for row in rows):13.3f}"
    table.append(f"{'operations':{width}}{sum(row.calls for row in rows):8}{both}")
    table.append(f"{'everything':{width}}{'':8}{1e3 * total:12.3f}{'':13}{100:7.1f}")
    return table


def _rate(amount: int, row: Row) -> str:
    """Billions a second, where there is something to divide."""
    return f"{amount / row.seconds / 1e9:.1f}" if amount and row.seconds else ""
