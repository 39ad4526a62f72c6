"""Gradients on request, under PyTorch's names."""

from tinygrad_edu.autograd.function import Function
from tinygrad_edu.engine import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from tinygrad_edu.tensors.gradients import backward, grad

__all__ = ["Function", "backward", "enable_grad", "grad", "is_grad_enabled", "no_grad", "set_grad_enabled"]
