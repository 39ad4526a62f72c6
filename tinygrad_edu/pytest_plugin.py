"""A pytest plug-in: whoever installs tinygrad_edu gets the fixtures `gradcheck`, `device` and `rng`.

    def test_my_op(gradcheck, rng, device):
        x = tensor(rng.normal(size=(2, 3)), device=device, requires_grad=True)
        gradcheck(my_op, (x,))           # first and second derivatives, with a diagnosis if they are wrong

For: tests of ops and layers, ours and other people's. Not for: anything at run time; pytest is needed only here, and
the package is imported when a fixture is first used.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Announce the marker of the tests that want a GPU."""
    config.addinivalue_line("markers", "gpu: needs a GPU and CuPy")


# Session-wide, so that hypothesis may use them too: it objects to fixtures that start anew for each test.
@pytest.fixture(
    scope="session", params=["cpu", "strict", pytest.param("cuda", marks=pytest.mark.gpu)], ids=lambda name: name
)
def device(request: pytest.FixtureRequest) -> Any:
    """Each device in turn: the host, the strict stand-in for a GPU, and a GPU if there is one."""
    from tinygrad_edu.backend import cuda_problem
    from tinygrad_edu.backend import device as device_named

    problem = cuda_problem() if request.param == "cuda" else None
    if problem is not None:
        pytest.skip(problem)
    return device_named(request.param)


@pytest.fixture(scope="session")
def gradcheck() -> Callable[..., bool]:
    """gradcheck(func, inputs, order=2, **options): first derivatives against finite differences, then second ones.

    The options are those of `tinygrad_edu.testing.gradcheck`.
    """
    from tinygrad_edu import testing

    def check(func: Callable[..., Any], inputs: Any, *, order: int = 2, **options: Any) -> bool:
        right = testing.gradcheck(func, inputs, **options)
        return right and (order < 2 or testing.gradgradcheck(func, inputs, **options))

    return check


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Any:
    """A NumPy generator whose seed is the test's name: the same numbers in every run and every order of tests."""
    import numpy

    return numpy.random.default_rng(zlib.crc32(request.node.nodeid.encode()))
