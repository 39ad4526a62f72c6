"""Drawing by given probabilities: multinomial, bernoulli, normal, and filling a tensor with random numbers.

For: distributions whose parameters are tensors. Random numbers come from the host, from the generator, in one call, so
that every device sees the same ones. Not for: rand, randn, randint, whose distribution is fixed; those are in
`creation`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from tinygrad_edu.backend import Generator, dtypes, host_generator, namespace
from tinygrad_edu.engine import result
from tinygrad_edu.tensors.inplace import InPlace

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


class Sampling(InPlace):
    __slots__ = ()

    def multinomial(
        input: Any, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
    ) -> Tensor:
        """Indices drawn with probabilities proportional to input: (k) -> (num_samples), (n, k) -> (n, num_samples)

        With replacement by inverting the running sum of the probabilities. Without, by a race: index i arrives after a
        time drawn from the exponential distribution of rate p_i, and the first to arrive are taken (Efraimidis and
        Spirakis 2006, "Weighted random sampling with a reservoir").
        """
        _check_weights(input, num_samples, replacement)
        library = namespace(input.array)
        weights = input.array.reshape(-1, input.shape[-1]).astype(numpy.float64)
        host = host_generator(generator)
        if replacement:
            drawn = Sampling._beside(input, host.random((len(weights), num_samples))).array
            sums = library.cumsum(weights, 1)
            rows = [library.searchsorted(row, u * row[-1], side="right") for row, u in zip(sums, drawn, strict=True)]
            indices = library.stack(rows) if rows else library.zeros(drawn.shape, numpy.int64)
        else:
            times = Sampling._beside(input, host.standard_exponential(weights.shape)).array
            indices = library.argsort(-(weights / times), axis=1, kind="stable")[:, :num_samples]
        return result(indices.astype(numpy.int64).reshape((*input.shape[:-1], num_samples)))

    def bernoulli(input: Any, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
        """1 with the probability that input (or p) gives for its place, else 0"""
        return input.new_empty(input.shape).bernoulli_(input if p is None else p, generator=generator)

    # --------------------------------------------------------------------------------------------------- in place
    def bernoulli_(self, p: Any = 0.5, *, generator: Generator | None = None) -> Any:
        """self = 1 with probability p (a number, or a tensor of them), else 0"""
        probability = p.detach() if hasattr(p, "detach") else p
        if not hasattr(p, "detach") and not 0 <= p <= 1:
            raise ValueError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        even = Sampling._beside(self, host_generator(generator).random(self.shape))
        return self.copy_(even < probability)

    def exponential_(self, lambd: float = 1.0, *, generator: Generator | None = None) -> Any:
        """self = numbers drawn from the exponential distribution: waiting times of mean 1 / lambd"""
        if lambd <= 0:
            raise ValueError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
        return self.copy_(Sampling._beside(self, host_generator(generator).exponential(1 / lambd, self.shape)))

    def random_(self, from_: int = 0, to: int | None = None, *, generator: Generator | None = None) -> Any:
        """self = integers drawn evenly from [from_, to); random_(to) draws from [0, to)"""
        if to is None and from_:
            from_, to = 0, from_
        if to is None:  # all that the dtype can tell apart
            to = 2 ** numpy.finfo(self.dtype).nmant if self.dtype.kind == "f" else int(numpy.iinfo(self.dtype).max)
        if to <= from_:
            raise ValueError(f"random_ wanted from_ below to, got {from_} and {to}")
        return self.copy_(Sampling._beside(self, host_generator(generator).integers(from_, to, self.shape)))

    def _beside(self, numbers: Any) -> Any:
        """Numbers from the host, in their own dtype, as a tensor on this one's device."""
        return result(numpy.asarray(numbers)).to(self.device)


def _check_weights(input: Any, num_samples: int, replacement: bool) -> None:
    """The numbers are looked at on the host only: on a GPU that would mean waiting for it."""
    if input.ndim not in (1, 2) or input.dtype.kind != "f" or not input.shape[-1]:
        raise ValueError(
            f"multinomial wanted probabilities as a vector or as the rows of a matrix, got shape {input.shape} of "
            f"{input.dtype}"
        )
    if num_samples <= 0 or (not replacement and num_samples > input.shape[-1]):
        most = "1 or more" if replacement else f"1 to {input.shape[-1]}, the number of categories"
        raise ValueError(f"cannot sample n_sample={num_samples}: wanted {most}, or replacement=True")
    if namespace(input.array) is not numpy:
        return
    if not numpy.isfinite(input.array).all() or (input.array < 0).any():
        raise ValueError("probability tensor contains either `inf`, `nan` or element < 0: wanted finite weights >= 0")
    possible = (input.array > 0).sum(-1)
    if (possible == 0).any():
        raise ValueError("invalid multinomial distribution (sum of probabilities <= 0): wanted a weight above 0")
    if not replacement and (possible < num_samples).any():
        raise ValueError(
            f"invalid multinomial distribution (with replacement=False, not enough non-negative category to sample): "
            f"wanted {num_samples} weights above 0, got {possible.min()}"
        )


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """mean + std · numbers drawn from the normal distribution, for tensors, or for two numbers and a size"""
    tensors = [value for value in (mean, std) if hasattr(value, "array")]
    if not tensors and size is None:
        raise ValueError("normal wanted a size beside two numbers: normal(0.0, 1.0, (2, 3))")
    if any(not value >= 0 for value in (std,) if not hasattr(value, "array")):
        raise ValueError(f"normal expects std >= 0.0, but found std {std}")
    if tensors:
        shape = numpy.broadcast_shapes(*(tensor.shape for tensor in tensors))
        device, dtype = tensors[0].device, dtype or tensors[0].dtype
    else:
        shape = (size,) if isinstance(size, int) else tuple(size)
    dtype = dtypes.get_default_dtype() if dtype is None else numpy.dtype(dtype)
    drawn: Any = result(numpy.asarray(host_generator(generator).standard_normal(shape), dtype)).to(device or "cpu")
    plain = [value.detach() if hasattr(value, "array") else value for value in (mean, std)]
    made = drawn * plain[1] + plain[0]
    return made.requires_grad_() if requires_grad else made
