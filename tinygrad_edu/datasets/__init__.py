"""Data to learn from: pictures with labels, and sequences whose best possible loss is known.

Pictures are float32 (channels, height, width) in [-1, 1], with a whole number each: `Digits` is drawn from the
scikit-learn data that is installed with it; `CIFAR10` and `MNIST` read files that you have. Sequences are generated:
`GeneratedText` to predict letters, `AddingProblem` to remember numbers, `Reversal` to turn words around. Nothing here
downloads anything. Not for: order and batches, which are `tinygrad_edu.utils.data`.
"""

from tinygrad_edu.datasets.adding import AddingProblem
from tinygrad_edu.datasets.cifar10 import CIFAR10
from tinygrad_edu.datasets.digits import Digits
from tinygrad_edu.datasets.idx import read_idx, write_idx
from tinygrad_edu.datasets.images import read_image
from tinygrad_edu.datasets.mnist import MNIST
from tinygrad_edu.datasets.pictures import PictureDataset, bytes_to_floats, floats_to_bytes
from tinygrad_edu.datasets.reversal import Reversal
from tinygrad_edu.datasets.text import GeneratedText, LetterSource

__all__ = [
    "CIFAR10",
    "MNIST",
    "AddingProblem",
    "Digits",
    "GeneratedText",
    "LetterSource",
    "PictureDataset",
    "Reversal",
    "bytes_to_floats",
    "floats_to_bytes",
    "read_idx",
    "read_image",
    "write_idx",
]
