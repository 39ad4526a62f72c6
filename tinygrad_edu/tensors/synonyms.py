"""Second names: PyTorch calls some things by two names, and programs use both. Each line here is one thing twice."""

from __future__ import annotations

from tinygrad_edu.tensors.arithmetic import Arithmetic
from tinygrad_edu.tensors.elementary import Elementary
from tinygrad_edu.tensors.part import Part
from tinygrad_edu.tensors.rearranging import Rearranging
from tinygrad_edu.tensors.reducing import Reducing


class Synonyms(Part):
    __slots__ = ()

    absolute = Arithmetic.abs
    divide = true_divide = Arithmetic.div
    multiply = Arithmetic.mul
    negative = Arithmetic.neg
    subtract = Arithmetic.sub
    clip = Arithmetic.clamp
    sgn = Arithmetic.sign
    greater, greater_equal, less, less_equal, not_equal = (
        Arithmetic.gt, Arithmetic.ge, Arithmetic.lt, Arithmetic.le, Arithmetic.ne,
    )  # fmt: skip
    arcsin, arccos, arctan, arctan2 = Elementary.asin, Elementary.acos, Elementary.atan, Elementary.atan2
    arcsinh, arccosh, arctanh = Elementary.asinh, Elementary.acosh, Elementary.atanh
    fix = Elementary.trunc
    moveaxis = Rearranging.movedim
    swapaxes = swapdims = Rearranging.transpose
    mH = Rearranging.mT  # of real numbers
    H = Rearranging.T
    ger = Reducing.outer
    ndimension = Part.dim
    nelement = Part.numel
