"""The number of threads of linear algebra."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

import tinygrad_edu as te
from tinygrad_edu.cli.devices import one_thread

threadpoolctl = pytest.importorskip("threadpoolctl", reason="tells the libraries how many threads to use")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = te.get_num_threads()
    yield
    te.set_num_threads(before)


def blas() -> set[int]:
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


def test_what_is_set_is_what_the_library_uses() -> None:
    for wanted in (2, 1):
        te.set_num_threads(wanted)
        assert te.get_num_threads() == wanted
        assert wanted in blas()


def test_one_thread_for_a_while() -> None:
    te.set_num_threads(2)
    with one_thread():
        assert te.get_num_threads() == 1
    assert te.get_num_threads() == 2
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert te.get_num_threads() == 2


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        (0, ValueError, "set_num_threads expects a positive integer, got 0"),
        (1.0, TypeError, "set_num_threads expects an int, but got float"),
        (True, TypeError, "set_num_threads expects an int, but got bool"),
    ],
)
def test_what_is_no_number_of_threads(wanted: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        te.set_num_threads(wanted)


def test_without_threadpoolctl(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    for call in (te.get_num_threads, lambda: te.set_num_threads(1)):
        with pytest.raises(
            ModuleNotFoundError, match=r"needed to choose the number of threads: .*tinygrad_edu\[train\]"
        ):
            call()
