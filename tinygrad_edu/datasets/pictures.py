"""A data set of pictures that are kept as bytes and handed out as numbers around zero.

For: what `Digits`, `CIFAR10` and `MNIST` have in common. Not for: making or reading the pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.utils.data import Dataset, default_collate


def bytes_to_floats(pixels: numpy.ndarray) -> numpy.ndarray:
    """x = byte / 127.5 - 1: from 0…255 to float32 in [-1, 1], with middle gray at 0.

    Numbers around zero train faster than numbers in [0, 1]: with all inputs of one sign, the gradients of a neuron's
    weights share one sign too (LeCun et al., "Efficient BackProp", 1998, section 4.3). The same range as
    ToTensor() followed by Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)) in PyTorch's CIFAR-10 tutorial.
    """
    floats = pixels.astype(numpy.float32)
    floats /= 127.5
    floats -= 1
    return floats


def floats_to_bytes(floats: numpy.ndarray) -> numpy.ndarray:
    """byte = round(127.5 (x + 1)), the inverse of `bytes_to_floats`: to save or to show a picture."""
    return numpy.clip(numpy.rint((floats + 1) * 127.5), 0, 255).astype(numpy.uint8)


class PictureDataset(Dataset):
    """sample i = (picture, label): a float32 tensor (C, H, W) in [-1, 1], and an int.

    data: uint8 (N, C, H, W), a quarter of the memory that float32 would take.
    targets: N whole numbers, each the position of its class in `classes`.
    transform, target_transform: functions applied to each picture tensor and to each label when it is fetched.
    """

    def __init__(
        self,
        data: numpy.ndarray,
        targets: numpy.ndarray,
        classes: Sequence[str],
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
    ) -> None:
        targets = numpy.asarray(targets).astype(numpy.int64)
        if data.dtype != numpy.uint8 or data.ndim != 4 or targets.shape != data.shape[:1]:
            raise ValueError(
                "wanted pictures of type uint8 and shape (N, C, H, W) with N labels, "
                f"got pictures of type {data.dtype} and shape {data.shape} with labels of shape {targets.shape}"
            )
        self.data = data
        self.targets = targets
        self.classes = list(classes)
        self.transform = transform
        self.target_transform = target_transform

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture: Any = tensor(bytes_to_floats(self.data[index]))
        label: Any = int(self.targets[index])
        if self.transform is not None:
            picture = self.transform(picture)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return picture, label

    def __len__(self) -> int:
        return len(self.data)

    def take(self, indices: Sequence[int]) -> list[Any]:
        """[pictures (n, C, H, W), labels (n,)] of the samples at `indices`, together unless there is a transform."""
        if self.transform is not None or self.target_transform is not None:
            batch: list[Any] = default_collate([self[index] for index in indices])
            return batch
        rows = numpy.asarray(indices, dtype=numpy.int64)
        return [tensor(bytes_to_floats(self.data[rows])), tensor(self.targets[rows])]

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.data.shape[1:]))
        return f"{type(self).__name__}({len(self)} pictures of {shape}, {len(self.classes)} classes)"
