r"""Reads the formulas that primitives carry and computes them, so that a formula on paper is tested like code.

The grammar is the LaTeX that `deflatex` may use:

    sum      = ["-"] product {("+" | "-") product}
    product  = factor {["\odot"] factor}            side by side: a number times something, or a matrix product
    factor   = atom {"^" group | "_" group}         a power; the transpose ^{\top}; an element x_{key}
    atom     = number | letter | \mathrm{word} | \pi | (sum) | [relation] | \frac{sum}{sum} | \sqrt{sum} | e^{sum}
             | \lvert sum \rvert | \lfloor sum \rfloor | function factor | \sum_{axes} product | \prod_{…} product
             | \max(sum, sum) | \max_{axes} product | \operatorname{word}[_{sum}](sum, …)
    relation = ["\lnot"] sum [("=" | "<" | ">" | "\le" | "\ge") sum]

Conventions of a reader: sums keep their axes as axes of size 1; a gradient has the shape of its variable, so that it is
copied along axes it lacks and summed along axes in which the variable was repeated.
"""

from __future__ import annotations

import itertools
import math
import re

import numpy

TOKEN = re.compile(
    r"\s+|\\,|(?P<number>\d+(\.\d+)?)|(?P<word>\\(?P<kind>mathrm|operatorname)\{(?P<inner>[A-Za-z_0-9]+)\})"
    r"|(?P<command>\\[A-Za-z]+)|(?P<letter>[A-Za-z])|(?P<mark>[-+^_(){}\[\],=<>])"
)
FUNCTIONS = {
    r"\ln": numpy.log, r"\sin": numpy.sin, r"\cos": numpy.cos, r"\tan": numpy.tan, r"\sinh": numpy.sinh,
    r"\cosh": numpy.cosh, r"\tanh": numpy.tanh, r"\arcsin": numpy.arcsin, r"\arccos": numpy.arccos,
    r"\arctan": numpy.arctan,
}  # fmt: skip
RELATIONS = {
    "=": numpy.equal, "<": numpy.less, ">": numpy.greater, r"\le": numpy.less_equal, r"\ge": numpy.greater_equal,
}  # fmt: skip
ENDS = {"+", "-", ")", "]", "}", ",", r"\rvert", r"\rfloor", None, *RELATIONS}


def tokens_of(text):
    tokens, position = [], 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if not match:
            raise SyntaxError(f"the formula {text!r} leaves the grammar at {text[position:]!r}")
        position = match.end()
        if match["word"]:
            tokens.append((match["kind"], match["inner"]))
        elif match["number"] or match["command"] or match["letter"] or match["mark"]:
            tokens.append((match[0], None))
    return tokens


class Reader:
    """Evaluates while it reads: each method consumes one rule of the grammar and returns its value."""

    def __init__(self, text, names, target):
        self.tokens, self.names, self.target = tokens_of(text), names, target

    def peek(self):
        return self.tokens[0][0] if self.tokens else None

    def take(self, wanted=None):
        if wanted is not None and self.peek() != wanted:
            raise SyntaxError(f"wanted {wanted!r} in a formula, got {self.peek()!r}")
        return self.tokens.pop(0)

    def group(self):
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def sum(self):
        negative = self.peek() == "-" and self.take()
        value = self.product()
        value = minus(value) if negative else value
        while self.peek() in ("+", "-"):
            sign = 1.0 if self.take()[0] == "+" else -1.0
            value = value + sign * self.product()
        return value

    def product(self):
        value = self.factor()
        while self.peek() not in ENDS:
            elementwise = self.peek() == r"\odot" and self.take()
            other = self.factor()
            value = value * other if elementwise or not numpy.ndim(value) or not numpy.ndim(other) else value @ other
        return value

    def factor(self):
        value = self.atom()
        while self.peek() in ("^", "_"):
            if self.take()[0] == "_":
                value = value if self.peek_group() == ("i", "j") else value[self.group()]
            elif self.tokens[1][0] == r"\top":
                del self.tokens[:3]
                value = numpy.swapaxes(value, -1, -2)
            else:
                value = power(value, self.group())
        return value

    def peek_group(self):
        """("i", "j") after consuming {i} or {j}, the running index of a product, which stands for every element."""
        if self.tokens[1][0] in ("i", "j") and self.tokens[2][0] == "}":
            del self.tokens[:3]
            return ("i", "j")
        return None

    def atom(self):
        token, inner = self.take()
        if token in ("mathrm", "operatorname"):
            return self.names[inner] if token == "mathrm" else self.operator(inner)
        if token[0].isdigit():
            return float(token)
        if token == "e":
            self.take("^")
            return numpy.exp(self.group())
        if token.isalpha():
            return self.names[token]
        if token in ("(", "["):
            value = self.sum() if token == "(" else self.relation()
            self.take(")" if token == "(" else "]")
            return value
        return self.command(token)

    def relation(self):
        if self.peek() == r"\lnot":
            self.take()
            return 1.0 - self.sum()
        value = self.sum()
        if self.peek() in RELATIONS:
            value = RELATIONS[self.take()[0]](value, self.sum())
        return numpy.asarray(value, float)

    def command(self, token):
        if token == r"\pi":
            return math.pi
        if token == r"\frac":
            return self.group() / self.group()
        if token == r"\sqrt":
            return numpy.sqrt(self.group())
        if token in (r"\lvert", r"\lfloor"):
            value = self.sum()
            self.take(r"\rvert" if token == r"\lvert" else r"\rfloor")
            return numpy.abs(value) if token == r"\lvert" else numpy.floor(value)
        if token in FUNCTIONS:
            return FUNCTIONS[token](self.factor())
        if token in (r"\max", r"\min"):
            return self.extreme(numpy.max if token == r"\max" else numpy.min)
        if token == r"\sum":
            self.take("_")
            if self.tokens[1] == ("mathrm", "copies"):
                del self.tokens[:3]
                return fitted(self.product(), self.target)
            axes = self.group()
            return numpy.sum(self.product(), axis=axes, keepdims=True)
        if token == r"\prod":
            return self.running_product()
        raise SyntaxError(f"{token} is not in the grammar of formulas")

    def extreme(self, function):
        if self.peek() == "_":
            self.take()
            axes = self.group()
            return function(self.product(), axis=axes, keepdims=True)
        self.take("(")
        first = self.sum()
        self.take(",")
        second = self.sum()
        self.take(")")
        stacked = numpy.broadcast_arrays(first, second)
        return function(numpy.stack(stacked), axis=0)

    def running_product(self):
        r"""\prod_{i}: over the last axis. \prod_{j \ne i}: at each place i, over all the others."""
        self.take("_")
        index = [self.take()[0] for _ in iter(lambda: self.peek() == "}", True)]
        self.take("}")
        value = self.product()
        if index == ["{", "i"]:
            return numpy.prod(value, axis=-1, keepdims=True)
        assert index == ["{", "j", r"\ne", "i"]
        others = [numpy.delete(value, i, axis=-1) for i in range(value.shape[-1])]
        return numpy.stack([numpy.prod(rest, axis=-1) for rest in others], axis=-1)

    def operator(self, name):
        below = None
        if self.peek() == "_":
            self.take()
            below = self.group()
        self.take("(")
        values = [self.sum()]
        while self.peek() == ",":
            self.take()
            values.append(self.sum())
        self.take(")")
        return globals()[f"operator_{name}"](self, below, *values)


def minus(value):
    return tuple(-v for v in value) if isinstance(value, tuple) else -value


def power(value, exponent):
    if isinstance(value, tuple) and exponent == -1:  # the inverse of an order of axes
        return tuple(numpy.argsort(value))
    return value**exponent


def fitted(value, shape):
    """`value` in the shape of its variable: copied where it lacks an axis, summed where the variable was repeated."""
    value = numpy.asarray(value, float)
    if value.size == math.prod(shape):
        return value.reshape(shape)
    if value.size < math.prod(shape):
        return numpy.broadcast_to(value, shape)
    value = value.sum(axis=tuple(range(value.ndim - len(shape))))
    return value.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def operator_copy(reader, below, x):
    return numpy.broadcast_to(x, reader.target)


def operator_erf(reader, below, x):
    return numpy.vectorize(math.erf)(x)


def operator_sign(reader, below, x):
    return (x > 0) * 1.0 - (x < 0)


def operator_round(reader, below, x):
    return numpy.round(x)


def operator_trunc(reader, below, x):
    return numpy.trunc(x)


def operator_atan2(reader, below, y, x):
    return numpy.arctan2(y, x)


def operator_shape(reader, below, x):
    return x.shape


def operator_reshape(reader, below, x, shape):
    return numpy.array(list(x.ravel())).reshape(shape)


def operator_permute(reader, below, x, axes):
    return numpy.moveaxis(x, axes, range(x.ndim))


def operator_flip(reader, below, x):
    return numpy.flip(x, below)


def operator_cumsum(reader, below, x):
    return numpy.cumsum(x, below)


def operator_cumprod(reader, below, x):
    return numpy.cumprod(x, below)


def operator_roll(reader, below, x, shifts):
    return numpy.roll(x, shifts, below)


def operator_pad(reader, below, x, widths, value):
    return numpy.pad(x, widths, constant_values=value)


def operator_crop(reader, below, x, widths):
    for axis, (before, after) in enumerate(widths):
        x = numpy.delete(x, [*range(before), *range(x.shape[axis] - after, x.shape[axis])], axis)
    return x


def operator_tril(reader, below, x, diagonal):
    i, j = numpy.indices(x.shape[-2:])
    return x * (j - i <= diagonal)


def operator_triu(reader, below, x, diagonal):
    i, j = numpy.indices(x.shape[-2:])
    return x * (j - i >= diagonal)


def operator_cat(reader, below, xs):
    return numpy.concatenate(xs, below)


def operator_split(reader, below, x, sizes):
    return numpy.array(numpy.split(x, numpy.cumsum(sizes)[:-1], below))


def operator_piece(reader, below, g):
    cuts = numpy.cumsum([x.shape[reader.names["axis"]] for x in reader.names["xs"]])[:-1]
    return numpy.split(g, cuts, reader.names["axis"])[below]


def operator_put(reader, below, x, key):
    out = numpy.zeros(reader.target)
    numpy.add.at(out, key, x)
    return out


def operator_extreme(reader, below, x, source, key, largest):
    out = x.copy()
    for place, value in zip(zip(*(index.ravel() for index in key)), source.ravel()):
        out[place] = max(out[place], value) if largest else min(out[place], value)
    return out


def operator_set(reader, below, x, key, value):
    out = x.copy()
    out[key] = value
    return out


def _patches(names, shape):
    """(place in out, place in x) of every number that `windows` shows of an image of `shape`."""
    size, stride, dilation = (names[key] for key in ("size", "stride", "dilation"))
    kept = len(shape) - len(size)
    counts = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(shape[kept:], size, stride, dilation)]
    for place in itertools.product(*map(range, (*shape[:kept], *counts, *size))):
        window, tap = place[kept : kept + len(size)], place[kept + len(size) :]
        yield place, (*place[:kept], *(w * s + i * d for w, s, i, d in zip(window, stride, tap, dilation)))


def operator_windows(reader, below, x):
    out = numpy.zeros(reader.target)
    for place, source in _patches(reader.names, x.shape):
        out[place] = x[source]
    return out


def operator_overlapadd(reader, below, x):
    out = numpy.zeros(reader.target)
    for place, source in _patches(reader.names, reader.target):
        out[source] += x[place]
    return out


def evaluate(text, names, target):
    """The value of a formula in the shape `target` of the variable it stands for. `names` holds the symbols' values."""
    reader = Reader(text, names, target)
    value = reader.sum()
    if reader.tokens:
        raise SyntaxError(f"the formula {text!r} goes on after its end: {reader.tokens}")
    return fitted(value, target)
