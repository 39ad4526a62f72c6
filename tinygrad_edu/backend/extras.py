"""Optional libraries: imported where they are used, with an error that names the extra to install."""

from __future__ import annotations

import importlib
from typing import Any


def require(module: str, *, extra: str, purpose: str) -> Any:
    """Import and return `module`, or say which extra brings it: require("PIL.Image", extra="io", purpose="…")."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise  # the library is there, but something it needs is not: its own message is the better one
        raise ModuleNotFoundError(
            f'{module.partition(".")[0]} is needed to {purpose}: pip install "tinygrad_edu[{extra}]"', name=error.name
        ) from None
