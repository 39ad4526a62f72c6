"""What every part of the Tensor can rely on: its array, its shape, its number type, its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from tinygrad_edu.backend import device, device_of
from tinygrad_edu.engine import Value
from tinygrad_edu.tensors.axes import axis_of

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


class Part(Value):
    """A Value that knows what it is. `Tensor` is put together from parts like this one."""

    __slots__ = ()

    if TYPE_CHECKING:  # other parts and the Tensor itself provide these

        def to(self, *args: Any, **settings: Any) -> Tensor: ...
        def detach(self) -> Tensor: ...
        def __getitem__(self, key: Any) -> Tensor: ...

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its dimensions."""
        return self.array.shape

    @property
    def ndim(self) -> int:
        """How many dimensions it has."""
        return self.array.ndim

    @property
    def dtype(self) -> numpy.dtype:
        """The type of its numbers."""
        return self.array.dtype

    @property
    def device(self) -> device:
        """Where its numbers are."""
        return device_of(self.array)

    @property
    def nbytes(self) -> int:
        """The bytes its numbers take."""
        return self.array.nbytes

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[axis_of(dim, self.ndim)]

    def dim(self) -> int:
        """How many dimensions it has."""
        return self.array.ndim

    def numel(self) -> int:
        """How many numbers it holds."""
        return self.array.size

    def element_size(self) -> int:
        """The bytes of one number."""
        return self.array.itemsize

    def is_floating_point(self) -> bool:
        """True for float16, float32 and float64."""
        return self.array.dtype.kind == "f"

    def is_contiguous(self) -> bool:
        """True when the memory holds the numbers row by row."""
        return bool(self.array.flags.c_contiguous)

    @property
    def is_cuda(self) -> bool:
        """True when its numbers are on a GPU."""
        return self.device.type == "cuda"
