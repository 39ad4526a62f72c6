"""The handle of a hook: how what was registered is taken away again."""

from __future__ import annotations

from typing import Any


class RemovableHandle:
    """What register_hook returns: `handle.remove()` takes the hook away again."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        self._hooks[:] = [hook for hook in self._hooks if hook is not self._hook]
