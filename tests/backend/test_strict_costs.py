"""The strict stand-in counts launches, waits and transfers, and data comes and goes through two doors only."""

import copy
import math

import numpy
import pytest

from tinygrad_edu.backend.strict import Counters, Counts, counters, download, library, upload


@pytest.fixture
def host():
    return numpy.arange(6, dtype="float32").reshape(2, 3)


@pytest.fixture
def x(host):
    array = upload(host)
    counters.reset()
    return array


LAUNCHES = [
    lambda x: x + 1,
    lambda x: x.__iadd__(1),
    lambda x: -x,
    lambda x: x.sum(),
    lambda x: x @ x.T,
    lambda x: x.copy(),
    lambda x: x.T.reshape(6),
    lambda x: x.var(),
    lambda x: divmod(x, 2),
    lambda x: x.fill(1),
    lambda x: x.sort(),
    lambda x: x.__setitem__(0, 1.0),
    lambda x: library.exp(x),
    lambda x: library.exp(x, out=x),
    lambda x: library.sum(x, axis=0),
    lambda x: library.concatenate([x, x]),
    lambda x: library.zeros(3),
    lambda x: library.copyto(x, 1.0),
    lambda x: library.where(x, x, x),
    lambda x: library.add.at(x, 0, 1.0),
]
WAITS = [
    lambda x, mask: x[mask],
    lambda x, mask: x.__setitem__(mask, 0.0),
    lambda x, mask: mask.nonzero(),
    lambda x, mask: library.unique(x),
    lambda x, mask: library.where(x),
    lambda x, mask: library.linalg.inv(x[:, :2] + library.eye(2)),
]
READS = [float, int, bool, complex, str, repr, format, bytes, math.sqrt, library.asnumpy, download]
READS += [lambda x: x.item(), lambda x: x.tolist(), lambda x: x.get(), lambda x: x.tobytes(), lambda x: f"{x:.2f}"]
READS += [lambda x: 1.0 in x.reshape(1), lambda x: x.get(out=numpy.empty((), "float32"))]


def test_counters_start_at_zero_and_snapshots_do_not_follow(x):
    own = Counters()
    before = own.snapshot()
    own.read_back()
    assert before == Counts(launches=0, synchronizations=0, uploads=0, downloads=0)
    assert own.snapshot() == Counts(launches=0, synchronizations=1, uploads=0, downloads=1)


def test_launches_are_counted_and_views_are_free(x):
    views = (
        x.T,
        x[0],
        x.reshape(6),
        x.ravel(),
        x.view(),
        library.expand_dims(x, 0),
        library.broadcast_to(x, (2, 2, 3)),
    )
    assert all(view.base is x for view in views)
    assert counters.snapshot() == (0, 0, 0, 0)
    for count, action in enumerate(LAUNCHES, start=1):
        action(x)
        assert counters.launches == count, action
    library.empty(3)
    assert counters.snapshot() == (len(LAUNCHES), 0, 0, 0)


@pytest.mark.parametrize("read", READS)
def test_reading_a_value_waits_for_it(read, x):
    value = x[0, 1]
    read(value)
    assert counters.synchronizations == counters.downloads == 1
    assert counters.uploads == 0


def test_transfers_and_waits_are_counted(x, host):
    upload(host)
    library.asarray([1.0, 2.0])
    x[[0, 1]]
    assert counters.snapshot() == (1, 0, 3, 0)
    counters.reset()
    mask = x > 1
    assert counters.synchronizations == 0
    for count, wait in enumerate(WAITS, start=1):
        wait(x, mask)
        assert counters.synchronizations == count, wait
    library.where(mask, x, 0.0)
    assert counters.snapshot()[1:] == (len(WAITS), 0, 0)
    counters.reset()
    assert counters.snapshot() == (0, 0, 0, 0)
    library.lib.stride_tricks.sliding_window_view(
        x, (2, 2)
    )  # CuPy uploads the shape and reads it back, number by number
    assert counters.snapshot() == (0, 2, 1, 2)


def test_the_doors_copy(host):
    x = upload(host)
    host[0, 0] = 50
    assert download(x)[0, 0] == 0
    out = download(x)
    out[0, 0] = 60
    assert download(x)[0, 0] == 0
    assert type(out) is numpy.ndarray
    assert upload(numpy.float32(2)).shape == ()
    for wrong in ([1.0], x, 2.0):
        with pytest.raises(TypeError, match="wanted a NumPy array"):
            upload(wrong)
    with pytest.raises(TypeError, match="wanted an array on the strict device"):
        download(host)
    with pytest.raises(ValueError, match="dtype that CuPy supports"):
        upload(numpy.array(["text"]))


def test_foreign_protocols_are_refused(x):
    with pytest.raises(BufferError, match="download"):
        numpy.from_dlpack(x)
    with pytest.raises(AttributeError, match="no GPU memory"):
        _ = x.__cuda_array_interface__
    with pytest.raises(TypeError, match="download"):
        copy.copy(x).__reduce__()
    assert not hasattr(x, "__array_interface__")
    assert counters.downloads == 0
