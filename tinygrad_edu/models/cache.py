"""The key-value cache: what attention computed for the tokens so far, so that only new ones cost anything.

For: a causal language model that reads token by token. Not for: training, where all positions are computed at once.

A cache is a value: it is taken and returned, never changed. `newer = cache.append(keys, values)` leaves `cache` as it
was, and both may be continued. Yet as long as the newest is continued, nothing is copied: old and new look at the same
memory, which has room to spare, and each knows how much of it is its own. Only who continues an older cache a second
time, or has filled the memory, pays for a copy; since the room doubles, n steps together copy less than 2 n positions.
"""

from __future__ import annotations

from collections.abc import Iterable

from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import zeros


class Memory:
    """Room for the keys and values of `capacity` positions, and how many of them somebody has written."""

    def __init__(self, like: Tensor, capacity: int) -> None:
        N, H, _, d = like.shape
        self.room = zeros(2, N, H, capacity, d, dtype=like.dtype, device=like.device)  # [0] keys, [1] values
        self.written = 0

    @property
    def capacity(self) -> int:
        """How many positions there is room for."""
        return self.room.shape[3]

    def write(self, keys: Tensor, values: Tensor) -> None:
        """Put keys and values (N, H, new, d) after what is written."""
        place = slice(self.written, self.written + keys.shape[2])
        self.room[0, :, :, place] = keys
        self.room[1, :, :, place] = values
        self.written = place.stop


class LayerCache:
    """Keys and values (N, H, length, d) of one layer: the first `length` positions of a Memory. Empty without one."""

    def __init__(self, memory: Memory | None = None, length: int = 0) -> None:
        self.memory = memory
        self.length = length

    @property
    def keys(self) -> Tensor:
        """(N, H, length, d), a view."""
        return self._written(0)

    @property
    def values(self) -> Tensor:
        """(N, H, length, d), a view."""
        return self._written(1)

    def _written(self, which: int) -> Tensor:
        if self.memory is None:
            raise ValueError("the cache of this layer is empty: append keys and values first")
        return self.memory.room[which, :, :, : self.length]

    def append(self, keys: Tensor, values: Tensor) -> LayerCache:
        """This cache continued by keys and values (N, H, new, d)."""
        memory, length = self.memory, self.length + keys.shape[2]
        if memory is None or memory.written != self.length or length > memory.capacity:
            # Nothing there yet, or somebody else went on from here, or no room: continue in a memory of our own.
            memory = Memory(keys, max(length, 2 * self.length))
            if self.memory is not None:
                memory.write(self.keys, self.values)
        memory.write(keys, values)
        return LayerCache(memory, length)

    def index_select(self, dim: int, index: Tensor) -> LayerCache:
        """A copy that holds the sequences of the batch (dim 0) which `index` names, in that order."""
        keys, values = (tensor.index_select(dim, index) for tensor in (self.keys, self.values))
        return LayerCache().append(keys, values)


class KeyValueCache:
    """What a model remembers of the tokens it has read: one LayerCache for each layer, all of one length."""

    def __init__(self, layers: Iterable[LayerCache]) -> None:
        self.layers = tuple(layers)

    @classmethod
    def empty(cls, num_layers: int) -> KeyValueCache:
        """A cache of no tokens yet."""
        return cls(LayerCache() for _ in range(num_layers))

    @property
    def length(self) -> int:
        """How many tokens have been read."""
        return self.layers[0].length

    @property
    def batch(self) -> int | None:
        """How many sequences are read at a time; None while the cache is empty."""
        return None if self.layers[0].memory is None else self.layers[0].keys.shape[0]

    def index_select(self, dim: int, index: Tensor) -> KeyValueCache:
        """A copy that holds the sequences of the batch (dim 0) which `index` names: how a beam is continued twice."""
        if dim != 0:
            raise ValueError(f"a cache is selected from along its batch, dim 0: got dim {dim}")
        return KeyValueCache(layer.index_select(0, index) for layer in self.layers)
