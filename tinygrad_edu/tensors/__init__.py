"""Floor 3: the Tensor, with PyTorch's methods and functions, over the ops of floor 2."""

from tinygrad_edu.tensors.handle import RemovableHandle
from tinygrad_edu.tensors.tensor import Tensor

Size = tuple  # a shape is a plain tuple; PyTorch's name for it, for programs that ask `isinstance(shape, Size)`

__all__ = ["RemovableHandle", "Size", "Tensor"]
