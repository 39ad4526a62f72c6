"""The stand-in has CuPy's names and keywords: all of them, with the answers of NumPy, and no others."""

import inspect
import json
import sys
import warnings

import numpy
import pytest

from tinygrad_edu.backend import surface as generator
from tinygrad_edu.backend.strict import StrictArray, cupyx, download, library, upload
from tinygrad_edu.backend.strict.calls import NOT_IN_NUMPY, Call
from tinygrad_edu.backend.strict.functions import HANDWRITTEN
from tinygrad_edu.backend.strict.library import Refused
from tinygrad_edu.backend.strict.listing import signature, surface
from tinygrad_edu.backend.strict.ufuncs import ufunc

NAMES = surface()["names"]
ARRAY = "cupy.ndarray."
# Protocols of CuPy's array that have no meaning here, or none in Python 3.
NO_PROTOCOL = {"__array_finalize__", "__class_getitem__", "__cuda_array_interface__", "__delitem__"}
NO_PROTOCOL |= {"__div__", "__idiv__", "__hex__", "__oct__"}


def resolve(full_name):
    first, *rest = full_name.split(".")
    value = {"cupy": library, "cupyx": cupyx}[first]
    for name in rest:
        value = getattr(value, name)
    return value


MODULE_NAMES = [name for name in NAMES if not name.startswith(ARRAY)]
CALLS = [name for name in MODULE_NAMES if isinstance(resolve(name), Call)]


def plain(function, skip=0):
    parameters = list(inspect.signature(function).parameters.values())[skip:]
    return str(inspect.Signature([parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]))


def test_every_name_resolves_or_is_refused_by_name():
    for full_name in MODULE_NAMES:
        value = resolve(full_name)
        assert resolve(full_name) is value
        if isinstance(value, Refused):
            with pytest.raises(NotImplementedError, match=f"CuPy has {full_name}; the strict stand-in"):
                value()


def test_few_functions_that_numpy_has_are_refused():
    refused = [name for name in MODULE_NAMES if isinstance(resolve(name), Refused) and hasattr(numpy, name[5:])]
    functions = [name for name in refused if NAMES[name]["kind"] == "function"]
    assert len(CALLS) > 200
    assert 10 < len(functions) < 30, functions


def test_names_that_only_numpy_has_are_missing():
    only = [name for name in dir(numpy) if not name.startswith("_") and f"cupy.{name}" not in NAMES]
    assert {"errstate", "einsum_path", "unstack", "nditer", "insert"} <= set(only)
    for name in only:
        with pytest.raises(AttributeError, match=rf"cupy has no '{name}' \(CuPy 14"):
            getattr(library, name)
    assert not hasattr(library.linalg, "vector_norm")
    assert not hasattr(library.lib.stride_tricks, "broadcast_to")
    assert not hasattr(upload(numpy.ones(3)), "setflags")
    x = upload(numpy.zeros((2, 2), int))
    with pytest.raises(TypeError, match="missing a required argument: 'axis'"):
        library.take_along_axis(x, x)


def test_the_array_has_every_attribute_of_cupys_and_no_other():
    listed = {name[len(ARRAY) :] for name in NAMES if name.startswith(ARRAY)}
    public = {name for name in dir(StrictArray) if not name.startswith("_")}
    assert public == {name for name in listed if not name.startswith("_")}
    own = set(dir(object)) | {"__annotations__", "__getattr__", "__module__", "__slots__", "__weakref__"}
    own |= {"__firstlineno__", "__static_attributes__"}  # what every class has from Python 3.13 on
    protocols = {name for name in dir(StrictArray) if name.startswith("__")} - own
    assert protocols == {name for name in listed if name.startswith("__")} - NO_PROTOCOL - own


def call_parameters(name):
    return signature(NAMES[ARRAY + name]["parameters"]).parameters.values()


@pytest.mark.parametrize(
    "name", [n[len(ARRAY) :] for n in NAMES if n.startswith(ARRAY) and NAMES[n]["kind"] == "method"]
)
def test_methods_have_cupys_parameters(name):
    method = getattr(StrictArray, name)
    written = plain(method, skip=1)
    if written == "(*arguments, **keywords)":  # carried out by NumPy, which is never asked for other keywords
        required = [None for p in call_parameters(name) if p.default is p.empty]
        with pytest.raises(TypeError, match=r"in CuPy: got an unexpected keyword argument 'where'"):
            method(upload(numpy.ones(3)), *required, where=True)
    else:
        assert written == str(signature(NAMES[ARRAY + name]["parameters"]))


@pytest.mark.parametrize("full_name", HANDWRITTEN)
def test_handwritten_functions_have_cupys_parameters(full_name):
    listed = str(signature(NAMES[full_name]["parameters"]))
    assert plain(HANDWRITTEN[full_name]).replace("<class 'float'>", "Ellipsis") == listed


def test_numpy_has_the_optional_parameters_that_are_passed_on():
    for call in map(resolve, CALLS):
        try:
            theirs = inspect.signature(call.function).parameters.values()
        except ValueError:
            continue  # older versions of NumPy do not show the signatures of compiled functions
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in theirs):
            continue
        optional = {p.name for p in call.signature.parameters.values() if p.default is not p.empty}
        by_name = {parameter.name for parameter in theirs if parameter.kind is not parameter.POSITIONAL_ONLY}
        assert optional - NOT_IN_NUMPY.get(call.__name__, set()) <= by_name, call


INPUTS = {
    "bincount": numpy.array([2, 1, 2]),
    "cumulative_prod": numpy.array([2.0, 3.0]),
    "cumulative_sum": numpy.array([2.0, 3.0]),
    "packbits": numpy.array([1, 0, 1], "uint8"),
    "roots": numpy.array([2.0, 3.0, 1.0]),
    "tensorinv": numpy.eye(4).reshape(2, 2, 2, 2),
    "trim_zeros": numpy.array([0.0, 1.0, 0.0]),
    "unpackbits": numpy.array([1, 0, 1], "uint8"),
    "vander": numpy.array([2.0, 3.0]),
}


def takes_one_array(call):
    required = [p.name for p in call.signature.parameters.values() if p.default is p.empty]
    return len(required) == 1 and required[0] in ("A", "a", "ar", "arr", "ary", "f", "m", "p", "v", "x")


@pytest.mark.parametrize("full_name", [name for name in CALLS if takes_one_array(resolve(name))])
def test_functions_of_one_array_answer_as_numpy(full_name):
    call = resolve(full_name)
    host = INPUTS.get(call.__name__, numpy.array([[2.0, 1.0], [1.0, 3.0]], "float32"))
    compare(call(upload(host)), call.function(host))


def compare(found, expected):
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            compare(*pair)
    elif isinstance(found, StrictArray):
        assert download(found).dtype == numpy.asarray(expected).dtype
        numpy.testing.assert_allclose(download(found), expected, rtol=1e-6)
    else:
        assert found == expected
        assert not isinstance(expected, numpy.ndarray)


@pytest.mark.parametrize("full_name", [name for name in MODULE_NAMES if isinstance(resolve(name), ufunc)])
def test_ufuncs_answer_as_numpy(full_name):
    function = resolve(full_name)
    hosts = [numpy.array([0.25, 0.5, 0.75], "float32"), numpy.array([2.0, 1.0, 3.0], "float32")][: function.nin]
    with numpy.errstate(invalid="ignore"):
        try:
            expected = function.function(*hosts)
        except TypeError:
            hosts = [numpy.array([5, 6, 7]), numpy.array([1, 2, 3])][: function.nin]
            expected = function.function(*hosts)
    inputs = [upload(host) for host in hosts]
    compare(function(*inputs), expected)
    if function.nout == 1:
        out = library.empty(3, expected.dtype)
        assert function(*inputs, out=out) is out
        compare(out, expected)
    with pytest.raises(TypeError, match="takes out, dtype and casting, got where"):
        function(*inputs, where=inputs[0])
    for method in {"at", "reduce", "accumulate", "reduceat", "outer"} - set(function.methods):
        with pytest.raises(NotImplementedError, match=f"{full_name}.{method}` is not supported by CuPy"):
            getattr(function, method)(*inputs, *inputs[:1])


def test_ufunc_methods():
    host = numpy.array([1.0, 2.0, 4.0])
    array = upload(host)
    compare(library.add.reduce(array), 7.0)
    compare(library.multiply.accumulate(array), numpy.multiply.accumulate(host))
    compare(library.add.outer(array, array), numpy.add.outer(host, host))
    compare(library.add.reduceat(array, upload(numpy.array([0, 2]))), numpy.add.reduceat(host, [0, 2]))


def test_the_generator_reads_signatures_of_all_kinds():
    assert generator.clean("self, int axis=-1, kind=None") == "axis=-1, kind=None"
    assert generator.clean("_ndarray_base a, tuple options=(), *, bool copy=True") == "a, options=(), *, copy=True"
    assert generator.clean("shape, dtype=<class 'float'>, /, *args, **kwargs") == "shape, dtype=..., /, *args, **kwargs"
    assert generator.clean("") == ""
    assert str(signature("a, /, b=1, *c, d, e=None, **f")) == "(a, /, b=1, *c, d, e=None, **f)"


def test_the_file_is_what_the_generator_writes_with_the_cupy_installed_here(tmp_path):
    cupy = pytest.importorskip("cupy", reason="needs CuPy to compare with")
    if cupy.__version__ != surface()["cupy"]:
        pytest.skip(f"the listing is of CuPy {surface()['cupy']}, installed is {cupy.__version__}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = generator.surface()
    assert found["names"] == json.loads(generator.SURFACE_FILE.read_text(encoding="utf-8"))["names"]


def test_the_generator_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(sys, "argv", ["surface"])
    with pytest.raises(SystemExit, match="pip install --target"):
        generator.main()
