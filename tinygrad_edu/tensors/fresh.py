"""New tensors beside an old one, in its dtype and on its device: x.new_zeros(2, 3). And questions about its memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from tinygrad_edu.backend import dtypes, is_array, library_of, to_device
from tinygrad_edu.engine import result
from tinygrad_edu.tensors.axes import axis_of, flat_sizes
from tinygrad_edu.tensors.nested import numbers_of
from tinygrad_edu.tensors.part import Part

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


class Fresh(Part):
    __slots__ = ()

    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
        """A tensor with a copy of `data`, in the dtype and place of self"""
        data, dtype = data.array if isinstance(data, Part) else data, numpy.dtype(dtype or self.dtype)
        array = data.astype(dtype) if is_array(data) else numbers_of(data, dtype)
        made: Any = result(to_device(array, self.device if device is None else device))
        return made.requires_grad_() if requires_grad else made

    def new_full(
        self, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """A tensor of shape `size` with the same number everywhere, in the dtype and place of self"""
        sizes = (size,) if isinstance(size, int) else tuple(size)
        if any(n < 0 for n in sizes):
            raise ValueError(f"wanted sizes of 0 or more, got {sizes}")
        library = library_of(self.device if device is None else device)
        made: Any = result(library.full(sizes, fill_value, self.dtype if dtype is None else numpy.dtype(dtype)))
        return made.requires_grad_() if requires_grad else made

    def new_zeros(self, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
        """0 everywhere, in the dtype and place of self"""
        return Fresh.new_full(self, flat_sizes(size), 0, dtype=dtype, device=device, requires_grad=requires_grad)

    def new_ones(self, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
        """1 everywhere, in the dtype and place of self"""
        return Fresh.new_full(self, flat_sizes(size), 1, dtype=dtype, device=device, requires_grad=requires_grad)

    def new_empty(self, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
        """Room (zeros) in the dtype and place of self"""
        return Fresh.new_zeros(self, *size, dtype=dtype, device=device, requires_grad=requires_grad)

    def type_as(self, other: Any) -> Tensor:
        """self in the dtype of other"""
        return self.to(other.dtype)

    def short(self) -> Tensor:
        """self as int16"""
        return self.to(dtypes.int16)

    def char(self) -> Tensor:
        """self as int8"""
        return self.to(dtypes.int8)

    def byte(self) -> Tensor:
        """self as uint8"""
        return self.to(dtypes.uint8)

    # ------------------------------------------------------------------------------------------------------- memory
    @property
    def itemsize(self) -> int:
        """The bytes of one number."""
        return self.array.itemsize

    @property
    def is_cpu(self) -> bool:
        """True when its numbers are in the host's memory."""
        return self.device.type == "cpu"

    def stride(self, dim: int | None = None) -> Any:
        """How many numbers of its memory lie between neighbors, along each dimension or along one."""
        steps = tuple(step // self.array.itemsize for step in self.array.strides)
        return steps if dim is None else steps[axis_of(dim, self.ndim)]

    def get_device(self) -> int:
        """The number of its GPU, or -1 on the host."""
        return -1 if self.device.index is None else self.device.index

    def is_complex(self) -> bool:
        """False: there are no complex numbers here."""
        return False

    def is_signed(self) -> bool:
        """True unless its numbers are truth values or of 0 and above."""
        return self.dtype.kind in "if"
