"""Does the test suite notice a wrong derivative? Plant one at a time, and see whether some test fails.

    python tests/mutate_rules.py               every mutant of every rule, and the score
    python tests/mutate_rules.py matmul exp    only those of these primitives

For every rule of every primitive, and for every function that rules share: flip its sign, double it, drop each factor
and each term of it, drop an unbroadcast, swap a transpose. Each mutant lives in a process of its own, which runs the
tests of the ops until one fails. A mutant that survives is a hole in the tests.
"""

from __future__ import annotations

import ast
import copy
import os
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import tinygrad_edu
from tinygrad_edu.engine import primitives

TESTS = Path(__file__).resolve().parent
# functions that rules call
SHARED = ("unbroadcast", "spread", "share", "piece", "others", "weights", "inverse", "later_products", "attained")


@dataclass
class Mutant:
    owner: str  # the primitive or the shared function
    argument: str
    change: str
    plant: Callable[[], None]

    def __str__(self) -> str:
        return f"{self.owner}({self.argument}): {self.change}"


# ------------------------------------------------------------------------------------------------- planting a mistake
def changes(expression: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Every single mistake in an expression, with the words for it."""
    text = ast.unparse(expression)
    if text != "zeros_like(g)":  # zero has no sign and doubles to itself
        yield f"-({text})", ast.UnaryOp(ast.USub(), expression)
        yield f"2 * ({text})", ast.BinOp(ast.Constant(2), ast.Mult(), expression)
    for position, node in enumerate(ast.walk(expression)):
        for replacement in simpler(node):
            mutated = copy.deepcopy(expression)
            target = list(ast.walk(mutated))[position]
            mutated = substituted(mutated, target, copy.deepcopy(replacement))
            yield f"{text}  ->  {ast.unparse(mutated)}", mutated


def simpler(node: ast.AST) -> list[ast.expr]:
    """What is left of a node when one thing in it is forgotten: a factor, a term, an unbroadcast, a transpose."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.MatMult, ast.Sub, ast.Add)):
        return [node.left, node.right] if isinstance(node.op, (ast.Mult, ast.Add)) else [node.left]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [node.left]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        return [node.operand]
    if isinstance(node, ast.Attribute) and node.attr == "mT":
        return [node.value]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("unbroadcast", "inverse"):
        return [node.args[0]]
    return []


def substituted(tree: ast.expr, target: ast.AST, replacement: ast.expr) -> ast.expr:
    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return replacement if node is target else super().generic_visit(node)

    return Replace().visit(tree)


def mutants_of_rules(module: types.ModuleType, only: set[str]) -> Iterator[Mutant]:
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "defvjp"):
            continue
        op = getattr(module, ast.unparse(node.func.value))
        for keyword in node.keywords:
            if isinstance(keyword.value, ast.Lambda) and (not only or op.name in only):
                for change, body in changes(keyword.value.body):
                    rule = ast.Expression(ast.Lambda(keyword.value.args, body))
                    yield Mutant(op.name, str(keyword.arg), change, _rule_planter(module, op, str(keyword.arg), rule))


def _rule_planter(module: types.ModuleType, op: Any, argument: str, rule: ast.Expression) -> Callable[[], None]:
    def plant() -> None:
        code = compile(ast.fix_missing_locations(rule), f"<mutant of {op.name}>", "eval")
        op.defvjp(**{**op.rules, argument: eval(code, vars(module))})

    return plant


def mutants_of_shared(module: types.ModuleType, only: set[str]) -> Iterator[Mutant]:
    for function in ast.parse(Path(str(module.__file__)).read_text()).body:
        if not isinstance(function, ast.FunctionDef) or function.name not in (only & set(SHARED) if only else SHARED):
            continue
        for position, statement in enumerate(function.body):
            value = getattr(statement, "value", None)
            if not isinstance(statement, (ast.Return, ast.Assign)) or value is None:
                continue
            worth = [pair for pair in changes(value) if isinstance(statement, ast.Return) or "->" in pair[0]]
            for change, expression in worth:
                mutated = copy.deepcopy(function)
                mutated.body[position].value = expression  # type: ignore[attr-defined]
                yield Mutant(function.name, "…", change, _function_planter(module, mutated))


def _function_planter(module: types.ModuleType, function: ast.FunctionDef) -> Callable[[], None]:
    def plant() -> None:
        before = getattr(module, function.name)
        tree = ast.fix_missing_locations(ast.Module([function], []))
        exec(compile(tree, f"<mutant of {function.name}>", "exec"), vars(module))
        for other in list(sys.modules.values()):  # who imported the function by name has to see the mutant too
            if getattr(other, "__name__", "").startswith("tinygrad_edu") and vars(other).get(function.name) is before:
                setattr(other, function.name, getattr(module, function.name))

    return plant


# --------------------------------------------------------------------------------------------------- is it noticed?
def status_with(mutant: Mutant) -> int:
    """In a forked process: plant the mutant and run the tests, the likely ones first. 1 if some test fails, else 0."""
    sys.modules["torch"] = None  # type: ignore[assignment]  # the plain test command has no oracle either
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    mutant.plant()
    quiet = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--assert=plain"]
    ops, layers = str(TESTS / "ops"), str(TESTS / "nn")
    for arguments in ([ops, "-k", mutant.owner], [ops], [layers]):
        if pytest.main([*quiet, *arguments]) not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return 1
    return 0


def tried(mutants: list[Mutant]) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant with whether it was caught, in the order they finish; as many at a time as there are cores."""
    running: dict[int, Mutant] = {}
    waiting = list(reversed(mutants))
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            mutant = waiting.pop()
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                os._exit(status_with(mutant))
            running[child] = mutant
        finished, status = os.wait()
        yield running.pop(finished), os.waitstatus_to_exitcode(status) == 1


def main() -> int:
    only = set(sys.argv[1:])
    unknown = only - set(primitives) - set(SHARED)
    if unknown:
        print(f"no primitive is called {sorted(unknown)}", file=sys.stderr)
        return 2
    modules = [m for name, m in sorted(sys.modules.items()) if name.startswith(f"{tinygrad_edu.__name__}.ops.")]
    found = [m for module in modules for make in (mutants_of_rules, mutants_of_shared) for m in make(module, only)]
    start = time.monotonic()
    if next(tried([Mutant("", "", "nothing", lambda: None)]))[1]:
        print("the tests fail without any mutant: mend that first", file=sys.stderr)
        return 2
    survivors = []
    for number, (mutant, caught) in enumerate(tried(found), 1):
        print(f"{number:4} of {len(found)}  {'caught  ' if caught else 'SURVIVED'}  {mutant}", flush=True)
        survivors += [] if caught else [mutant]
    caught_count = len(found) - len(survivors)
    share = 100 * caught_count / max(len(found), 1)
    print(f"\n{caught_count} of {len(found)} mutants caught: {share:.1f} %, in {time.monotonic() - start:.0f} s")
    for mutant in survivors:
        print(f"survived: {mutant}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
