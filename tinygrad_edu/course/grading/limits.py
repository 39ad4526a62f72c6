"""What a submission may use: memory, processor time, files. Against accidents, not against malice.

The operating system bounds memory, processor time and the size of files. An audit hook refuses what Python is asked to
do outside the submission's own folder: write, delete, rename, start or end processes. Code that means harm can get
around a hook (through ctypes, say): for strangers' submissions, run the grader in a container, as `course.grade` says.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PROCESSES = {"os.fork", "os.forkpty", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen"}
# event -> which of its arguments are paths, and which the folders (as descriptors) that these are relative to
CHANGES = {
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.mkdir": ((0, 2),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.utime": ((0, 3),),
    "os.truncate": ((0, None),),
    "shutil.rmtree": ((0, None),),
}


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    seconds: float = 20.0  # of one cell or one check
    cpu_seconds: int = 300  # of the whole submission
    megabytes: int = 4096  # of address space, of which NumPy and matplotlib take about 1,000 without using them
    file_megabytes: int = 100  # of one file that it writes
    printed_megabytes: int = 20  # after which it is stopped
    restarts: int = 6  # how many cells may end the program before the rest is given up


def bound(limits: Limits) -> None:
    """Ask the operating system to hold this process to the limits, where it can."""
    if importlib.util.find_spec("resource") is None:  # on Windows
        return
    import resource

    for what, most, grace in (
        (resource.RLIMIT_CPU, limits.cpu_seconds, 2),  # first the signal that says why, then the end
        (resource.RLIMIT_AS, limits.megabytes << 20, 0),
        (resource.RLIMIT_FSIZE, limits.file_megabytes << 20, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit holds already, or there is none of this kind
            resource.setrlimit(what, (most, most + grace))


def stay_inside(folder: str) -> None:
    """From now on refuse to change files outside `folder`, and to start or end other processes."""
    sys.addaudithook(guard(os.path.realpath(folder)))


def guard(folder: str) -> Callable[[str, tuple[Any, ...]], None]:
    """The audit hook. It raises PermissionError, which libraries expect and survive."""

    def hook(event: str, details: tuple[Any, ...]) -> None:
        if event in PROCESSES:
            raise PermissionError("the grader lets no submission start another process")
        if event in ("os.kill", "os.killpg") and details[0] != os.getpid():
            raise PermissionError("the grader lets no submission end another process")
        if event == "open" and details[2] & WRITING:
            refuse_outside(folder, details[0], None)
        for path, base in CHANGES.get(event, ()):
            refuse_outside(folder, details[path], None if base is None else details[base])

    return hook


def refuse_outside(folder: str, path: Any, base: int | None) -> None:
    """PermissionError unless the path (relative to an open folder, if `base` is one) lies within `folder`."""
    if isinstance(path, int) or path is None:  # a file that is open already
        return
    name = os.fsdecode(path)
    if base is not None and base >= 0 and not os.path.isabs(name):
        with contextlib.suppress(OSError):
            name = os.path.join(os.readlink(f"/proc/self/fd/{base}"), name)
    whole = os.path.join(os.path.realpath(os.path.dirname(os.path.abspath(name))), os.path.basename(name))
    if whole != os.devnull and os.path.commonpath([whole, folder]) != folder:
        raise PermissionError(f"the grader lets no submission change files outside its own folder: {name}")
