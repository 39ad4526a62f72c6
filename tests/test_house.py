"""The house checks itself: the rules that keep the source readable, as tests."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_edu
from tinygrad_edu.engine import Kernel, primitives

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tinygrad_edu"
FILES = sorted(PACKAGE.rglob("*.py"))
FILE_LINES, FUNCTION_LINES = 300, 40
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", "tinygrad_edu", "lessons", "tests", "figures"}

# A file imports only from lower floors; files of one floor do not know each other, except inside one folder.
FLOORS = {
    "backend": 0,
    "cuda": 1,
    "engine": 1,
    "ops": 2,
    "tensors": 3,
    "testing": 3.3,  # checks what the tensor below computes
    "testing.report": 7,  # the table of everything, layers too
    "autograd": 3.6,  # has PyTorch's names for asking for gradients and for checking them
    "linalg": 4,
    "special": 4,
    "nn.functional": 4,
    "show": 4,
    "nn": 5,
    "optim": 5.5,  # averages the weights of modules
    "utils": 5,
    "generation": 5.5,  # calls any model, and is called by none
    "checkpoint": 6,
    "datasets": 6,
    "models": 6,
    "profiler": 6,
    "training": 6.5,  # the loop saves checkpoints
    "bench": 7,
    "course": 7,
    "report": 7,
    "cli": 8,
    "__main__": 9,
    "pytest_plugin": 9,
    "": 9,
}

RUNS_FOREIGN_CODE = {
    "course/compare.py",
    "course/grading/worker.py",
    "utils/data/prefetch.py",
}  # a learner's answer or data set may raise anything, and who waits for it wants to hear of it


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def home(module: str) -> str:
    """The entry of FLOORS a module belongs to: the longest that begins its name."""
    known = [name for name in FLOORS if module == name or module.startswith(name + ".") or not name]
    return max(known, key=len)


def imports_of(path: Path, tree: ast.AST) -> list[tuple[int, str]]:
    """Every module of the package that a file imports, anywhere in it, outside `if TYPE_CHECKING`."""
    hidden = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                path_of = PACKAGE.joinpath(*inner.split(".")[1:])
                is_module = path_of.is_dir() or path_of.with_suffix(".py").is_file()
                found.append((node.lineno, inner if is_module else node.module))
    return [(line, name.partition(".")[2]) for line, name in found if name.partition(".")[0] == "tinygrad_edu"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
class TestEveryFile:
    def test_imports_point_down(self, path: Path) -> None:
        here = home(module_of(path))
        wrong = [
            f"line {line}: {here or 'the package'} (floor {FLOORS[here]}) imports {name} (floor {FLOORS[home(name)]})"
            for line, name in imports_of(path, ast.parse(path.read_text()))
            if home(name) != here and FLOORS[home(name)] >= FLOORS[here]
        ]
        assert not wrong, "\n".join(wrong)

    def test_is_one_idea_of_readable_size(self, path: Path) -> None:
        text = path.read_text()
        assert len(text.splitlines()) <= FILE_LINES
        long = [
            f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and node.end_lineno is not None
            and node.end_lineno - node.lineno + 1 - len((ast.get_docstring(node) or "").splitlines()) > FUNCTION_LINES
        ]
        assert not long, long

    def test_says_what_it_is_for(self, path: Path) -> None:
        assert ast.get_docstring(ast.parse(path.read_text())), "a file begins by saying what it is for"

    def test_has_no_assert_and_no_blanket_except(self, path: Path) -> None:
        for node in ast.walk(ast.parse(path.read_text())):
            assert not isinstance(node, ast.Assert), f"line {node.lineno}: a user's mistake deserves a sentence"
            if isinstance(node, ast.ExceptHandler) and path.relative_to(PACKAGE).as_posix() not in RUNS_FOREIGN_CODE:
                caught = ast.unparse(node.type) if node.type else "everything"
                assert caught not in ("everything", "Exception", "BaseException"), f"line {node.lineno}"

    def test_relative_imports_are_not_used(self, path: Path) -> None:
        imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        assert [node.lineno for node in imports if node.level] == []


def test_the_top_level_holds_what_was_agreed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("the source is not a git checkout, so build products cannot be told from files of the project")
    top = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


def test_all_is_sorted_and_complete() -> None:
    names = tinygrad_edu.__all__
    assert list(names) == sorted(set(names))
    assert [name for name in names if not hasattr(tinygrad_edu, name)] == []
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    imported = {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert imported - set(names) == set()


@pytest.mark.parametrize("name", sorted(primitives))
def test_every_primitive_has_its_derivative_in_code_and_in_latex(name: str) -> None:
    op = primitives[name]
    assert op.__doc__, "a primitive says what it computes"
    if isinstance(op, Kernel):
        assert op.back, f"{name} has no way back"
        assert set(op.arguments) == set(op.latex) - {"out"}
    elif op.differentiable:
        assert op.rules, f"{name} has no rule and is not declared notdifferentiable()"
        assert set(op.rules) == set(op.latex) - {"out"}


def test_import_needs_numpy_only() -> None:
    script = """
import sys
class OnlyNumPy:
    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        if root not in ("numpy", "tinygrad_edu", "numpy_distutils") and root not in sys.stdlib_module_names:
            if not root.startswith("_"):
                raise ModuleNotFoundError(f"import tinygrad_edu wanted {name}", name=name)
sys.meta_path.insert(0, OnlyNumPy())
import tinygrad_edu
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
