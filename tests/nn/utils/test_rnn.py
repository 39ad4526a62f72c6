"""Packing and padding: what goes in comes out, in its order, with its gradient; and what cannot be packed says why."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

import tinygrad_edu
from tinygrad_edu import nn, tensor
from tinygrad_edu.backend.strict import counters
from tinygrad_edu.nn.utils.rnn import (
    PackedSequence,
    invert_permutation,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpack_sequence,
    unpad_sequence,
)

LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=6)


def sequences_of(lengths: list[int], width: int | None = 2, **options: Any) -> list[Any]:
    """Sequences of these lengths; all numbers differ, so that a mistaken place is seen."""
    made, start = [], 1
    for length in lengths:
        shape = (length,) if width is None else (length, width)
        count = length * (width or 1)
        made.append(tensor(numpy.arange(start, start + count, dtype="float64").reshape(shape), **options))
        start += count
    return made


def test_the_picture_in_the_file() -> None:
    abc, de, f = tensor([1, 2, 3]), tensor([4, 5]), tensor([6])
    packed = pack_sequence([abc, de, f])
    assert packed.data.tolist() == [1, 4, 6, 2, 5, 3]
    assert packed.batch_sizes.tolist() == [3, 2, 1]
    assert (packed.sorted_indices, packed.unsorted_indices) == (None, None)
    assert pad_sequence([abc, de, f]).tolist() == [[1, 4, 6], [2, 5, 0], [3, 0, 0]]
    packed = pack_sequence([f, abc, de], enforce_sorted=False)
    assert packed.data.tolist() == [1, 4, 6, 2, 5, 3]
    assert packed.sorted_indices.tolist() == [1, 2, 0]
    assert packed.unsorted_indices.tolist() == [2, 0, 1]


@how(max_examples=60, deadline=None, derandomize=True)
@given(LENGTHS, st.booleans(), st.sampled_from([None, 1, 3]), st.floats(-3, 3), st.integers(0, 3))
def test_packing_then_padding_gives_back_the_batch(
    lengths: list[int], batch_first: bool, width: int | None, value: float, more: int
) -> None:
    sequences = sequences_of(lengths, width)
    padded = pad_sequence(sequences, batch_first, padding_value=value)
    packed = pack_padded_sequence(padded, lengths, batch_first, enforce_sorted=False)
    assert len(packed.data) == sum(lengths) == sum(packed.batch_sizes.tolist())
    total = max(lengths) + more
    back, found = pad_packed_sequence(packed, batch_first, padding_value=value, total_length=total)
    assert found.tolist() == lengths
    steps = (slice(None), slice(max(lengths))) if batch_first else slice(max(lengths))
    assert back[steps].tolist() == padded.tolist()
    beyond = back.numpy()[:, max(lengths) :] if batch_first else back.numpy()[max(lengths) :]
    assert beyond.size == more * len(lengths) * (width or 1)
    assert (beyond == value).all()


@how(max_examples=60, deadline=None, derandomize=True)
@given(LENGTHS, st.sampled_from(["right", "left"]), st.booleans())
def test_padding_then_cutting_gives_back_the_sequences(lengths: list[int], side: str, batch_first: bool) -> None:
    sequences = sequences_of(lengths)
    padded = pad_sequence(sequences, batch_first, -1.0, side)
    for i, sequence in enumerate(sequences):
        column = padded[i] if batch_first else padded[:, i]
        cut = column[: len(sequence)] if side == "right" else column[max(lengths) - len(sequence) :]
        assert cut.tolist() == sequence.tolist()
    assert int((padded.numpy() == -1).sum()) == 2 * sum(max(lengths) - length for length in lengths)
    if side == "right":
        for kind in (list, numpy.array, tensor):
            before = padded.tolist()
            again = unpad_sequence(padded, kind(lengths), batch_first)
            assert [cut.tolist() for cut in again] == [sequence.tolist() for sequence in sequences]
            assert padded.tolist() == before


@how(max_examples=60, deadline=None, derandomize=True)
@given(LENGTHS)
def test_packing_then_unpacking_gives_back_the_sequences(lengths: list[int]) -> None:
    sequences = sequences_of(lengths, None)
    again = unpack_sequence(pack_sequence(sequences, enforce_sorted=False))
    assert [sequence.tolist() for sequence in again] == [sequence.tolist() for sequence in sequences]
    in_order = sorted(sequences, key=len, reverse=True)
    again = unpack_sequence(pack_sequence(in_order))
    assert [sequence.tolist() for sequence in again] == [sequence.tolist() for sequence in in_order]


@how(max_examples=60, deadline=None, derandomize=True)
@given(LENGTHS, st.booleans())
def test_packing_is_the_transpose_of_padding(lengths: list[int], batch_first: bool) -> None:
    rng = numpy.random.default_rng(len(lengths))
    steps, batch = max(lengths), len(lengths)
    shape = (batch, steps, 2) if batch_first else (steps, batch, 2)
    x, y = tensor(rng.normal(size=shape)), tensor(rng.normal(size=(sum(lengths), 2)))
    packed = pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
    padded, _ = pad_packed_sequence(PackedSequence(y, *packed[1:]), batch_first)
    assert (packed.data * y).sum().item() == pytest.approx((x * padded).sum().item(), abs=1e-12)


def test_padding_gets_no_gradient_and_may_hold_anything(device: Any) -> None:
    x = tensor(numpy.full((3, 2, 2), numpy.nan), device=device)
    x[:, 1], x[0, 0] = 1.0, 2.0
    x.requires_grad_()
    packed = pack_padded_sequence(x, [1, 3], enforce_sorted=False)
    padded, _ = pad_packed_sequence(packed, padding_value=7.0)
    (padded * padded).sum().backward()
    assert padded.cpu()[:, 0, 0].tolist() == [2.0, 7.0, 7.0]
    assert x.grad.cpu()[:, :, 0].tolist() == [[4.0, 2.0], [0.0, 2.0], [0.0, 2.0]]


def test_nothing_waits_for_the_device() -> None:
    x = tensor(numpy.ones((3, 2, 2)), device="strict", requires_grad=True)
    before = counters.synchronizations
    packed = pack_padded_sequence(x, [2, 3], enforce_sorted=False)
    padded, lengths = pad_packed_sequence(packed)
    padded.sum().backward()
    assert counters.synchronizations == before
    assert lengths.tolist() == [2, 3]
    assert (str(packed.data.device), str(packed.batch_sizes.device), str(lengths.device)) == ("strict", "cpu", "cpu")


def test_equal_lengths_keep_their_order() -> None:
    packed = pack_sequence(sequences_of([2, 1] * 20), enforce_sorted=False)
    assert packed.sorted_indices.tolist() == [*range(0, 40, 2), *range(1, 40, 2)]
    assert invert_permutation(packed.unsorted_indices).tolist() == packed.sorted_indices.tolist()
    assert invert_permutation(None) is None


def test_a_batch_longer_than_its_sequences_is_cut() -> None:
    packed = pack_padded_sequence(tensor(numpy.arange(10.0).reshape(5, 2)), [2, 1])
    assert packed.data.tolist() == [0.0, 1.0, 2.0]
    padded, lengths = pad_packed_sequence(packed)
    assert (padded.tolist(), lengths.tolist()) == ([[0.0, 1.0], [2.0, 0.0]], [2, 1])


def test_labels_are_packed_like_inputs() -> None:
    logits = pack_sequence(sequences_of([1, 3], 4, requires_grad=True), enforce_sorted=False)
    labels = pack_sequence([tensor([2]), tensor([0, 3, 1])], enforce_sorted=False)
    loss = nn.functional.cross_entropy(logits.data, labels.data)
    assert labels.data.tolist() == [0, 2, 3, 1]
    assert labels.data.dtype == tinygrad_edu.int64
    rows = [(start + numpy.arange(4.0), label) for start, label in ((5, 0), (1, 2), (9, 3), (13, 1))]
    wanted = numpy.mean([numpy.log(numpy.exp(row).sum()) - row[label] for row, label in rows])
    assert loss.item() == pytest.approx(wanted)


def test_a_packed_sequence_is_a_tuple_that_moves_its_data_only() -> None:
    packed = pack_sequence(sequences_of([1, 2]), enforce_sorted=False)
    data, batch_sizes, sorted_indices, unsorted_indices = packed
    assert (packed.data, packed.batch_sizes) == (data, batch_sizes)
    assert (packed.sorted_indices, packed.unsorted_indices) == (sorted_indices, unsorted_indices)
    assert repr(packed).startswith("PackedSequence(data=tensor([[")
    there = packed.to("strict")
    assert (str(there.data.device), str(there.batch_sizes.device)) == ("strict", "cpu")
    assert there.cpu().data.tolist() == data.tolist()
    kinds = [getattr(packed, name)().data.dtype.name for name in ("float", "double", "half", "long")]
    assert kinds == ["float32", "float64", "float16", "int64"]
    assert packed.long().unsorted_indices is unsorted_indices
    assert not packed.is_cuda


# ---------------------------------------------------------------------------------------------------------- refused
X = tensor(numpy.zeros((4, 3, 2)))


@pytest.mark.parametrize(
    ("lengths", "kind", "message"),
    [
        ([4, 3, 0], ValueError, r"Length of all samples has to be greater than 0.* <= 0: got 0 at position 2"),
        ([4, -1, 2], ValueError, r"greater than 0.*got -1 at position 1"),
        ([5, 2, 1], ValueError, r"at most 4, the time steps of the padded batch, got 5 at position 0.*batch_first"),
        ([3, 2], ValueError, r"Expected `len\(lengths\)` to be equal to batch_size, but got 2 \(batch_size=3\)"),
        ([[3, 2, 1]], ValueError, r"'lengths' argument should be a 1D CPU int64 tensor, but got 2D list of int64"),
        (tensor([[3, 2, 1]]), ValueError, r"1D CPU int64 tensor, but got 2D cpu int64 tensor"),
        ([1, 2, 3], ValueError, r"must be sorted in decreasing order.*got \[1, 2, 3\]; pass enforce_sorted=False"),
        ([3.0, 2.0, 1.0], TypeError, r"1D CPU int64 tensor, but got 1D list of float64: wanted whole numbers"),
        (tensor([3.0, 2.0, 1.0]), TypeError, r"got 1D cpu float32 tensor: wanted whole numbers.*\.long\(\)"),
        (tensor([3, 2, 1]).to("strict"), TypeError, r"got 1D strict int64 tensor.*\.cpu\(\)"),
        (["3", "2", "1"], TypeError, r"wanted whole numbers"),
        ([True, True, True], TypeError, r"1D list of bool"),
        (3, ValueError, r"got 0D int of int64: wanted one per sequence"),
    ],
)
def test_lengths_that_cannot_be(lengths: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        pack_padded_sequence(X, lengths)


def test_the_order_is_asked_for_only_where_it_is_promised() -> None:
    assert pack_padded_sequence(X, [1, 2, 3], enforce_sorted=False).batch_sizes.tolist() == [3, 2, 1]
    with pytest.raises(ValueError, match="must be sorted in decreasing order"):
        pack_sequence(sequences_of([1, 2]))


def test_inputs_that_cannot_be_packed() -> None:
    with pytest.raises(ValueError, match=r"wanted an input of shape \(time, batch, ...\), got \(4,\)"):
        pack_padded_sequence(X[:, 0, 0], [4])
    with pytest.raises(ValueError, match=r"\(batch, time, ...\)"):
        pack_padded_sequence(X[:, 0, 0], [4], batch_first=True)
    with pytest.raises(ValueError, match=r"Cannot pack empty tensors.*\(4, 0, 2\)"):
        pack_padded_sequence(X[:, :0], [])
    with pytest.raises(TypeError, match="wanted a tinygrad_edu Tensor as input, got list"):
        pack_padded_sequence([[1.0]], [1])
    with pytest.raises(ValueError, match="Length of all samples has to be greater than 0"):
        pack_sequence([tensor([1.0]), tensor([])])


def test_what_cannot_be_padded() -> None:
    with pytest.raises(ValueError, match="received an empty list of sequences"):
        pad_sequence([])
    with pytest.raises(TypeError, match="Expected iterable for input sequences, but got arg of type: int"):
        pad_sequence(3)
    with pytest.raises(TypeError, match="got list at position 1"):
        pad_sequence([tensor([1.0]), [2.0]])
    with pytest.raises(
        ValueError, match=r"agree in all but their length, got shape \(4, 2\) .* \(4, 1\) at position 1"
    ):
        pad_sequence([X[:, 0], X[:, 0, :1]])
    with pytest.raises(ValueError, match=r"got shape \(\) at position 0"):
        pad_sequence([tensor(1.0)])
    with pytest.raises(ValueError, match="Expected padding_side to be one of left or right, but got 'up'"):
        pad_sequence([tensor([1.0])], padding_side="up")


def test_what_cannot_be_unpacked() -> None:
    packed = pack_padded_sequence(X, [4, 2, 1])
    with pytest.raises(ValueError, match=r"total_length=3 and max sequence length being 4"):
        pad_packed_sequence(packed, total_length=3)
    with pytest.raises(TypeError, match="pad_packed_sequence wanted a PackedSequence, got Tensor"):
        pad_packed_sequence(packed.data)
    with pytest.raises(ValueError, match=r"at most 4.*got 9 at position 1"):
        unpad_sequence(X, [1, 9, 1])
    with pytest.raises(ValueError, match=r"batch_size, but got 2 \(batch_size=3\)"):
        unpad_sequence(X, [1, 2])
    with pytest.raises(ValueError, match=r"wanted a padded batch of sequences, got shape \(4,\)"):
        unpad_sequence(X[:, 0, 0], [1])
    with pytest.raises(ValueError, match="batch_sizes should always be on CPU: got them on strict"):
        PackedSequence(X[0], tensor([3]).to("strict"))


def test_a_list_of_rows_is_padded_as_a_tensor_is() -> None:
    assert pad_sequence(X).shape == (3, 4, 2)
    assert pad_sequence(row for row in X.unbind(0)).shape == (3, 4, 2)
