"""From samples to batches, in four steps: a data set answers `dataset[i]`, a sampler chooses the order of the i's,
collating turns a list of samples into one batch, and the loader runs the three.

Read `dataset.py`, `sampler.py`, `collate.py`, `loader.py`, in this order. Names, signatures and defaults are PyTorch's.
Not for: reading files of a known format, which is `tinygrad_edu.datasets`.
"""

from tinygrad_edu.utils.data.collate import default_collate
from tinygrad_edu.utils.data.dataset import ConcatDataset, Dataset, Subset, TensorDataset, random_split
from tinygrad_edu.utils.data.loader import DataLoader
from tinygrad_edu.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

__all__ = [
    "BatchSampler",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "Subset",
    "TensorDataset",
    "default_collate",
    "random_split",
]
