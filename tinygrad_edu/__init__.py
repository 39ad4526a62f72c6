"""tinygrad_edu: a deep-learning engine to learn from. The public names are PyTorch's; each is written once, here."""

# fmt: off
from math import e, inf, nan, pi

from tinygrad_edu import autograd, cuda, linalg, nn, optim, profiler, special, utils
from tinygrad_edu.backend import (
    Generator, default_generator, device, get_num_threads, manual_seed, set_num_threads,
)
from tinygrad_edu.backend.dtypes import (
    bool, double, dtype, float, float16, float32, float64, get_default_dtype, half, int, int16, int32, int64, int8,
    long, set_default_dtype, short, uint8,
)
from tinygrad_edu.checkpoint import load, save
from tinygrad_edu.engine import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from tinygrad_edu.tensors import Size, Tensor
from tinygrad_edu.tensors.as_functions import (
    abs, absolute, acos, acosh, add, addbmm, addcdiv, addcmul, addmm, addmv, addr, all, allclose, amax, amin, aminmax,
    any, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, argmax, argmin, argsort, argwhere, asin, asinh,
    atan, atan2, atanh, baddbmm, bernoulli, bincount, bitwise_and, bitwise_not, bitwise_or, bitwise_xor, bmm,
    broadcast_to, ceil, chunk, clamp, clamp_max, clamp_min, clip, clone, cos, cosh, count_nonzero, cross, cumprod,
    cumsum, deg2rad, detach, diag, diag_embed, diagflat, diagonal, div, divide, dot, eq, equal, erf, erfc, exp, exp2,
    expm1, fix, flatten, flip, floor, floor_divide, fmod, frac, gather, ge, ger, greater, greater_equal, gt, histc,
    hypot, index_add, index_copy, index_fill, index_select, inner, is_complex, is_floating_point, is_signed, isclose,
    isfinite, isinf, isnan, kron, kthvalue, le, lerp, less, less_equal, log, log10, log1p, log2, log_softmax, logaddexp,
    logical_and, logical_not, logical_or, logical_xor, logit, logsumexp, lt, masked_fill, masked_select, matmul,
    matrix_power, max, maximum, mean, median, min, minimum, mm, moveaxis, movedim, mul, multinomial, multiply, mv,
    nan_to_num, nanmean, nansum, narrow, ne, neg, negative, nonzero, norm, not_equal, numel, outer, permute, prod,
    quantile, rad2deg, ravel, reciprocal, relu, remainder, repeat_interleave, reshape, roll, round, rsqrt, scatter,
    scatter_add, scatter_reduce, select, sgn, sigmoid, sign, sin, sinh, softmax, sort, split, sqrt, square, squeeze,
    std, std_mean, sub, subtract, sum, swapaxes, swapdims, t, take, take_along_dim, tan, tanh, tensordot, tile, topk,
    trace, transpose, tril, triu, true_divide, trunc, unbind, unflatten, unique, unsqueeze, var, var_mean, vdot,
)
from tinygrad_edu.tensors.creation import (
    arange, as_tensor, empty, empty_like, eye, from_dlpack, from_numpy, full, full_like, linspace, ones, ones_like,
    rand, rand_like, randint, randint_like, randn, randn_like, randperm, scalar_tensor, tensor, zeros, zeros_like,
)
from tinygrad_edu.tensors.distances import cdist, dist
from tinygrad_edu.tensors.functions import cat, einsum, pow, stack, where
from tinygrad_edu.tensors.grids import bucketize, isin, logspace, searchsorted, tril_indices, triu_indices, vander
from tinygrad_edu.tensors.joining import (
    atleast_1d, atleast_2d, atleast_3d, block_diag, broadcast_shapes, broadcast_tensors, cartesian_prod, column_stack,
    concat, concatenate, dstack, hstack, meshgrid, row_stack, tensor_split, vstack,
)
from tinygrad_edu.tensors.kinds import can_cast, finfo, iinfo, is_tensor, promote_types, result_type
from tinygrad_edu.tensors.printing import set_printoptions
from tinygrad_edu.tensors.sampling import normal

__version__ = "0.1.0"

__all__ = [
    "Generator", "Size", "Tensor", "__version__", "abs", "absolute", "acos", "acosh", "add", "addbmm", "addcdiv",
    "addcmul", "addmm", "addmv", "addr", "all", "allclose", "amax", "amin", "aminmax", "any", "arange", "arccos",
    "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin", "argsort", "argwhere",
    "as_tensor", "asin", "asinh", "atan", "atan2", "atanh", "atleast_1d", "atleast_2d", "atleast_3d", "autograd",
    "baddbmm", "bernoulli", "bincount", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "block_diag", "bmm",
    "bool", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "bucketize", "can_cast", "cartesian_prod", "cat",
    "cdist", "ceil", "chunk", "clamp", "clamp_max", "clamp_min", "clip", "clone", "column_stack", "concat",
    "concatenate", "cos", "cosh", "count_nonzero", "cross", "cuda", "cumprod", "cumsum", "default_generator", "deg2rad",
    "detach", "device", "diag", "diag_embed", "diagflat", "diagonal", "dist", "div", "divide", "dot", "double",
    "dstack", "dtype", "e", "einsum", "empty", "empty_like", "enable_grad", "eq", "equal", "erf", "erfc", "exp", "exp2",
    "expm1", "eye", "finfo", "fix", "flatten", "flip", "float", "float16", "float32", "float64", "floor",
    "floor_divide", "fmod", "frac", "from_dlpack", "from_numpy", "full", "full_like", "gather", "ge", "ger",
    "get_default_dtype", "get_num_threads", "greater", "greater_equal", "gt", "half", "histc", "hstack", "hypot",
    "iinfo", "index_add", "index_copy", "index_fill", "index_select", "inf", "inference_mode", "inner", "int", "int16",
    "int32", "int64", "int8", "is_complex", "is_floating_point", "is_grad_enabled", "is_signed", "is_tensor", "isclose",
    "isfinite", "isin", "isinf", "isnan", "kron", "kthvalue", "le", "lerp", "less", "less_equal", "linalg", "linspace",
    "load", "log", "log10", "log1p", "log2", "log_softmax", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "logit", "logspace", "logsumexp", "long", "lt", "manual_seed", "masked_fill", "masked_select",
    "matmul", "matrix_power", "max", "maximum", "mean", "median", "meshgrid", "min", "minimum", "mm", "moveaxis",
    "movedim", "mul", "multinomial", "multiply", "mv", "nan", "nan_to_num", "nanmean", "nansum", "narrow", "ne", "neg",
    "negative", "nn", "no_grad", "nonzero", "norm", "normal", "not_equal", "numel", "ones", "ones_like", "optim",
    "outer", "permute", "pi", "pow", "prod", "profiler", "promote_types", "quantile", "rad2deg", "rand", "rand_like",
    "randint", "randint_like", "randn", "randn_like", "randperm", "ravel", "reciprocal", "relu", "remainder",
    "repeat_interleave", "reshape", "result_type", "roll", "round", "row_stack", "rsqrt", "save", "scalar_tensor",
    "scatter", "scatter_add", "scatter_reduce", "searchsorted", "select", "set_default_dtype", "set_grad_enabled",
    "set_num_threads", "set_printoptions", "sgn", "short", "sigmoid", "sign", "sin", "sinh", "softmax", "sort",
    "special", "split", "sqrt", "square", "squeeze", "stack", "std", "std_mean", "sub", "subtract", "sum", "swapaxes",
    "swapdims", "t", "take", "take_along_dim", "tan", "tanh", "tensor", "tensor_split", "tensordot", "tile", "topk",
    "trace", "transpose", "tril", "tril_indices", "triu", "triu_indices", "true_divide", "trunc", "uint8", "unbind",
    "unflatten", "unique", "unsqueeze", "utils", "vander", "var", "var_mean", "vdot", "vstack", "where", "zeros",
    "zeros_like",
]
