"""Recording on and off: `no_grad`, `enable_grad`, `set_grad_enabled`. One switch a thread."""

from __future__ import annotations

import threading
from contextlib import ContextDecorator
from typing import Any


class _Mode(threading.local):
    recording = True


mode = _Mode()


def is_grad_enabled() -> bool:
    """True when operations on tensors that require a gradient are recorded (the default), in this thread."""
    return mode.recording


class no_grad(ContextDecorator):
    """Record nothing inside: `with no_grad(): …`, or `@no_grad()` above a function. For inference and updates."""

    def __new__(cls, *args: Any, **settings: Any) -> Any:
        if args and callable(args[0]):  # `@no_grad` above a function, without brackets
            return cls()(args[0])
        return super().__new__(cls)

    def __init__(self) -> None:
        self._inside = False
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(mode.recording)
        mode.recording = self._inside

    def __exit__(self, *_: object) -> None:
        mode.recording = self._before.pop()


class enable_grad(no_grad):
    """Record again inside a `no_grad()` block."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = True


class inference_mode(no_grad):
    """Record nothing inside, like no_grad(); `inference_mode(False)` records. PyTorch's version allows itself more."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self._inside = not mode


class set_grad_enabled(no_grad):
    """Switch recording on or off: `set_grad_enabled(False)` at once, or `with set_grad_enabled(False): …`."""

    def __init__(self, mode_: bool) -> None:
        super().__init__()
        self._inside = bool(mode_)
        self._before.append(mode.recording)
        mode.recording = self._inside

    def __enter__(self) -> None:
        mode.recording = self._inside
