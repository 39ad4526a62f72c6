"""Floor 3: the Tensor, with PyTorch's methods and functions, over the ops of floor 2."""

from tinygrad_edu.tensors.handle import RemovableHandle
from tinygrad_edu.tensors.tensor import Tensor

__all__ = ["RemovableHandle", "Tensor"]
