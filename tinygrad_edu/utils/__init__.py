"""PyTorch's `torch.utils`: here only `utils.data`, the way from a data set to batches."""

from tinygrad_edu.utils import data

__all__ = ["data"]
