"""`with profile() as p:` puts a stopwatch around every operation, every rule, every module, and takes them away again.

While it runs: the function of each primitive is timed and the engine's observers learn of each call; the walk back is
timed node by node, and a node's time goes to the operation whose rules ran, in the module that called it (a node is
younger than the call that made it was noted, and older than the next: the engine's clock tells which). FLOPs are
worked out when it ends, from shapes. What remains of the time is the engine's and the program's own Python.

Not for: other threads than the one that opened it, whose time would be counted twice; nor for a GPU, which goes on
working when a function has returned: there only calls, FLOPs and bytes are right.
"""

from __future__ import annotations

import functools
import importlib
import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any

from tinygrad_edu.engine import Pick, bytes_moved, clock, observers, primitives
from tinygrad_edu.engine.costs import Call, blank
from tinygrad_edu.nn import Module
from tinygrad_edu.optim import Optimizer
from tinygrad_edu.profiler.memory import Memory
from tinygrad_edu.profiler.rows import OVERHEAD, Row, grouped, lines, ordered
from tinygrad_edu.profiler.swaps import Swaps
from tinygrad_edu.profiler.work import Work, read_by_rules, signature

ADDING_UP = "adding to .grad"
_running: list[profile] = []


class profile:
    """Time, calls, FLOPs and bytes of the operations inside a with block: `with profile() as p: …`, then `print(p)`.

    profile_memory: also the memory: `p.memory`. Python then keeps an account of every allocation (tracemalloc), which
        makes small operations several times slower: take times and memory in two runs.
    p.rows: a `Row` for each operation in each module. p.total: seconds in the block, without the profiler's own work.
    p.others: seconds of the optimizer's steps and of adding gradients up. p.overhead: seconds of everything else.
    """

    def __init__(self, *, profile_memory: bool = False) -> None:
        self.rows: list[Row] = []
        self.others: dict[str, float] = {}
        self.total = 0.0
        self.memory = Memory() if profile_memory else None
        self._by_place: dict[tuple[tuple[str, ...], str], Row] = {}
        self._path: tuple[str, ...] = ()
        self._names: dict[int, str] = {}  # module -> its name in the outermost one, "" for that itself
        self._inside = ""  # that name, of the module that runs
        self._swaps = Swaps()
        self._last: tuple[Any, float] = (None, 0.0)  # the primitive that ran last, and its seconds
        self._depth = 0  # more than 0 inside an operation or a rule: what it calls is part of it
        self._own = 0.0  # seconds that the profiler itself took
        self._measured = 0.0  # seconds that belong to an operation or to another part
        self._ticks: list[int] = []  # when each call was noted, by the engine's clock
        self._calls: list[tuple[Row, Call]] = []
        self._work: dict[Any, Work] = {}  # by row and shapes: what it costs is asked for once, in the end

    # ------------------------------------------------------------------------------------------- putting them around
    def __enter__(self) -> profile:
        walk = importlib.import_module("tinygrad_edu.engine.walk")
        gradients = importlib.import_module("tinygrad_edu.tensors.gradients")
        self._thread = threading.get_ident()
        for op in primitives.values():
            self._swaps.put(op, "function", self._timed(op, op.function))
        self._swaps.put(walk, "_pull", self._timed_rules(walk._pull))
        self._swaps.put(gradients, "collect", self._timed_part(gradients.collect, ADDING_UP))
        self._swaps.put(Module, "__call__", self._followed(Module.__call__))
        for kind in _with_own_step(Optimizer):
            self._swaps.put(kind, "step", self._timed_part(vars(kind)["step"], None))
        observers.append(self._note)
        _running.append(self)
        if self.memory is not None:
            self.memory.start()
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.total += time.perf_counter() - self._start - self._own
        self._own = 0.0
        if self.memory is not None:
            self.memory.stop()
        _running.remove(self)
        observers.remove(self._note)
        self._swaps.undo()
        for work in self._work.values():
            work.settle()
        self._work.clear()

    # --------------------------------------------------------------------------------------------------- stopwatches
    def _timed(self, op: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function of a primitive, its time left for `_note`, which the engine calls next."""

        @functools.wraps(function)
        def run(*args: Any, **settings: Any) -> Any:
            if self._depth or threading.get_ident() != self._thread:
                return function(*args, **settings)
            if self.memory is not None:
                self.memory.begin()
            self._depth += 1
            start = time.perf_counter()
            try:
                out = function(*args, **settings)
            finally:
                self._depth -= 1
            self._last = (op, time.perf_counter() - start)
            if self.memory is not None:
                self.memory.end(op.name, "forward")
            return out

        return run

    def _timed_rules(self, pull: Callable[..., Any]) -> Callable[..., Any]:
        """The step of the walk that runs one node's rules."""

        @functools.wraps(pull)
        def run(node: Any, gradient: Any, *rest: Any) -> Any:
            if self._depth or threading.get_ident() != self._thread:
                return pull(node, gradient, *rest)
            begun = time.perf_counter()
            row, call = self._call_of(node)
            kept = read_by_rules(node)
            if self.memory is not None:
                self.memory.look_at_tape(node)
                self.memory.begin()
            self._depth += 1
            start = time.perf_counter()
            try:
                contributions = pull(node, gradient, *rest)
            finally:
                self._depth -= 1
            end = time.perf_counter()
            row.backward += end - start
            self._measured += end - start
            if self.memory is not None:
                self.memory.end(node.name, "backward")
            if call is not None and not isinstance(node, Pick):
                wanted = tuple([part is not None for part in contributions])
                self._count(row, call, wanted, bytes_moved([gradient, kept], contributions))
            self._own += time.perf_counter() - end + start - begun
            return contributions

        return run

    def _timed_part(self, function: Callable[..., Any], name: str | None) -> Callable[..., Any]:
        """Some other part of the program: `collect`, or an optimizer's step, which is called after its class."""

        @functools.wraps(function)
        def run(*args: Any, **settings: Any) -> Any:
            if self._depth or threading.get_ident() != self._thread:
                return function(*args, **settings)
            called, path = name or f"{type(args[0]).__name__}.step", self._path
            self._path = (*path, called)
            start, before = time.perf_counter(), self._measured + self._own
            try:
                return function(*args, **settings)
            finally:  # without what belongs to somebody already: the operations in it, the profiler
                seconds = time.perf_counter() - start - (self._measured + self._own - before)
                self.others[called] = self.others.get(called, 0.0) + seconds
                self._measured += seconds
                self._path = path

        return run

    def _followed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Module.__call__, while the path leads to that module."""

        @functools.wraps(call)
        def run(module: Any, *args: Any, **settings: Any) -> Any:
            if threading.get_ident() != self._thread:
                return call(module, *args, **settings)
            before = self._path, self._inside
            self._enter(module)
            try:
                return call(module, *args, **settings)
            finally:
                self._path, self._inside = before

        return run

    # ------------------------------------------------------------------------------------------------------- noting
    def _enter(self, module: Any) -> None:
        """One step further on the path: to a child by its name in its parent, to any other module by its class."""
        start = time.perf_counter()
        if id(module) not in self._names:
            self._names = {id(part): name for name, part in module.named_modules()}
        name = self._names[id(module)]
        child = name.removeprefix(f"{self._inside}.") if self._inside else name
        self._path = (*self._path, child or type(module).__name__)
        self._inside = name
        self._own += time.perf_counter() - start

    def _note(self, op: Any, arrays: list[Any], settings: dict[str, Any], out: Any) -> None:
        """One call of an operation, just before the engine makes its node."""
        if threading.get_ident() != self._thread:
            return
        start = time.perf_counter()
        timed, seconds = self._last
        row, call = self._row(op.name), (op, tuple(map(blank, arrays)), settings, blank(out))
        self._ticks.append(clock.tick())
        self._calls.append((row, call))
        if self.memory is not None:
            self.memory.note(arrays, out)
        if not self._depth:
            row.calls += 1
        if timed is op and not self._depth:  # else it is part of a rule, or its parts are counted: a user's Function
            row.forward += seconds
            self._measured += seconds
            self._count(row, call, None, bytes_moved(arrays, out))
        self._own += time.perf_counter() - start

    def _row(self, name: str) -> Row:
        key = (self._path, name)
        if key not in self._by_place:
            self._by_place[key] = Row(name, self._path)
            self.rows.append(self._by_place[key])
        return self._by_place[key]

    def _call_of(self, node: Any) -> tuple[Row, Call | None]:
        """The call that made a node: the last one noted before it. None for a node from before the profile."""
        position = bisect_left(self._ticks, node.age) - 1
        if position < 0 or self._calls[position][1][0] is not node.primitive:
            return self._row(node.name), None
        return self._calls[position]

    def _count(self, row: Row, call: Call, wanted: tuple[bool, ...] | None, moved: tuple[int, int]) -> None:
        _, arrays, settings, _ = call
        shapes = (call[0], signature(arrays), signature(tuple(settings.items())), wanted)
        work = self._work.setdefault((id(row), *shapes), Work(row, call, wanted, shapes))
        work.times += 1
        work.read += moved[0]
        work.written += moved[1]

    # ------------------------------------------------------------------------------------------------------ reading
    @property
    def overhead(self) -> float:
        """Seconds that nobody else accounts for: Python around the arrays, and whatever else was in the block."""
        return self.total - self._measured

    def table(self, sort_by: str = "time", *, by: str = "op", limit: int | None = None) -> str:
        """The rows as text, largest first; sort_by: time, forward, backward, calls, flops, bytes or name.

        by: one row for each "op", each "module", or each operation in each module ("module > op").
        """
        rows = ordered(grouped(self.rows, by), sort_by)
        others = {**self.others, OVERHEAD: self.overhead}
        return "\n".join(lines(rows[:limit], others, self.total))

    def __str__(self) -> str:
        return self.table()

    def draw(self) -> Any:
        """The profile as a picture, forward on the left and backward on the right: a matplotlib Figure."""
        from tinygrad_edu.profiler.flame import draw

        return draw(self)


class record_function(ContextDecorator):
    """Name a part of the program: in the profile it stands where a module would. `with record_function("loss"): …`"""

    def __init__(self, name: str) -> None:
        self.name = name
        self._before: list[tuple[profile, tuple[str, ...]]] = []

    def __enter__(self) -> None:
        for running in _running:
            self._before.append((running, running._path))
            running._path = (*running._path, self.name)

    def __exit__(self, *_: object) -> None:
        while self._before:
            running, path = self._before.pop()
            running._path = path


def _with_own_step(kind: type[Any]) -> list[type[Any]]:
    """The optimizers that write their own `step`."""
    found = [kind] if "step" in vars(kind) else []
    for child in type.__subclasses__(kind):
        found += _with_own_step(child)
    return found
