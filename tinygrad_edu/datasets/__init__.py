"""Pictures with labels, ready for a network: float32 (channels, height, width) in [-1, 1], and a whole number each.

`Digits` is drawn from the scikit-learn data that is installed with it; `CIFAR10` and `MNIST` read files that you have.
Nothing here downloads anything. Not for: order and batches, which are `tinygrad_edu.utils.data`.
"""

from tinygrad_edu.datasets.cifar10 import CIFAR10
from tinygrad_edu.datasets.digits import Digits
from tinygrad_edu.datasets.idx import read_idx, write_idx
from tinygrad_edu.datasets.images import read_image
from tinygrad_edu.datasets.mnist import MNIST
from tinygrad_edu.datasets.pictures import PictureDataset, bytes_to_floats, floats_to_bytes

__all__ = [
    "CIFAR10",
    "MNIST",
    "Digits",
    "PictureDataset",
    "bytes_to_floats",
    "floats_to_bytes",
    "read_idx",
    "read_image",
    "write_idx",
]
