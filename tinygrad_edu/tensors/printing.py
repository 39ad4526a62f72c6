"""How a tensor looks: its numbers, then what is not the default about it."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import to_host


def describe(tensor: Any) -> str:
    return f"tensor({to_host(tensor.array)!r})"
