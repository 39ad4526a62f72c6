"""Parameter: a tensor that a Module owns and an optimizer changes.

For: telling the tensors that training adjusts from those that merely pass through. Not for: buffers such as running
means, which are part of a module's state without being trained (`Module.register_buffer`).
"""

from __future__ import annotations

from tinygrad_edu.tensors import Tensor


class Parameter(Tensor):
    """A leaf tensor that requires gradients; assigned to a Module's attribute, it shows up in `parameters()`.

    `Parameter(data)` shares the memory of the tensor `data`, and is not part of the graph that computed it.
    Whatever is computed from a Parameter is a plain Tensor.
    """

    __slots__ = ()

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        if not isinstance(data, Tensor):
            raise TypeError(
                f"wanted a Tensor to make a Parameter of, got {type(data).__name__}: Parameter(tensor(data))"
            )
        super().__init__(data.array)
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"
