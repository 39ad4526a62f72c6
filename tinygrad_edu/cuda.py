"""Is there a GPU? PyTorch's questions, answered without importing CuPy unless it is there."""

from __future__ import annotations

from tinygrad_edu.backend import cuda_problem


def is_available() -> bool:
    """True when CuPy is installed and finds a GPU."""
    return cuda_problem() is None


def device_count() -> int:
    """How many GPUs there are."""
    if not is_available():
        return 0
    import cupy

    return int(cupy.cuda.runtime.getDeviceCount())


def synchronize() -> None:
    """Wait until the GPU has done what it was asked to."""
    if is_available():
        import cupy

        cupy.cuda.Device().synchronize()
