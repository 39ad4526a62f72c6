"""Write `cupy_surface.json`: every name of CuPy that our code may use, with its parameters, read from a real CuPy.

For: the strict stand-in (`tinygrad_edu.backend.strict`), which has exactly these names and keywords, so that a test on
a machine without a GPU catches `xp.einsum_path` or `x.sum(where=...)`. CuPy can be imported and read without a GPU.
Not for: running code; nothing imports this module. After a new CuPy comes out, run one of

    python -m tinygrad_edu.backend.surface                   with CuPy installed, or
    python -m tinygrad_edu.backend.surface FOLDER            with `pip install --target FOLDER cupy-cuda12x`
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy

SURFACE_FILE = Path(__file__).with_name("cupy_surface.json")

# The modules whose names are listed, and NumPy's module of the same purpose where there is one.
LISTED = {
    "cupy": "numpy",
    "cupy.fft": "numpy.fft",
    "cupy.lib": None,
    "cupy.lib.stride_tricks": None,
    "cupy.linalg": "numpy.linalg",
    "cupy.random": None,
    "cupyx": None,
}
WAITS = re.compile(r"synchronize the device|# (may )?synchronize|_check_cusolver_dev_info|_check_cublas_info")
# Functions that wait for some arguments only are not marked; those that wait but do not say so are.
WAITS_SOMETIMES = ("where", "linspace", "average", "array_equal", "norm")
WAITS_SILENTLY = ("argwhere", "asarray_chkfinite", "lstsq", "trim_zeros")
# What `cdef` functions print as types in front of a name: `sort(self, int axis=-1)`.
TYPED_NAME = re.compile(r"^(?:[\w.]+ )?(?P<stars>\*{0,2})(?P<name>\w+)(?:: [^=]+)?(?: ?= ?(?P<default>.*))?$")


class _Probe:
    """Stands in for an array when a ufunc is asked whether it has `reduce`: every method exists and does nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: None


def literal(text: str) -> str:
    """The default value as CuPy writes it, or `...` for one that is no plain literal (a class, a function)."""
    try:
        return repr(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return "..."


def clean(parameters: str) -> str:
    """One form for all signatures: names, stars, slash and literal defaults, without types."""
    parts, depth, current = [], 0, ""
    for character in parameters + ",":
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    cleaned = []
    for part in parts:
        found = TYPED_NAME.match(part)
        if part in ("", "self"):
            continue
        if found is None:  # a bare `*` or `/`
            cleaned.append(part)
            continue
        default = found["default"]
        cleaned.append(found["stars"] + found["name"] + ("" if default is None else "=" + literal(default)))
    return ", ".join(cleaned)


def parameters_of(value: Any) -> str | None:
    """The parameters of a Python function from its signature, of a compiled one from the head of its docstring."""
    try:
        signature = inspect.signature(value)
    except (ValueError, TypeError):
        found = re.match(r"[\w.]+\((.*)\)(?: ->.*)?$", (inspect.getdoc(value) or "").partition("\n")[0])
        return clean(found[1]) if found else None
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    text = str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))
    return clean(text[1:-1])


def code_of(function: Any) -> str:
    """The source of a Python function without its docstring and comments."""
    definition = ast.parse(inspect.cleandoc("\n" + inspect.getsource(function))).body[0]
    if isinstance(definition, ast.FunctionDef) and ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    return ast.unparse(definition)


def waits(function: Any, depth: int = 3) -> bool:
    """True when CuPy's own text says that the function, or one that it calls, may wait for the GPU."""
    text = inspect.getdoc(function) or ""
    if not inspect.isfunction(function):
        return bool(WAITS.search(text))
    if function.__name__ in WAITS_SOMETIMES:
        return False
    if function.__name__ in WAITS_SILENTLY or WAITS.search(text + inspect.getsource(function)):
        return True
    if depth == 0:
        return False
    names, known = function.__code__.co_names, function.__globals__
    places = [known] + [vars(known[name]) for name in names if isinstance(known.get(name), ModuleType)]
    callees = [place[name] for place in places for name in names if callable(place.get(name))]
    return any(waits(callee, depth - 1) for callee in callees if "cupy" in str(getattr(callee, "__module__", "")))


def keywords_of(function: Any) -> list[str]:
    """The names that a function takes out of its `**kwargs`, read from its source."""
    if not inspect.isfunction(function) or "**kwargs" not in str(inspect.signature(function)):
        return []
    code = code_of(function)
    taken = set(re.findall(r"kwargs\.(?:pop|get)\('(\w+)'", code))
    for group in re.findall(r"allowed_kwargs = (\{.*?\})\n", code, flags=re.DOTALL):
        taken.update(name for names in ast.literal_eval(group).values() for name in names)
    return sorted(taken)


def describe_ufunc(ufunc: Any) -> dict[str, Any]:
    """A ufunc takes its inputs and out, dtype, casting; which of its methods work is found by calling them."""
    methods = ["outer"] if ufunc.nin == 2 else []
    for method, arguments in {"at": 3, "reduce": 1, "accumulate": 1, "reduceat": 2}.items():
        try:
            getattr(ufunc, method)(*[_Probe()] * arguments)
        except NotImplementedError:
            continue
        methods.append(method)
    return {"kind": "ufunc", "inputs": ufunc.nin, "outputs": ufunc.nout, "methods": sorted(methods)}


def describe_call(kind: str, function: Any) -> dict[str, Any]:
    """A function or a method: its parameters, and whether it may wait for the GPU."""
    entry: dict[str, Any] = {"kind": kind, "parameters": parameters_of(function)}
    if keywords := keywords_of(function):
        entry["keywords"] = keywords
    if waits(function):
        entry["synchronizes"] = True
    return entry


def describe(value: Any, twin: Any, ufunc: type) -> dict[str, Any]:
    """What kind of thing a name is, and how it is called. `twin` is NumPy's value of the same name, or None."""
    if isinstance(value, ModuleType):
        return {"kind": "module"}
    if value is None or isinstance(value, (float, int, bool)):
        return {"kind": "value", "value": repr(value)}
    if twin is value:
        return {"kind": "numpy"}  # the very object that NumPy has, such as float32
    if isinstance(value, ufunc):
        return describe_ufunc(value)
    if isinstance(value, type) or not callable(value):
        return {"kind": "class" if isinstance(value, type) else "object"}
    return describe_call("function", value)


def describe_array(array: type) -> dict[str, dict[str, Any]]:
    """The methods and attributes of `cupy.ndarray`; private names and what every object has are left out."""
    entries: dict[str, dict[str, Any]] = {}
    for name in dir(array):
        value = getattr(array, name)
        if name.startswith("__"):
            if getattr(object, name, None) is not value and name not in ("__module__", "__slots__", "__pyx_vtable__"):
                entries[f"cupy.ndarray.{name}"] = {"kind": "protocol"}
        elif not name.startswith("_"):
            entry: dict[str, Any] = {"kind": "attribute"}
            if callable(value):
                entry = describe_call("method", value)
            entries[f"cupy.ndarray.{name}"] = entry
    return entries


def surface() -> dict[str, Any]:
    """The whole listing: versions, and one entry per name."""
    try:
        import cupy
    except ImportError as error:
        raise SystemExit(f"wanted CuPy to read, got: {error}. Try: pip install --target FOLDER cupy-cuda12x") from error

    names: dict[str, dict[str, Any]] = describe_array(cupy.ndarray)
    for module_name, twin_name in LISTED.items():
        module = importlib.import_module(module_name)
        twins = importlib.import_module(twin_name) if twin_name else None
        for name in dir(module):
            if not name.startswith("_") and name not in ("annotations", "np"):
                twin = getattr(twins, name, None) or getattr(numpy.exceptions, name, None)
                names[f"{module_name}.{name}"] = describe(getattr(module, name), twin, cupy.ufunc)
    return {"cupy": cupy.__version__, "numpy": numpy.__version__, "names": dict(sorted(names.items()))}


def main() -> None:
    """Write the file, one name a line, so that a new CuPy shows as a short diff."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, help="folder that holds cupy, if it is not installed")
    parser.add_argument("--output", type=Path, default=SURFACE_FILE)
    options = parser.parse_args()
    if options.folder is not None:
        sys.path.insert(0, str(options.folder))
    found = surface()
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in found.pop("names").items()]
    head = json.dumps(found, indent=0)[:-2]
    options.output.write_text(head + ',\n"names": {\n' + ",\n".join(lines) + "\n}\n}\n", encoding="utf-8")
    print(f"{len(lines)} names of CuPy {found['cupy']} -> {options.output}")


if __name__ == "__main__":
    main()
