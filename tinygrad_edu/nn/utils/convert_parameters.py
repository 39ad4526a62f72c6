"""All parameters of a model as one vector, and back: for algorithms that think of θ ∈ ℝⁿ.

For: line searches, curvature, distances between models. Not for: saving; the names are gone (`state_dict` has them).
"""

from __future__ import annotations

from collections.abc import Iterable

from tinygrad_edu.engine import no_grad
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.functions import cat


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """(p₁, p₂, …), each flattened, one after the other: (n,). Gradients flow through it.

    Errors: ValueError for no parameter; TypeError for parameters on different devices.
    """
    listed = _checked(parameters)
    if not listed:
        raise ValueError("parameters_to_vector got no parameter: does the model own its layers as attributes?")
    return cat([parameter.reshape(-1) for parameter in listed])


@no_grad()
def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy the numbers of `vec`, of shape (n,), into the parameters, in order.

    PyTorch makes the parameters views of `vec`, so that later steps of an optimizer change it; here it stays as it is.
    Errors: TypeError for no tensor; ValueError unless there is exactly one number for each of the parameters'.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected a Tensor as vec, but got: {type(vec).__name__}")
    listed = _checked(parameters)
    wanted = sum(parameter.numel() for parameter in listed)
    if vec.shape != (wanted,):
        raise ValueError(f"vec should have one number for each of the parameters', ({wanted},), got {tuple(vec.shape)}")
    begin = 0
    for parameter in listed:
        end = begin + parameter.numel()
        parameter.copy_(vec[begin:end].reshape(parameter.shape))
        begin = end


def _checked(parameters: Iterable[Tensor]) -> list[Tensor]:
    """The parameters as a list, or TypeError when they are not tensors on one device."""
    listed = list(parameters)
    for parameter in listed:
        if not isinstance(parameter, Tensor):
            raise TypeError(f"wanted parameters, such as model.parameters(), got {type(parameter).__name__}")
    devices = list(dict.fromkeys(str(parameter.device) for parameter in listed))
    if len(devices) > 1:
        raise TypeError(
            f"Found two parameters on different devices, this is currently not supported: {' and '.join(devices)}"
        )
    return listed
