"""PyTorch's home for `gradcheck` and `gradgradcheck`. Written in `tinygrad_edu.testing`."""

from tinygrad_edu.testing.gradcheck import GradcheckError, gradcheck, gradgradcheck

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
