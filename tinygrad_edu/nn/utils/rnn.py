"""Sequences of different lengths in one batch: padded to a rectangle, or packed without any padding.

    sequences a b c | d e | f        padded (T, B)    a d f        packed    a d f b e c
                                                      b e 0                  batch_sizes = 3 2 1
                                                      c 0 0

A packed batch holds the first elements of all sequences, then the second elements of those that have one, and so on.
The sequences are ordered from the longest to the shortest, so that at time t the first batch_sizes[t] are running: what
a recurrent layer wants, which then computes nothing for padding. For: packing, padding, and back; every recurrent layer
takes a PackedSequence. Not for: attention, which takes the padded rectangle and a mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy

from tinygrad_edu.backend import constant
from tinygrad_edu.nn.functional.checks import check_tensor
from tinygrad_edu.ops import indexing, shaping
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import full
from tinygrad_edu.tensors.functions import stack

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]

Lengths = Tensor | numpy.ndarray | Sequence[int]


class _Parts(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Parts):
    """(data, batch_sizes, sorted_indices, unsorted_indices): a batch of sequences without padding.

    data (Σ lengths, *): row after row as above, on any device, of any dtype. batch_sizes (T,): how many sequences are
    running at each time. sorted_indices (B,): which of the sequences given is the longest, the second longest, and so
    on; unsorted_indices (B,) puts them back; both None where they were given in that order. All but data are int64 and
    on the host, where loops over time need them (PyTorch keeps the indices beside the data).

    Made by `pack_padded_sequence` and `pack_sequence`; by hand only from the data of another, as in
    PackedSequence(embedding(packed.data), *packed[1:]).
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if batch_sizes.device.type != "cpu":
            raise ValueError(
                f"batch_sizes should always be on CPU: got them on {batch_sizes.device}; use pack_sequence or "
                "pack_padded_sequence, which see to that"
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The data on another device or in another dtype, as Tensor.to; the rest stays on the host."""
        return PackedSequence(self.data.to(*args, **kwargs), *self[1:])

    def cpu(self) -> PackedSequence:
        """to("cpu")"""
        return self.to("cpu")

    def cuda(self, *args: Any) -> PackedSequence:
        """to("cuda")"""
        return PackedSequence(self.data.cuda(*args), *self[1:])

    def float(self) -> PackedSequence:
        """The data in float32."""
        return PackedSequence(self.data.float(), *self[1:])

    def double(self) -> PackedSequence:
        """The data in float64."""
        return PackedSequence(self.data.double(), *self[1:])

    def half(self) -> PackedSequence:
        """The data in float16."""
        return PackedSequence(self.data.half(), *self[1:])

    def long(self) -> PackedSequence:
        """The data in int64."""
        return PackedSequence(self.data.long(), *self[1:])

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a GPU."""
        return self.data.device.type == "cuda"


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """q with q[p[i]] = i: the order that undoes an order. None, which stands for "as they are", undoes itself."""
    return None if permutation is None else permutation.argsort()


# ------------------------------------------------------------------------------------------------------ packing
def pack_padded_sequence(
    input: Tensor, lengths: Lengths, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """The first lengths[j] elements of each sequence j of a padded batch, packed.

    input (T, B, *), or (B, T, *) with batch_first; lengths: B whole numbers from 1 to T, on the host. What lies beyond
    them is left out, and gets the gradient 0. With enforce_sorted the lengths must be given in decreasing order;
    without, the batch is sorted here (equal lengths keep their order) and put back by whoever unpacks it.

    Raises ValueError for lengths below 1, beyond T, not sorted, or not one for each sequence; TypeError for lengths
    that are no whole numbers or on another device.
    """
    check_tensor("pack_padded_sequence", "input", input)
    if input.ndim < 2:
        wanted = "(batch, time, ...)" if batch_first else "(time, batch, ...)"
        raise ValueError(f"pack_padded_sequence wanted an input of shape {wanted}, got {tuple(input.shape)}")
    steps, batch = (input.shape[1], input.shape[0]) if batch_first else input.shape[:2]
    if not batch:
        raise ValueError(f"Cannot pack empty tensors: wanted at least one sequence, got shape {tuple(input.shape)}")
    sizes = _lengths(lengths, batch, steps)
    if sizes.min() < 1:
        raise ValueError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0: got "
            f"{sizes.min()} at position {sizes.argmin()}; leave empty sequences out of the batch"
        )
    order = numpy.argsort(-sizes, kind="stable")
    if enforce_sorted and (numpy.diff(sizes) > 0).any():
        raise ValueError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True: got "
            f"{sizes.tolist()}; pass enforce_sorted=False to have the batch sorted and put back"
        )
    running = _running(sizes[order])
    times, rows = (constant(places, like=input.array) for places in running.nonzero())
    columns = rows if enforce_sorted else constant(order, like=input.array)[rows]
    key = (columns, times) if batch_first else (times, columns)
    data = indexing.getitem(input, key=key, unique=True)
    sorted_indices = None if enforce_sorted else Tensor(order)
    return PackedSequence(data, Tensor(running.sum(1)), sorted_indices)


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (L_j, *), packed: pad_sequence, then pack_padded_sequence with their own lengths."""
    padded = pad_sequence(sequences)
    return pack_padded_sequence(padded, [len(sequence) for sequence in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences (L_j, *) of a packed batch, in the order in which they were given."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


# ------------------------------------------------------------------------------------------------------ padding
def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """(padded, lengths): what `pack_padded_sequence` was given, with `padding_value` beyond each sequence's end.

    padded (T, B, *), or (B, T, *) with batch_first, T being the longest length, or total_length where that is given
    (as several batches want that are to be joined); lengths (B,), int64, on the host. In the order of the sequences
    before they were packed. Raises ValueError for a total_length below the longest.
    """
    _check_packed("pad_packed_sequence", sequence)
    sizes = sequence.batch_sizes.numpy()
    lengths = (sizes[:, None] > numpy.arange(sizes[0])).sum(0)
    steps = len(sizes) if total_length is None else total_length
    if steps < len(sizes):
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {len(sizes)}"
        )
    times, columns = _running(lengths).nonzero()
    if sequence.sorted_indices is not None and sequence.unsorted_indices is not None:
        columns = sequence.sorted_indices.cpu().numpy()[columns]
        lengths = lengths[sequence.unsorted_indices.cpu().numpy()]
    data = sequence.data
    shape = (len(lengths), steps) if batch_first else (steps, len(lengths))
    padded = full((*shape, *data.shape[1:]), padding_value, dtype=data.dtype, device=data.device)
    padded[(columns, times) if batch_first else (times, columns)] = data
    return padded, Tensor(lengths)


def pad_sequence(
    sequences: Iterable[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (L_j, *) side by side, (T, B, *) or with batch_first (B, T, *), T = max L_j, `padding_value` between.

    padding_side "right" puts the padding after each sequence, "left" before it.
    """
    if padding_side not in ("left", "right"):
        raise ValueError(f"Expected padding_side to be one of left or right, but got {padding_side!r}")
    if not isinstance(sequences, Iterable):
        raise TypeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences).__name__}; "
            "wanted a list of tensors"
        )
    found = _checked_sequences(list(sequences.unbind(0)) if isinstance(sequences, Tensor) else list(sequences))
    steps = max(sequence.shape[0] for sequence in found)
    padded = []
    for sequence in found:
        missing = steps - sequence.shape[0]
        margin = (0, missing) if padding_side == "right" else (missing, 0)
        widths = (margin, *((0, 0),) * (sequence.ndim - 1))
        padded.append(shaping.pad(sequence, widths=widths, value=padding_value) if missing else sequence)
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Lengths, batch_first: bool = False) -> list[Tensor]:
    """The first lengths[j] elements of each sequence j of a padded batch: a list of tensors (L_j, *).

    A length beyond the batch's T is a ValueError (PyTorch takes what there is).
    """
    check_tensor("unpad_sequence", "padded_sequences", padded_sequences)
    if padded_sequences.ndim < 2:
        raise ValueError(f"unpad_sequence wanted a padded batch of sequences, got shape {padded_sequences.shape}")
    batch = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    sizes = _lengths(lengths, *batch.shape[:2]).tolist()
    return [sequence[:size] for sequence, size in zip(batch.unbind(0), sizes, strict=True)]


# ------------------------------------------------------------------------------------------------------- checks
def _running(lengths: numpy.ndarray) -> numpy.ndarray:
    """(T, B), for decreasing lengths: is sequence j running at time t? Read row by row, that is the packed order."""
    return numpy.arange(lengths[0])[:, None] < lengths


def _lengths(lengths: Lengths, batch: int, steps: int) -> numpy.ndarray:
    """The lengths as an array of integers, `batch` of them and none beyond `steps`."""
    if isinstance(lengths, Tensor):
        kind = f"{lengths.ndim}D {lengths.device} {lengths.dtype} tensor"
        usable = lengths.device.type == "cpu" and lengths.dtype.kind in "iu"
        found = lengths.numpy() if usable else numpy.empty(0)
    else:
        found = numpy.asarray(lengths)
        kind = f"{found.ndim}D {type(lengths).__name__} of {found.dtype}"
        usable = found.dtype.kind in "iu" or not found.size
    if not usable:
        raise TypeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {kind}: wanted whole numbers, which for a "
            "tensor means .long(), on the host, which means .cpu()"
        )
    if found.ndim != 1:
        raise ValueError(f"'lengths' argument should be a 1D CPU int64 tensor, but got {kind}: wanted one per sequence")
    if len(found) != batch:
        raise ValueError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(found)} (batch_size={batch}): is "
            "batch_first as it should be?"
        )
    if found.size and found.max() > steps:
        raise ValueError(
            f"wanted lengths of at most {steps}, the time steps of the padded batch, got {found.max()} at position "
            f"{found.argmax()}: is batch_first as it should be?"
        )
    return found.astype(numpy.int64)


def _check_packed(function: str, sequence: Any) -> None:
    if not isinstance(sequence, PackedSequence):
        raise TypeError(f"{function} wanted a PackedSequence, got {type(sequence).__name__}: see pack_sequence")


def _checked_sequences(sequences: list[Any]) -> list[Tensor]:
    if not sequences:
        raise ValueError("received an empty list of sequences: wanted at least one tensor to pad or to pack")
    for i, sequence in enumerate(sequences):
        if not isinstance(sequence, Tensor):
            raise TypeError(f"wanted a list of tensors, got {type(sequence).__name__} at position {i}: use tensor(...)")
        if not sequence.ndim or sequence.shape[1:] != sequences[0].shape[1:]:
            raise ValueError(
                f"wanted sequences (L, *) that agree in all but their length, got shape {tuple(sequences[0].shape)} "
                f"at position 0 and {tuple(sequence.shape)} at position {i}"
            )
    return sequences
