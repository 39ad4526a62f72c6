"""Formulas with the names of a program in them: `g \\odot y` becomes ∂L/∂v ⊙ W.

For: putting symbols, numbers and matrices into the LaTeX that primitives carry. Not for: the formulas themselves, which
stand beside the rules in `tinygrad_edu.ops`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy

from tinygrad_edu.backend import is_array, to_host
from tinygrad_edu.show.cards import number_text, short
from tinygrad_edu.show.plain import GREEK

# A word of a formula that may stand for something: \mathrm{word} or a single letter. Commands are passed over.
WORD = re.compile(r"\\operatorname\{\w+\}|\\mathrm\{(\w+)\}|\\[A-Za-z]+|(?<![A-Za-z])([A-Za-z])(?![A-Za-z])")
LONGEST_KEY = 6


def symbol(name: str) -> str:
    """A variable's name in LaTeX: W1 is W with the index 1, theta is a letter, loss is L, others are upright words."""
    if name == "loss":
        return "L"
    if name in GREEK:
        return f"\\{name}"
    if match := re.fullmatch(r"([A-Za-z])_?(\d+)", name):
        return f"{match[1]}_{{{match[2]}}}"
    return name if len(name) == 1 else f"\\mathrm{{{name.replace('_', chr(92) + '_')}}}"


def partial(root: str, variable: str) -> str:
    """∂root/∂variable"""
    return rf"\frac{{\partial {root}}}{{\partial {variable}}}"


def substitute(formula: str, names: Mapping[str, str]) -> str:
    """The formula with its words replaced; what would run into an index or an exponent is put in brackets."""

    def replace(match: re.Match[str]) -> str:
        word = match[1] or match[2]
        if word is None or word not in names:
            return match[0]
        text, after = names[word], formula[match.end() : match.end() + 1]
        if after in ("^", "_") and (text.startswith((r"\frac", "-")) or (" " in text and text[0] != "(")):
            return rf"\left({text}\right)"
        return f"{{{text}}}" if after == "_" and "_" in text else text

    return tidy(WORD.sub(replace, formula))


def tidy(formula: str) -> str:
    """x^{2 - 1} as x, x^{3 - 1} as x^{2}; brackets as tall as what they hold"""

    def reckon(match: re.Match[str]) -> str:
        exponent = float(match[1]) - 1
        return "" if exponent == 1 else f"^{{{number_text(int(exponent) if exponent.is_integer() else exponent)}}}"

    formula = re.sub(r"\^\{(-?\d+(?:\.\d+)?) - 1\}", reckon, formula)
    if r"\frac" in formula:  # tall content wants tall brackets
        formula = re.sub(r"(?<!\\left)\(", r"\\left(", formula)
        formula = re.sub(r"(?<!\\right)\)", r"\\right)", formula)
    return formula


def setting(name: str, value: Any) -> str | None:
    """A setting in LaTeX; None where it would say less than its name."""
    if name == "axis" or (name == "axes" and isinstance(value, int)):
        return rf"\mathrm{{axis}}\,{','.join(map(str, value if isinstance(value, tuple) else (value,)))}"
    if value is None:
        return {"low": r"-\infty", "high": r"\infty"}.get(name)
    if isinstance(value, (bool, str)):
        return None
    if isinstance(value, (int, float)):
        return number(value)
    if name == "key":
        return key_text(value)
    if isinstance(value, tuple) and not any(map(is_array, value)):
        return str(value)
    return None


def key_text(key: Any) -> str | None:
    """An index as in code, if it is short."""
    parts: list[str] = []
    key = key if isinstance(key, tuple) else (key,)
    for part in key[:-1] if len(key) > 1 and key[-1] is Ellipsis else key:
        if isinstance(part, slice):
            ends = ["" if end is None else str(end) for end in (part.start, part.stop)]
            parts.append("{:}".join(ends) + (f"{{:}}{part.step}" if part.step not in (None, 1) else ""))
        elif is_array(part):
            if part.size > LONGEST_KEY:
                return None
            parts.append(str(to_host(part).tolist()))
        else:
            parts.append(r"\ldots" if part is Ellipsis else str(part))
    return ", ".join(parts)


def number(value: Any) -> str:
    """Three digits that matter, with a power of ten; a negative number in brackets."""
    text = number_text(value)
    if "e" in text:
        digits, _, exponent = text.partition("e")
        text = rf"{digits} \cdot 10^{{{exponent}}}"
    return f"({text})" if text.startswith("-") else text.replace("inf", r"\infty")


def matrix(array: Any) -> str | None:
    """A small array in LaTeX: a number, a row of numbers, or a matrix; None if it is large."""
    host: numpy.ndarray = to_host(array)
    if host.ndim > 2 or not host.size or "±" in short(host)[0] or "…" in short(host)[0] or "of" in short(host)[0]:
        return None
    if host.ndim == 0:
        return number(host[()]).strip("()")
    rows = host.reshape(-1, host.shape[-1])
    if rows.shape[0] > 3 or rows.shape[1] > 5:
        return None
    cells = r" \\ ".join(" & ".join(number(value).strip("()") for value in row) for row in rows)
    return rf"\begin{{bmatrix}} {cells} \end{{bmatrix}}"
