"""Matrix products. dX = G Yᵀ, dY = Xᵀ G; batches are broadcast like everything else."""

from __future__ import annotations

import math

from tinygrad_edu.engine import Value, primitive
from tinygrad_edu.ops.broadcasting import broadcast, sum, unbroadcast
from tinygrad_edu.ops.shaping import permute, reshape


def _one_dtype(args):
    first, second = (arg.array if isinstance(arg, Value) else arg for arg in args)
    if first.dtype != second.dtype:
        raise TypeError(
            f"matmul wanted both tensors in one dtype, got {first.dtype} and {second.dtype}: convert one, "
            f"for example with .to({second.dtype})"
        )
    return args


@primitive(prepare=_one_dtype)
def matmul(x, y):
    """(…, n, k) @ (…, k, m) -> (…, n, m)"""
    return x @ y


matmul.defvjp(
    x=lambda g, y, x_shape: unbroadcast(g @ y.mT, x_shape),
    y=lambda g, x, y_shape: unbroadcast(x.mT @ g, y_shape),
)
matmul.deflatex(r"x \, y", x=r"g \, y^{\top}", y=r"x^{\top} g")
matmul.defcost(lambda out, x: 2 * out.size * x.shape[-1])


@primitive(prepare=_one_dtype)
def matvec(x, y):
    """(n, k) @ (k) -> (n): each row of x times the vector y"""
    return x.dot(y)  # on small ones a third of the time of x @ y


matvec.defvjp(
    x=lambda g, y: reshape(g, shape=(*g.shape, 1)) * y,
    y=lambda g, x: g @ x,
)
matvec.deflatex(r"x \, y", x=r"g \, y^{\top}", y=r"x^{\top} g")
matvec.defcost(lambda x: 2 * x.size, x=lambda x: x.size)


@primitive(prepare=_one_dtype)
def dot(x, y):
    """(k) @ (k) -> (): Σ x_i y_i"""
    return x @ y


dot.defvjp(
    x=lambda g, y: g * y,
    y=lambda g, x: g * x,
)
dot.deflatex(r"x^{\top} y", x=r"g \odot y", y=r"g \odot x")
dot.defcost(lambda x: 2 * x.size, x=lambda x: x.size, y=lambda x: x.size)


def product(x, y):
    """x @ y for tensors of any dimensions: a vector is a row on the left and a column on the right.

    A batch times one matrix is one tall product, (… n, k) @ (k, m), on the way back as well.
    """
    _check_sizes(x.shape, y.shape)
    if y.ndim == 1:
        if x.ndim <= 2:
            return (dot if x.ndim == 1 else matvec).run(x, y)
        return reshape(matvec(_tall(x), y), shape=x.shape[:-1])
    if x.ndim == 1:
        if y.ndim == 2:
            return matvec.run(permute.run(y, axes=(1, 0)), x)
        out = matmul(reshape(x, shape=(1, *x.shape)), y)
        return reshape(out, shape=(*out.shape[:-2], out.shape[-1]))
    if x.ndim > 2 and y.ndim == 2:
        return reshape(matmul(_tall(x), y), shape=(*x.shape[:-1], y.shape[1]))
    return matmul.run(x, y)


def _tall(x):
    """(…, n, k) -> (… n, k): a batch of matrices one below the other"""
    return reshape(x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))


def _check_sizes(first, second):
    if not first or not second:
        raise ValueError(
            f"matmul wanted tensors of at least 1 dimension, got shapes {first} and {second}: use * for a number"
        )
    if first[-1] != second[-2 if len(second) > 1 else 0]:
        sizes = " and ".join("x".join(map(str, shape)) for shape in (first, second))
        inner = second[-2 if len(second) > 1 else 0]
        names = "mat1 and mat2 shapes" if len(first) == len(second) == 2 else "shapes"
        fix = ""
        if len(second) > 1 and first[-1] == second[-1]:
            fix = "; transposing the second, y.mT, would fit"
        elif len(first) > 1 and first[-2] == second[-2 if len(second) > 1 else 0]:
            fix = "; transposing the first, x.mT, would fit"
        raise ValueError(
            f"{names} cannot be multiplied ({sizes}): wanted the last size of the first, {first[-1]}, to equal the "
            f"{'second-last' if len(second) > 1 else 'only'} size of the second, {inner}{fix}"
        )


def linear(x, weight, bias=None):
    """y = x Wᵀ + b        x: (…, in)   W: (out, in)   y: (…, out)"""
    out = product(x, weight.mT)
    return out if bias is None else out + bias


# ------------------------------------------------------------------------------------------------------- einsum
def einsum(equation, *operands):
    """Σ over the letters that the result does not have: "ij,jk->ik" is a matrix product.

    Operands are folded in from the left, two at a time, each pair as one batched matrix product, so that its
    gradients are those of `matmul`, `permute` and `sum`.
    """
    inputs, output = parse(equation, [operand.ndim for operand in operands])
    letters, x = _single(inputs[0], operands[0])
    for position in range(1, len(operands)):
        later = set(output).union(*inputs[position + 1 :])
        letters, x = _pair(letters, x, *_single(inputs[position], operands[position]), later)
    extra = tuple(i for i, letter in enumerate(letters) if letter not in output)
    if extra:
        letters, x = "".join(c for c in letters if c in output), sum(x, axis=extra, keepdims=False)
    return permute(x, axes=tuple(letters.index(letter) for letter in output))


def parse(equation, dimensions):
    """The letters of each operand and of the result; "..." becomes capital letters counted from the right."""
    left, arrow, output = equation.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != len(dimensions):
        raise ValueError(f"einsum {equation!r} wanted {len(inputs)} tensors, got {len(dimensions)}")
    most = 0
    for position, (letters, ndim) in enumerate(zip(inputs, dimensions, strict=True)):
        hidden = ndim - len(letters.replace("...", ""))
        if hidden < 0 or (hidden and "..." not in letters):
            raise ValueError(f"einsum {equation!r} names {letters!r} for a tensor of {ndim} dimensions")
        most = max(most, hidden)
        inputs[position] = letters.replace("...", _hidden(hidden))
    if not arrow:  # without an arrow: the letters that occur once, in alphabetical order
        together = "".join(inputs)
        output = _hidden(most) + "".join(sorted(c for c in set(together) if together.count(c) == 1 and c.islower()))
    output = output.replace("...", _hidden(most))
    if not set(output) <= set("".join(inputs)) or len(set(output)) != len(output):
        raise ValueError(f"einsum {equation!r}: each letter of the result wants to be in an operand, and only once")
    return inputs, output


def _hidden(count):
    return "ZYXWVUTSRQPONM"[:count][::-1]


def _single(letters, x):
    """One operand with a letter that it has twice reduced to its diagonal: "ii" is the diagonal of a matrix."""
    for letter in dict.fromkeys(letters):
        while letters.count(letter) > 1:
            first, second = letters.index(letter), letters.rindex(letter)
            rest = tuple(i for i in range(len(letters)) if i not in (first, second))
            x = diagonal(permute(x, axes=(*rest, first, second)))
            letters = "".join(letters[i] for i in rest) + letter
    return letters, x


def diagonal(x):
    """(…, n, n) -> (…, n): every (n + 1)-th element of the rows laid end to end, starting with the first."""
    n = x.shape[-1]
    if x.shape[-2] != n:
        raise ValueError(f"wanted a square matrix for its diagonal, got {x.shape[-2]}x{n}")
    flat = reshape(x, shape=(*x.shape[:-2], n * n))
    return flat[..., :: n + 1] if n else reshape(x, shape=(*x.shape[:-2], 0))


def _pair(first, x, second, y, later):
    """Two operands into one: letters in both and needed later are a batch, in both and not needed are summed."""
    x, first = _sum_alone(first, x, set(second) | later)
    y, second = _sum_alone(second, y, set(first) | later)
    batch = [c for c in first if c in second and c in later]
    summed = [c for c in first if c in second and c not in later]
    left, right = [c for c in first if c not in second], [c for c in second if c not in first]
    size = dict(zip(first, x.shape, strict=True))
    for letter, n in zip(second, y.shape, strict=True):
        if size.setdefault(letter, n) != n and 1 not in (size[letter], n):
            raise ValueError(f"einsum letter {letter!r} has sizes {size[letter]} and {n}: wanted them equal")
        size[letter] = max(size[letter], n) if n else 0

    def arrange(letters, value, groups):
        if value.shape != (full := tuple(size[c] for c in letters)):
            value = broadcast(value, shape=full)
        value = permute(value, axes=tuple(letters.index(c) for group in groups for c in group))
        return reshape(value, shape=tuple(math.prod(size[c] for c in group) for group in groups))

    groups = ([[c] for c in batch] + [left, summed], [[c] for c in batch] + [summed, right])
    out = matmul(arrange(first, x, groups[0]), arrange(second, y, groups[1]))
    return "".join(batch + left + right), reshape(out, shape=tuple(size[c] for c in batch + left + right))


def _sum_alone(letters, x, needed):
    """Letters that nobody else has are summed away before the product."""
    alone = tuple(i for i, letter in enumerate(letters) if letter not in needed)
    if alone:
        x = sum(x, axis=alone, keepdims=False)
    return x, "".join(letter for letter in letters if letter in needed)
