"""The names and keywords that CuPy really has, as read from a CuPy wheel into `cupy_surface.json`.

For: looking up one name, and the signature that a call must fit. Not for: making the list; that is `backend.surface`.
"""

from __future__ import annotations

import ast
import functools
import json
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, cast

_FILE = Path(__file__).parents[1] / "cupy_surface.json"


@functools.cache
def surface() -> dict[str, Any]:
    """The listing: `{"cupy": version, "numpy": version, "names": {"cupy.exp": {"kind": "ufunc", ...}, ...}}`."""
    return json.loads(_FILE.read_text(encoding="utf-8"))


def find(name: str) -> dict[str, Any] | None:
    """The entry of `name` ("cupy.exp"), or None when CuPy has no such name."""
    return surface()["names"].get(name)


def missing(owner: str, name: str) -> AttributeError:
    """The error for a name that NumPy may have and CuPy has not."""
    return AttributeError(
        f"{owner} has no {name!r} (CuPy {surface()['cupy']}), so this line would fail on a GPU: "
        "write it with names that NumPy and CuPy share",
        name=name,
    )


def signature(parameters: str) -> Signature:
    """The signature behind the listing's text, such as "a, axis=None, *, dtype=None"."""
    arguments = cast(ast.Lambda, ast.parse(f"lambda {parameters}: 0", mode="eval").body).args
    plain = arguments.posonlyargs + arguments.args
    defaults = [Parameter.empty] * (len(plain) - len(arguments.defaults)) + [
        _value(node) for node in arguments.defaults
    ]
    kinds = [Parameter.POSITIONAL_ONLY] * len(arguments.posonlyargs) + [Parameter.POSITIONAL_OR_KEYWORD] * len(
        arguments.args
    )
    found = [Parameter(node.arg, kind, default=value) for node, kind, value in zip(plain, kinds, defaults, strict=True)]
    if arguments.vararg:
        found.append(Parameter(arguments.vararg.arg, Parameter.VAR_POSITIONAL))
    for node, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        value = Parameter.empty if default is None else _value(default)
        found.append(Parameter(node.arg, Parameter.KEYWORD_ONLY, default=value))
    if arguments.kwarg:
        found.append(Parameter(arguments.kwarg.arg, Parameter.VAR_KEYWORD))
    return Signature(found)


def _value(node: ast.expr) -> Any:
    """A default value; `...` stands for one that the listing could not write down."""
    return ast.literal_eval(node)
