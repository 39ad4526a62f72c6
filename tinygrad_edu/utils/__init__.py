"""PyTorch's `torch.utils`: `data`, the way from a data set to batches, and `checkpoint`, memory for time."""

from tinygrad_edu.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
