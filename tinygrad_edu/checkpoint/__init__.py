"""Checkpoints: a model's numbers, and a training's whole state, in a file that is either the old one or the new one.

`save` and `load` are PyTorch's `torch.save` and `torch.load` for what they should be used for: state_dicts.
`save_checkpoint` and `load_checkpoint` keep all that a training needs to go on as if it had never stopped. Read
`files.py` (the format, and writing that survives a power cut), `tree.py` (nested dictionaries), `weights.py`,
`training.py`, in this order. Not for: keeping fewer activations in memory, which is `tinygrad_edu.utils.checkpoint`.

The format is safetensors (extra "io"), which holds numbers and text only. Nothing is ever pickled: unpickling a file
runs whatever program is in it. Source: https://huggingface.co/docs/safetensors, section "Format".
"""

from tinygrad_edu.checkpoint.training import Checkpoint, load_checkpoint, save_checkpoint
from tinygrad_edu.checkpoint.weights import load, read_metadata, save

__all__ = ["Checkpoint", "load", "load_checkpoint", "read_metadata", "save", "save_checkpoint"]
