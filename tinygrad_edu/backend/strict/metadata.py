"""The small objects that a CuPy array hands out about itself.

For: code that reads `x.flags`, `x.data.ptr` or `x.device.id`. Not for: anything that touches the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Flags:
    """Memory layout. CuPy's flags have no `writeable`: a GPU array can always be written."""

    c_contiguous: bool
    f_contiguous: bool
    owndata: bool

    @property
    def forc(self) -> bool:
        """One of the two orders."""
        return self.c_contiguous or self.f_contiguous

    @property
    def fnc(self) -> bool:
        """Fortran order and not C order."""
        return self.f_contiguous and not self.c_contiguous

    def __getitem__(self, name: str) -> bool:
        names = {"C_CONTIGUOUS": self.c_contiguous, "F_CONTIGUOUS": self.f_contiguous, "OWNDATA": self.owndata}
        if name not in names:
            raise KeyError(f"{name} is not defined for cupy.ndarray.flags: it has {', '.join(names)}")
        return names[name]


class Pointer(NamedTuple):
    """An address; of host memory, because the stand-in has no other."""

    ptr: int


class Device(NamedTuple):
    """A device number."""

    id: int
