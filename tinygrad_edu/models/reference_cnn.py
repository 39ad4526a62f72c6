"""The reference CNN: the small convolutional network that this package trains from end to end.

For: `ReferenceCNN`, with the attribute names of PyTorch's tutorial "Training a classifier", so that weights travel
between the two. Not for: larger networks; put them together from `tinygrad_edu.nn`.
"""

from __future__ import annotations

from tinygrad_edu import nn
from tinygrad_edu.nn import functional as F
from tinygrad_edu.tensors import Tensor


class ReferenceCNN(nn.Module):
    """(N, 3, 32, 32) pictures -> (N, classes) logits: two convolutions that look, three linear layers that decide.

    62,006 weights for ten classes, most of them (48,120) in fc1. Softmax of the logits gives probabilities.
    Source: LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document recognition" (LeNet-5).
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        if tuple(x.shape[1:]) != (3, 32, 32):
            raise ValueError(
                f"ReferenceCNN wants pictures of shape (N, 3, 32, 32), got {tuple(x.shape)}: scale or pad them"
            )
        x = self.pool(F.relu(self.conv1(x)))  # (N, 6, 28, 28) -> (N, 6, 14, 14)
        x = self.pool(F.relu(self.conv2(x)))  # (N, 16, 10, 10) -> (N, 16, 5, 5)
        x = x.flatten(1)  # (N, 400)
        x = F.relu(self.fc1(x))  # (N, 120)
        x = F.relu(self.fc2(x))  # (N, 84)
        return self.fc3(x)  # (N, classes)
