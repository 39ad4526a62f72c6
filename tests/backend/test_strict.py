"""The strict stand-in catches what CuPy would refuse or do wrongly, and computes what NumPy computes.

Every planted violation is first run on NumPy, where it passes without a word: that is why it needs catching.
"""

import copy
import gc
import math
import weakref

import numpy
import pytest

from tinygrad_edu.backend.strict import StrictArray, counters, cupyx, download, library, upload


@pytest.fixture
def host():
    return numpy.arange(6, dtype="float32").reshape(2, 3)


@pytest.fixture
def x(host):
    array = upload(host)
    counters.reset()
    return array


def index(xp, *values):
    return xp.asarray(list(values))


def assigned(array, place, value):
    array[place] = value


def in_place(array, other):
    array += other


# (what goes wrong, the line, the error): `xp` and `x` are first NumPy's, then the stand-in's; `host` is a NumPy array.
VIOLATIONS = [
    ("numpy.asarray", lambda xp, x, host: numpy.asarray(x), TypeError),
    ("numpy.array", lambda xp, x, host: numpy.array(x), TypeError),
    ("a list of arrays to numpy", lambda xp, x, host: numpy.array([x, x]), TypeError),
    ("a numpy ufunc", lambda xp, x, host: numpy.exp(x), TypeError),
    ("a numpy function", lambda xp, x, host: numpy.sum(x), TypeError),
    ("a numpy function of several", lambda xp, x, host: numpy.concatenate([x, x]), TypeError),
    ("numpy.matmul", lambda xp, x, host: numpy.matmul(x, x.T), TypeError),
    ("written into a host array", lambda xp, x, host: assigned(host, ..., x), TypeError),
    ("indexing a host array", lambda xp, x, host: host[index(xp, 0)], (TypeError, IndexError)),
    ("x + host", lambda xp, x, host: x + host, TypeError),
    ("host + x", lambda xp, x, host: host + x, TypeError),
    ("host @ x", lambda xp, x, host: host @ x.T, TypeError),
    ("x < host", lambda xp, x, host: x < host, TypeError),
    ("x == host", lambda xp, x, host: x == host, TypeError),
    ("x + a host array without axes", lambda xp, x, host: x + numpy.array(2.0), TypeError),
    ("x += host", lambda xp, x, host: in_place(x, host), TypeError),
    ("host += x", lambda xp, x, host: in_place(host, x), TypeError),
    ("a ufunc of a host array", lambda xp, x, host: xp.exp(host), TypeError),
    ("out= a host array", lambda xp, x, host: xp.exp(x, out=host), TypeError),
    ("a function of a host array", lambda xp, x, host: xp.sum(host), TypeError),
    ("a host array in a list", lambda xp, x, host: xp.concatenate([x, host]), TypeError),
    ("a host mask", lambda xp, x, host: xp.where(host > 1, x, 0.0), TypeError),
    ("a host branch", lambda xp, x, host: xp.where(x > 1, host, 0.0), TypeError),
    ("asarray as a hidden upload", lambda xp, x, host: xp.asarray(host), TypeError),
    ("a host index", lambda xp, x, host: x[numpy.array([0, 1])], TypeError),
    ("a host index without axes", lambda xp, x, host: x[numpy.array(1)], TypeError),
    ("take with a host index", lambda xp, x, host: xp.take(x, numpy.array([0])), TypeError),
    ("writing a host array", lambda xp, x, host: assigned(x, ..., host), TypeError),
    ("writing a host array without axes", lambda xp, x, host: assigned(x, 0, numpy.array(1.0)), TypeError),
    ("writing a list", lambda xp, x, host: assigned(x, 0, [1.0, 2.0, 3.0]), TypeError),
    ("a list as an array", lambda xp, x, host: xp.sum([1.0, 2.0]), TypeError),
    ("a list for a ufunc", lambda xp, x, host: xp.exp([1.0]), TypeError),
    ("a number as an array", lambda xp, x, host: xp.sum(2.0), TypeError),
    ("a list for an operator", lambda xp, x, host: x * [1.0, 2.0, 3.0], TypeError),
    ("repeated places", lambda xp, x, host: assigned(x, (0, index(xp, 0, 0)), x[0, :2]), ValueError),
    ("x[i] += v", lambda xp, x, host: exec("x[i] += 1", {"x": x, "i": index(xp, 1, 1)}), ValueError),
    ("repeated places along an axis", lambda xp, x, host: xp.put_along_axis(x, x.astype(int) * 0, x, 1), ValueError),
    ("put with repeats", lambda xp, x, host: xp.put(x, index(xp, 0, 0), x[0, :2]), ValueError),
    ("an overlapping copy", lambda xp, x, host: assigned(x, (0, slice(1, 3)), x[0, :2]), ValueError),
    ("NaN as an integer", lambda xp, x, host: silent(lambda: (x * math.nan).astype(int)), ValueError),
    ("writing NaN to integers", lambda xp, x, host: silent(lambda: assigned(x.astype(int), 0, x[0] / 0)), ValueError),
    ("an integer by zero", lambda xp, x, host: silent(lambda: x.astype(int) // 0), ZeroDivisionError),
    ("a remainder by zero", lambda xp, x, host: silent(lambda: xp.remainder(1, x.astype(int))), ZeroDivisionError),
    ("errstate", lambda xp, x, host: xp.errstate(all="ignore"), AttributeError),
    ("einsum_path", lambda xp, x, host: xp.einsum_path("ij->i", x), AttributeError),
    ("vector_norm", lambda xp, x, host: xp.linalg.vector_norm(x), AttributeError),
    ("writeable", lambda xp, x, host: x.flags.writeable, AttributeError),
    ("ctypes", lambda xp, x, host: x.ctypes, AttributeError),
    ("sum(where=)", lambda xp, x, host: xp.sum(x, where=x > 1), TypeError),
    ("x.sum(where=)", lambda xp, x, host: x.sum(where=x > 1), TypeError),
    ("x.sum(initial=)", lambda xp, x, host: x.sum(initial=1.0), TypeError),
    ("exp(where=)", lambda xp, x, host: xp.exp(x, where=x > 1, out=xp.zeros_like(x)), TypeError),
    ("clip(min=)", lambda xp, x, host: xp.clip(x, min=0), TypeError),
    ("take(mode=)", lambda xp, x, host: xp.take(x, index(xp, 9), mode="clip"), TypeError),
    ("sort(stable=)", lambda xp, x, host: xp.sort(x, stable=True), TypeError),
    ("sort(kind=)", lambda xp, x, host: x.sort(kind="quicksort"), ValueError),
    ("std(correction=)", lambda xp, x, host: xp.std(x, correction=1), TypeError),
    ("einsum(out=)", lambda xp, x, host: xp.einsum("ij->ij", x, out=x.copy()), TypeError),
    ("maximum.reduce", lambda xp, x, host: xp.maximum.reduce(x), NotImplementedError),
    ("maximum.accumulate", lambda xp, x, host: xp.maximum.accumulate(x), NotImplementedError),
    ("multiply.at", lambda xp, x, host: xp.multiply.at(x, index(xp, 0), 2.0), NotImplementedError),
    ("add.at of small integers", lambda xp, x, host: xp.add.at(x.astype("int8"), index(xp, 0), 2), TypeError),
    ("sorting a strided view", lambda xp, x, host: x.T.sort(), NotImplementedError),
    ("objects", lambda xp, x, host: x.astype(object), ValueError),
    ("an index that is an array", lambda xp, x, host: [10, 20][x.astype(int)[0, 1]], TypeError),
]


def silent(action):
    with numpy.errstate(all="ignore"):
        return action()


@pytest.mark.parametrize(("line", "error"), [pytest.param(v[1], v[2], id=v[0]) for v in VIOLATIONS])
def test_planted_violation_passes_on_numpy_and_is_caught(line, error, host, x):
    line(numpy, host.copy(), host.copy())
    with pytest.raises(error) as caught:
        line(library, x, host.copy())
    assert len(str(caught.value)) > 10


OUT_OF_RANGE = {
    "x[i]": lambda xp, x: x[index(xp, 0, 2)],
    "x[i, j]": lambda xp, x: x[index(xp, 0, 1), index(xp, 0, 3)],
    "x[i] = v": lambda xp, x: assigned(x, index(xp, -3), 1.0),
    "take": lambda xp, x: xp.take(x, index(xp, 3), axis=1),
    "x.take": lambda xp, x: x.take(index(xp, 6)),
    "take_along_axis": lambda xp, x: xp.take_along_axis(x, index(xp, 2)[None], axis=0),
    "put_along_axis": lambda xp, x: xp.put_along_axis(x, index(xp, 2)[None], 1.0, axis=0),
    "put": lambda xp, x: xp.put(x, index(xp, 6), 1.0),
    "add.at": lambda xp, x: xp.add.at(x, index(xp, 2), 1.0),
}


@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_an_index_out_of_range_says_that_cupy_would_not_tell(name, x):
    with pytest.raises(IndexError, match="CuPy would not say so"):
        OUT_OF_RANGE[name](library, x)


def test_views_that_share_elements_cannot_be_written(x):
    windows = library.lib.stride_tricks.as_strided(x, (2, 2, 2), (12, 4, 4))
    for view in (windows, library.broadcast_to(x, (4, 2, 3))):
        with pytest.raises(ValueError, match="share memory"):
            view[...] = 0.0
        with pytest.raises(ValueError, match="read-only"):
            view += 1.0
    tiles = library.lib.stride_tricks.as_strided(x, (3, 2), (8, 4))
    tiles[1] = 9.0
    assert download(x).tolist() == [[0, 1, 9], [9, 4, 5]]


def test_as_strided_stays_inside_its_memory(x):
    with pytest.raises(ValueError, match="leaves the array's memory"):
        library.lib.stride_tricks.as_strided(x[1], (4,), (4,))
    backward = library.lib.stride_tricks.as_strided(x[1, 2:], (6,), (-4,))
    assert download(backward).tolist() == [5, 4, 3, 2, 1, 0]


def test_results_without_axes_and_elements_stay_on_the_device(x):
    for value in (x.sum(), x[0, 0], x.sum() * 2, -x.sum(), x.max(), library.mean(x), x[0] @ x[1]):
        assert type(value) is StrictArray
        assert value.shape == ()
    for answer in (library.array_equal(x, x), library.allclose(x, x), library.count_nonzero(x)):
        assert type(answer) is StrictArray
    assert counters.synchronizations == counters.downloads == 0
    total = x.sum()
    total += 1
    x[1, 1][...] = 40.0  # a view: writing to it writes to x
    x[index(library, 0)[0], 0][...] = 50.0  # an array as index: a copy
    assert download(total) == 16
    assert download(x).tolist() == [[0, 1, 2], [3, 40, 5]]


def test_a_view_names_the_owner_of_its_memory(x):
    for view in (x[0], x[0][1:], x.T, x.mT, x.reshape(3, 2).T[1:], x.ravel(), x[None], library.squeeze(x[:, :1])):
        assert view.base is x
    for view in (library.broadcast_to(x, (2, 2, 3)), *library.split(x, 3, axis=1), x.swapaxes(0, 1), x.diagonal()):
        assert view.base is x
    for same in (x.squeeze(), library.asarray(x), library.exp(x, out=x), x.astype("float32", copy=False)):
        assert same is x
    row = x[0]
    assert row.T is row
    for owner in (x, x + 1, x.copy(), x.T.reshape(-1), x[index(library, 0)], x.astype("float64"), x.flatten()):
        assert owner.base is None
    assert library.lib.stride_tricks.as_strided(x, (2,), (4,)).base is None  # CuPy forgets the owner here


def test_arrays_can_be_referred_to_weakly_and_copied(x):
    reference = weakref.ref(x)
    twin = copy.deepcopy(x)
    twin += 1
    assert download(x)[0, 0] == 0
    assert twin.base is None
    view = x[0]
    del x
    gc.collect()
    assert reference() is view.base


class Wraps:
    """A class with operators of its own, as Tensor is."""

    __array_ufunc__ = None

    def __rmul__(self, other):
        return "mine"

    def __rmatmul__(self, other):
        return "mine"

    def __eq__(self, other):
        return "mine"

    __hash__ = None


class Shy:
    """The same without the line that CuPy looks for."""

    def __rmul__(self, other):
        return "mine"


def test_the_operators_of_other_classes_are_asked_when_they_say_so(x):
    assert x * Wraps() == "mine"
    assert x @ Wraps() == "mine"
    assert (x == Wraps()) == "mine"
    with pytest.raises(TypeError, match="__array_ufunc__ = None"):
        x * Shy()
    with pytest.raises(TypeError, match="got Wraps"):
        x *= Wraps()
    assert not download(x.__eq__(None)).any()
    assert download(x != object()).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool"])
def test_promotion_is_numpys(dtype):
    host = numpy.ones(3, dtype)
    x = upload(host)
    for scalar in (2, 2.0, True, numpy.float32(2), numpy.int8(2)):
        for name in ("__add__", "__truediv__", "__rmul__", "__rpow__", "__lt__"):
            expected = getattr(host, name)(scalar)
            assert getattr(x, name)(scalar).dtype == expected.dtype, (name, scalar)
        assert (scalar * x).dtype == (scalar * host).dtype
        assert library.where(x > 0, x, scalar).dtype == numpy.where(host > 0, host, scalar).dtype
    for other in (numpy.ones((), "float32"), numpy.ones(3, "float64"), numpy.ones(3, "int16")):
        assert (x * upload(other)).dtype == (host * other).dtype
    assert x.sum().dtype == host.sum().dtype
    assert x.mean().dtype == host.mean().dtype


def test_floating_point_exceptions_are_silent_as_on_a_gpu(x):
    assert download(library.log(x * 0))[0, 0] == -math.inf
    assert math.isnan(download((x / (x * 0)).sum()))
    assert math.isinf(download((x.astype("float16") + 1).prod() * 1e30))


def test_reflected_operators_keep_the_order(x, host):
    for found, expected in ((2 - x, 2 - host), (2**x, 2**host), (12 // (x + 1), 12 // (host + 1)), (x - 2, host - 2)):
        assert download(found).tolist() == expected.tolist()
    assert download(x @ x.T).tolist() == (host @ host.T).tolist()


def test_in_place_operators_write_into_the_same_memory(x, host):
    same, view = x, x[1]
    x += 1
    x *= x
    x -= 2.0
    assert x is same
    assert download(view).tolist() == ((host[1] + 1) ** 2 - 2).tolist()
    with pytest.raises(TypeError, match="Cannot cast"):
        in_place(x.astype("int32"), 0.5)


def test_indexing_agrees_with_numpy(x, host):
    places, columns = numpy.array([1, 0, 1]), numpy.array([[0], [2]])
    mask = host > 2
    where = {"i": upload(places), "j": upload(columns), "m": upload(mask)}
    there = {"i": places, "j": columns, "m": mask}
    basic = ("0", "-1", "0, 1", "..., 0", "None", ":, ::-1", "1:")
    for text in (*basic, "i", "i[0]", "i, 1", ":, j", "i, j", "m", ":, m[1]", "m[:, 2]", "[1, 0]", "[]"):
        expected, found = eval(f"a[{text}]", {"a": host, **there}), eval(f"a[{text}]", {"a": x, **where})
        assert found.shape == numpy.shape(expected), text
        assert download(found).tolist() == expected.tolist(), text
    for text in ("0", "0, 1", ":, 1", "i[:2]", "i[:2], i[1:]", "m", "i", "..."):
        for array, names in ((host, there), (x, where)):
            exec(f"a[{text}] = 7", {"a": array, **names})
        assert download(x).tolist() == host.tolist(), text


def test_add_at_adds_repeated_places(x, host):
    places, values = numpy.array([1, 1, 0]), numpy.ones((3, 3))
    numpy.add.at(host, places, values)
    library.add.at(x, upload(places), upload(values))
    assert download(x).tolist() == host.tolist()
    cupyx.scatter_add(x, (0, upload(places)), 1.0)
    library.maximum.at(x, (slice(None), 0), 100.0)
    assert download(x).tolist() == [[100, 4, 3], [100, 6, 7]]


def test_empty_memory_shows_when_it_is_read():
    assert numpy.isnan(download(library.empty((2, 2)))).all()
    assert numpy.isnan(download(library.empty_like(library.zeros(3, "float32")))).all()
    assert download(library.empty(2, "int32")).tolist() == [-(2**31)] * 2
