"""PyTorch's home for `gradcheck` and `gradgradcheck`. They are written in `tinygrad_edu.testing`, with their diagnosis."""

from tinygrad_edu.testing.gradcheck import GradcheckError, gradcheck, gradgradcheck

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
