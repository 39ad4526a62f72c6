"""tinygrad_edu: a deep-learning engine to learn from. The public names are PyTorch's; each is written once, here."""

# fmt: off
from math import e, inf, nan, pi

from tinygrad_edu import autograd, cuda, nn, optim, utils
from tinygrad_edu.backend import Generator, default_generator, device, manual_seed
from tinygrad_edu.backend.dtypes import (
    bool, double, dtype, float, float16, float32, float64, get_default_dtype, half, int, int16, int32, int64, int8,
    long, set_default_dtype, short, uint8,
)
from tinygrad_edu.checkpoint import load, save
from tinygrad_edu.engine import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import (
    arange, as_tensor, empty, empty_like, eye, from_dlpack, from_numpy, full, full_like, is_tensor, linspace, ones,
    ones_like, rand, rand_like, randint, randn, randn_like, randperm, tensor, zeros, zeros_like,
)
from tinygrad_edu.tensors.functions import (
    abs, add, addmm, all, allclose, amax, amin, any, argmax, argmin, argsort, bmm, broadcast_to, cat, chunk, clamp,
    cos, cumsum, diagonal, div, dot, einsum, eq, equal, erf, exp, expm1, flatten, flip, floor, gather, ge, gt,
    index_select, isfinite, isinf, isnan, le, log, log1p, log_softmax, logical_and, logical_not, logical_or,
    logical_xor, logsumexp, lt, masked_fill, matmul, max, maximum, mean, min, minimum, mm, movedim, mul, narrow, ne,
    neg, nonzero, norm, outer, permute, pow, prod, reciprocal, relu, remainder, repeat_interleave, reshape, roll,
    rsqrt, scatter_add, sigmoid, sign, sin, softmax, sort, split, sqrt, square, squeeze, stack, std, sub, sum, t,
    tanh, topk, transpose, tril, triu, unbind, unflatten, unsqueeze, var, where,
)
from tinygrad_edu.tensors.printing import set_printoptions

__version__ = "0.1.0"

__all__ = [
    "Generator", "Tensor", "__version__", "abs", "add", "addmm", "all", "allclose", "amax", "amin", "any", "arange",
    "argmax", "argmin", "argsort", "as_tensor", "autograd", "bmm", "bool", "broadcast_to", "cat", "chunk", "clamp",
    "cos", "cuda", "cumsum", "default_generator", "device", "diagonal", "div", "dot", "double", "dtype", "e",
    "einsum", "empty", "empty_like", "enable_grad", "eq", "equal", "erf", "exp", "expm1", "eye", "flatten", "flip",
    "float", "float16", "float32", "float64", "floor", "from_dlpack", "from_numpy", "full", "full_like", "gather",
    "ge", "get_default_dtype", "gt", "half", "index_select", "inf", "int", "int16", "int32", "int64", "int8",
    "is_grad_enabled", "is_tensor", "isfinite", "isinf", "isnan", "le", "linspace", "load", "log", "log1p",
    "log_softmax", "logical_and", "logical_not", "logical_or", "logical_xor", "logsumexp", "long", "lt",
    "manual_seed", "masked_fill", "matmul", "max", "maximum", "mean", "min", "minimum", "mm", "movedim", "mul",
    "nan", "narrow", "ne", "neg", "nn", "no_grad", "nonzero", "norm", "ones", "ones_like", "optim", "outer",
    "permute", "pi", "pow", "prod", "rand", "rand_like", "randint", "randn", "randn_like", "randperm", "reciprocal",
    "relu", "remainder", "repeat_interleave", "reshape", "roll", "rsqrt", "save", "scatter_add",
    "set_default_dtype", "set_grad_enabled", "set_printoptions", "short", "sigmoid", "sign", "sin", "softmax",
    "sort", "split", "sqrt", "square", "squeeze", "stack", "std", "sub", "sum", "t", "tanh", "tensor", "topk",
    "transpose", "tril", "triu", "uint8", "unbind", "unflatten", "unsqueeze", "utils", "var", "where", "zeros",
    "zeros_like",
]
