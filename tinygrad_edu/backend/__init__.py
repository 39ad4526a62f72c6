"""Floor 0: arrays, the devices they live on, and random numbers. No derivatives in here."""

from tinygrad_edu.backend.arrays import (
    Array,
    add_at,
    broadcast_view,
    constant,
    is_array,
    namespace,
    number,
    owner,
    strided_view,
)
from tinygrad_edu.backend.devices import CPU, cuda_problem, device, device_of, library_of, to_device, to_host
from tinygrad_edu.backend.extras import require
from tinygrad_edu.backend.heap import keep_freed_memory
from tinygrad_edu.backend.random import Generator, default_generator, draw_observers, host_generator, manual_seed
from tinygrad_edu.backend.threads import get_num_threads, set_num_threads

__all__ = [
    "CPU",
    "Array",
    "Generator",
    "add_at",
    "broadcast_view",
    "constant",
    "cuda_problem",
    "default_generator",
    "device",
    "device_of",
    "draw_observers",
    "get_num_threads",
    "host_generator",
    "is_array",
    "keep_freed_memory",
    "library_of",
    "manual_seed",
    "namespace",
    "number",
    "owner",
    "require",
    "set_num_threads",
    "strided_view",
    "to_device",
    "to_host",
]
