"""Gradients on request, under PyTorch's names; derivatives of functions; your own ops; checks; a search for NaNs."""

from tinygrad_edu.autograd import functional
from tinygrad_edu.autograd.anomaly import detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from tinygrad_edu.autograd.function import Function
from tinygrad_edu.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from tinygrad_edu.engine import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from tinygrad_edu.tensors.gradients import backward, grad

__all__ = [
    "Function",
    "GradcheckError",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
