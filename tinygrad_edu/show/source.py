"""source(op): the real text of an op and of its rules, read from the file that runs.

For: primitives (function, rules and formulas, found by their position in the module), and any function, method, class
or layer of the package. Not for: names that stand for several things; give the object itself then.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import io
import keyword
import sys
import textwrap
import tokenize
from html import escape
from typing import Any

from tinygrad_edu import ops
from tinygrad_edu.engine import Primitive, primitives
from tinygrad_edu.tensors import Tensor

BOX = (
    "background: #f7f8fa; color: #28303d; border: 1px solid #d5dae1; border-radius: 8px; padding: 10px 14px; "
    "line-height: 1.45; font-size: 13px; overflow-x: auto; white-space: pre"
)
COLORS = {"comment": "#6b7686", "string": "#1a7f45", "keyword": "#8a2da5", "number": "#1c5bbd"}


class Source(str):
    """The text itself, a string; `.place` says what it is and where it stands. Pretty in a notebook."""

    place: str
    _just_shown = False

    def __new__(cls, text: str, place: str) -> Source:
        made = super().__new__(cls, text)
        made.place = place
        return made

    def __repr__(self) -> str:
        return f"<source of {self.place}>"

    def _repr_html_(self) -> str:
        return (
            f'<div style="font: 12px system-ui, sans-serif; color: #7d8798; margin: 4px 2px">{escape(self.place)}</div>'
            f'<pre style="{BOX}">{highlighted(self)}</pre>'
        )

    def _ipython_display_(self) -> None:
        """Called by a notebook for the last line of a cell, which must not show again what `source` has just shown."""
        if not self._just_shown:
            _show(self)
        self._just_shown = False


def source(op: Any) -> Source:
    """Print the text of an op with its rules, and return it: source(ops.linalg.matmul), source("exp"), source(Linear).

    A Tensor method or function that is one op is followed by that op.
    """
    made = Source(*_found(op))
    _show(made)
    made._just_shown = _in_notebook()
    return made


def _in_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")


def _show(text: Source) -> None:
    if _in_notebook():
        sys.modules["IPython"].display.publish_display_data({"text/plain": str(text), "text/html": text._repr_html_()})
    else:
        print(str(text))


def _found(op: Any) -> tuple[str, str]:
    """(text, title) of whatever was asked for."""
    if isinstance(op, str):
        op = _by_name(op)
    if isinstance(op, Primitive):
        return _of_primitive(op)
    target: Any = op if inspect.isclass(op) or inspect.isroutine(op) or inspect.ismodule(op) else type(op)
    if isinstance(target, property):
        target = target.fget
    target = inspect.unwrap(target)
    try:
        text = textwrap.dedent(inspect.getsource(target)).rstrip()
    except (OSError, TypeError):
        raise TypeError(
            f"source wanted an op, a function or a class that is written in Python, got {op!r}: its text is not there"
        ) from None
    title = f"{getattr(target, '__qualname__', target.__name__)}, {_place(target)}"
    follows = _primitives_in(target)
    if len(follows) == 1 and inspect.isroutine(target):
        (primitive,) = follows
        below, below_title = _of_primitive(primitive)
        return f"{text}\n\n\n{below}", f"{title}; {below_title}"
    return text, title


def _by_name(name: str) -> Any:
    """The primitive of that name, else a composition of `ops`, else a Tensor method."""
    places = [primitives, *(vars(getattr(ops, module)) for module in ops.__all__)]
    places += [vars(kind) for kind in Tensor.__mro__]
    for place in places:
        if name in place and (inspect.isroutine(place[name]) or isinstance(place[name], Primitive)):
            return place[name]
    raise ValueError(f"source found no op called {name!r}: the primitives are {', '.join(sorted(primitives))}")


def _place(target: Any) -> str:
    module = inspect.getmodule(target)
    return f"{getattr(module, '__name__', '?')}, line {inspect.getsourcelines(target)[1]}"


def _of_primitive(primitive: Primitive) -> tuple[str, str]:
    """The function, and the statements of its module that are about it: defvjp, deflatex, …"""
    function = primitive.function
    try:
        lines, _ = inspect.getsourcelines(sys.modules[function.__module__])
    except (OSError, TypeError, KeyError):  # written in a notebook: there is no module to read
        lines = []
    text = _statements_about(function, lines)
    if not text:
        text = "".join(dict.fromkeys(map(inspect.getsource, (function, *primitive.rules.values()))))
    return textwrap.dedent(text).rstrip(), f"{primitive.name}, {_place(function)}"


def _statements_about(function: Any, lines: list[str]) -> str:
    """The definition at the function's line, and the statements below it that call methods of its name."""
    start = function.__code__.co_firstlineno
    definition, about = "", ""
    for statement in ast.parse("".join(lines)).body:
        first = min((part.lineno for part in getattr(statement, "decorator_list", [])), default=statement.lineno)
        written = "".join(lines[first - 1 : statement.end_lineno])
        if isinstance(statement, ast.FunctionDef) and first == start:
            definition = written
        elif definition and _is_about(statement, function.__name__):
            about += written
    return f"{definition}\n\n{about}" if about else definition


def _is_about(statement: ast.stmt, name: str) -> bool:
    """`name.something(…)`"""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=found)))):
            return found == name
    return False


def _primitives_in(function: Any) -> set[Primitive]:
    """The primitives that the text of a function names."""
    if not hasattr(function, "__globals__"):
        return set()
    names = function.__globals__
    found = set()
    for part in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        value = None
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            value = getattr(names.get(part.value.id), part.attr, None)
        elif isinstance(part, ast.Name):
            value = names.get(part.id)
        if isinstance(value, Primitive):
            found.add(value)
    return found


def highlighted(text: str) -> str:
    """Python as HTML with its words in color."""
    lines = text.splitlines(keepends=True)
    out, row, column = [], 1, 0

    def copy_to(end_row: int, end_column: int, color: str | None) -> None:
        nonlocal row, column
        piece = ""
        while row < end_row:
            piece += lines[row - 1][column:]
            row, column = row + 1, 0
        piece += lines[row - 1][column:end_column] if row <= len(lines) else ""
        column = end_column
        out.append(f'<span style="color: {color}">{escape(piece)}</span>' if color and piece else escape(piece))

    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            copy_to(*token.start, None)
            copy_to(*token.end, COLORS.get(_class_of(token)))
    except (tokenize.TokenError, SyntaxError):  # a part of a statement: plain text will do
        return escape(text)
    return "".join(out)


def _class_of(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.COMMENT:
        return "comment"
    if token.type == tokenize.STRING:
        return "string"
    if token.type == tokenize.NUMBER:
        return "number"
    known = keyword.iskeyword(token.string) or hasattr(builtins, token.string)
    return "keyword" if token.type == tokenize.NAME and known else ""
