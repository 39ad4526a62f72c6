"""A function or method of CuPy, carried out by NumPy's function of the same name.

For: everything in which the two libraries differ only in the names and the number of their keywords. CuPy's own
signature, from the listing, decides what may be passed. Not for: functions that behave differently; they are in
`functions`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

import numpy

from tinygrad_edu.backend.strict.counters import counters
from tinygrad_edu.backend.strict.indexing import explained
from tinygrad_edu.backend.strict.listing import find, signature
from tinygrad_edu.backend.strict.memory import Memory, hand_back, refusal, unwrap

# Parameters that are arrays: a list is no array for CuPy, and the first one may not be a number either.
OPERANDS = {
    "A",
    "M",
    "a",
    "a1",
    "a2",
    "ar",
    "ar1",
    "ar2",
    "arr",
    "arr1",
    "arr2",
    "array",
    "ary",
    "b",
    "condition",
    "dst",
}
OPERANDS |= {"f", "filt", "fp", "m", "p", "prototype", "self", "v", "val", "x", "x1", "x2", "xp", "y", "z"}
# ... except where CuPy itself takes a number.
NUMBERS_WELCOME = {"allclose", "isclose", "iscomplexobj", "isrealobj", "ndim", "shape", "size", "tile"}
NUMBERS_WELCOME |= {"bartlett", "blackman", "hamming", "hanning", "kaiser"}
# CuPy's extra parameters, which NumPy's function of the same name has not.
NOT_IN_NUMPY = {
    "argmax": {"dtype"},
    "argmin": {"dtype"},
    "nanargmax": {"dtype"},
    "nanargmin": {"dtype"},
    "corrcoef": {"bias", "ddof"},
    "percentile": {"interpolation"},
    "quantile": {"interpolation"},
}
# NumPy answers these with a Python number; CuPy leaves the answer on the device.
ANSWERS_STAY = {"allclose", "array_equal", "array_equiv", "count_nonzero", "matrix_rank"}


class Call:
    """`name` is CuPy's full name, such as "cupy.sum" or "cupy.ndarray.sum"; `function` is NumPy's."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.__name__ = name.rpartition(".")[2]
        self.name = name
        self.function = function
        self.entry = find(name) or {}
        self.parameters = ("self, " if name.startswith("cupy.ndarray.") else "") + self.entry.get("parameters", "")

    def __repr__(self) -> str:
        return f"<function {self.name} of the strict stand-in>"

    @functools.cached_property
    def signature(self) -> Signature:
        """CuPy's parameters; a method's first one is the array itself."""
        return signature(self.parameters)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        try:
            bound = self.signature.bind(*arguments, **keywords).arguments
        except TypeError as error:
            raise TypeError(f"{self.name}({self.parameters}) in CuPy: {error}") from None
        sources: list[Memory] = []
        positional, named = self.translate(bound, sources)
        counters.synchronizations += "synchronizes" in self.entry
        with numpy.errstate(all="ignore"):
            try:
                result = self.function(*positional, **named)
            except IndexError as error:
                raise explained(error) from None
        if result is None:  # it wrote into one of its arguments
            counters.launches += 1
        elif self.__name__ in ANSWERS_STAY:
            result = numpy.asarray(result)
        return hand_back(result, sources)

    def translate(self, bound: dict[str, Any], sources: list[Memory]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments for NumPy: required ones by position, because the names differ, optional ones by name."""
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for place, (name, value) in enumerate(bound.items()):
            parameter = self.signature.parameters[name]
            if parameter.kind is Parameter.VAR_KEYWORD:
                named.update((key, unwrap(self.checked_keyword(key, part), sources)) for key, part in value.items())
            elif parameter.kind is Parameter.VAR_POSITIONAL:
                positional.extend(unwrap(part, sources) for part in value)
            elif parameter.default is Parameter.empty:
                self.check_operand(place, name, value)
                counters.uploads += name == "indices" and isinstance(value, (list, tuple))
                positional.append(unwrap(value, sources))
            elif name not in NOT_IN_NUMPY.get(self.__name__, ()):
                named[name] = unwrap(value, sources)
            elif value is not parameter.default:
                raise NotImplementedError(f"{self.name} has {name}=; the strict stand-in has only its default")
        return positional, named

    def check_operand(self, place: int, name: str, value: Any) -> None:
        """A list, or a number where CuPy calls a method of its first argument."""
        if name not in OPERANDS or isinstance(value, Memory):
            return
        if isinstance(value, (list, tuple)) or (place == 0 and self.__name__ not in NUMBERS_WELCOME):
            raise TypeError(f"{self.name}: {refusal(value)}")

    def checked_keyword(self, key: str, value: Any) -> Any:
        """CuPy takes some keywords through **kwargs; the listing says which."""
        if key not in self.entry.get("keywords", [key]):
            raise TypeError(f"{self.name} in CuPy has no keyword {key!r}, only {', '.join(self.entry['keywords'])}")
        return value
