"""Rows of the table: shapes, orders, pieces, positions."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import constant
from tinygrad_edu.ops import indexing, shaping
from tinygrad_edu.testing.cases.table import Case, exactly, integers, normal, rows, truth


def _shapes() -> list[Case]:
    return [
        *rows("reshape", lambda t, x: t.reshape(x, (3, -1)), {"minus-1": (normal(2, 6),)}),
        *rows("reshape", lambda t, x: x.reshape(4, 0), {"empty": (normal(0, 2),)}),
        *rows("reshape", lambda t, x: x.T.reshape(6), {"of-a-transpose": (normal(2, 3),)}),
        *rows("view", lambda t, x: x.view(6), {"vector": (normal(2, 3),)}),
        *rows("flatten", lambda t, x: t.flatten(x, 1), {"from-1": (normal(2, 3, 2),)}),
        *rows("flatten", lambda t, x: t.flatten(x), {"0-d": (normal(),)}),
        *rows("unflatten", lambda t, x: t.unflatten(x, 1, (2, -1)), {"pair": (normal(2, 6),)}),
        *rows("squeeze", lambda t, x: t.squeeze(x), {"all": (normal(1, 3, 1),)}),
        *rows("squeeze", lambda t, x: t.squeeze(x, 0), {"dim": (normal(1, 3, 1),), "not-1": (normal(2, 1),)}),
        *rows("unsqueeze", lambda t, x: t.unsqueeze(x, -1), {"last": (normal(2, 3),), "0-d": (normal(),)}),
        *rows("broadcast", lambda t, x: x.expand(4, -1, 3), {"expand": (normal(2, 1),)}),
        *rows("broadcast", lambda t, x: t.broadcast_to(x, (2, 3)), {"0-d": (normal(),)}),
        *rows("broadcast", lambda t, x: x.expand(2, 0), {"empty": (normal(1),)}),
        *rows("repeat", lambda t, x: x.repeat(2, 1, 3), {"new-axis": (normal(2, 3),)}),
        *rows("repeat", lambda t, x: x.repeat(2), {"vector": (normal(3),)}),
        *rows("repeat_interleave", lambda t, x: t.repeat_interleave(x, 2, 1), {"columns": (normal(2, 3),)}),
        *rows("clone", lambda t, x: x.clone(), {"matrix": (normal(2, 3),), "0-d": (normal(),)}),
        *rows("contiguous", lambda t, x: x.T.contiguous(), {"transpose": (normal(2, 3),)}),
        *rows("cast", lambda t, x: x.to(t.float64), {"same": (normal(2, 3),)}),
        *rows("cast", lambda t, x: x.float().double(), {"float32": (exactly([0.5, -2.0, 3.0]),)}, orders=-1),
    ]


def _orders() -> list[Case]:
    return [
        *rows("permute", lambda t, x: t.permute(x, (2, 0, 1)), {"three": (normal(2, 3, 4),)}),
        *rows("permute", lambda t, x: x.T, {"T": (normal(2, 3),)}),
        *rows("permute", lambda t, x: x.mT, {"mT": (normal(2, 3, 2),)}),
        *rows("transpose", lambda t, x: t.transpose(x, 0, -1), {"outer": (normal(2, 3, 4),)}),
        *rows("t", lambda t, x: t.t(x), {"matrix": (normal(2, 3),), "vector": (normal(3),)}),
        *rows("movedim", lambda t, x: t.movedim(x, 0, 2), {"one": (normal(2, 3, 4),)}),
        *rows("movedim", lambda t, x: t.movedim(x, (0, 1), (-1, 0)), {"two": (normal(2, 3, 4),)}),
        *rows("flip", lambda t, x: t.flip(x, (0,)), {"rows": (normal(2, 3),), "empty": (normal(0, 3),)}),
        *rows("flip", lambda t, x: t.flip(x, (0, -1)), {"both": (normal(2, 3, 2),)}),
        *rows("roll", lambda t, x: t.roll(x, 1, 1), {"one": (normal(2, 3),)}),
        *rows("roll", lambda t, x: t.roll(x, (1, -2), (0, 1)), {"two": (normal(3, 4),)}),
        *rows("roll", lambda t, x: t.roll(x, 2), {"flat": (normal(2, 3),)}),
        *rows("tril", lambda t, x: t.tril(x), {"square": (normal(3, 3),), "batch": (normal(2, 2, 3),)}),
        *rows("tril", lambda t, x: t.tril(x, -1), {"below": (normal(3, 3),)}),
        *rows("triu", lambda t, x: t.triu(x), {"square": (normal(3, 3),), "batch": (normal(2, 2, 3),)}),
        *rows("triu", lambda t, x: t.triu(x, 1), {"above": (normal(3, 3),)}),
        *rows("diagonal", lambda t, x: x.diagonal(), {"square": (normal(3, 3),)}),
    ]


def _pieces() -> list[Case]:
    return [
        *rows("cat", lambda t, *xs: t.cat(xs), {"rows": (normal(2, 3), normal(1, 3), normal(0, 3))}),
        *rows("cat", lambda t, *xs: t.cat(xs, -1), {"columns": (normal(2, 3), normal(2, 1))}),
        *rows("cat", lambda t, x: t.cat([x, x], 1), {"twice": (normal(2, 3),)}),
        *rows("stack", lambda t, *xs: t.stack(xs, 1), {"middle": (normal(2, 3), normal(2, 3))}),
        *rows("stack", lambda t, *xs: t.stack(xs), {"0-d": (normal(), normal())}),
        *rows("split", lambda t, x: t.split(x, 2, 1), {"size": (normal(2, 5),)}),
        *rows("split", lambda t, x: t.split(x, [1, 0, 3]), {"sizes": (normal(4, 2),)}),
        *rows("chunk", lambda t, x: t.chunk(x, 3, 1), {"three": (normal(2, 5),)}),
        *rows("unbind", lambda t, x: t.unbind(x, 1), {"columns": (normal(2, 3),)}),
        *rows("narrow", lambda t, x: t.narrow(x, 1, 1, 2), {"columns": (normal(2, 4),)}),
        *rows("pad", lambda t, x: t.nn.functional.pad(x, (1, 2)), {"last": (normal(2, 3),), "empty": (normal(0, 3),)}),
        *rows("pad", lambda t, x: t.nn.functional.pad(x, (1, 0, 2, 1), value=3.0), {"two": (normal(2, 3),)}),
        *rows("pad", lambda t, x: t.nn.functional.pad(x, (-1, 2)), {"negative": (normal(2, 3),)}),
        *rows(
            "crop",
            lambda t, x: shaping.crop(x, shape=(1, 2), widths=((1, 1), (0, 2))),
            {"inside": (normal(3, 4),)},
            reference=lambda torch, x: x[1:2, :2],
        ),
    ]


class Keys:
    """keys[…] is the key itself: `keys[1:, None]`."""

    def __getitem__(self, key: Any) -> Any:
        return key


keys = Keys()


def _positions() -> list[Case]:
    basic = {
        "integer": keys[1],
        "negative": keys[-1, 0],
        "slice": keys[1:3],
        "step": keys[::2, 1:],
        "none": keys[None, :, None],
        "dots": keys[..., 0],
        "nothing": keys[2:2],
        "empty-tuple": keys[()],
    }
    found = []
    for name, key in basic.items():
        found += rows("getitem", lambda t, x, key=key: x[key], {name: (normal(4, 3, 2),)})
    place = exactly([0, 2, 0, 0], "int64")
    return [
        *found,
        *rows(
            "getitem",
            lambda t, x, i: x[i],
            {"array": (normal(4, 3), integers(4, 2, 2)), "repeated": (normal(3), place)},
        ),
        *rows("getitem", lambda t, x, i: x[:, i], {"second": (normal(2, 3), place)}),
        *rows("getitem", lambda t, x, i, j: x[i, j], {"pairs": (normal(3, 3), place, place)}),
        *rows("getitem", lambda t, x, i, j: x[i, :, j], {"separated": (normal(3, 2, 3), place, place)}),
        *rows("getitem", lambda t, x, i: x[i, 1:, None], {"mixed": (normal(3, 3), place)}),
        *rows(
            "getitem", lambda t, x, m: x[m], {"mask": (normal(2, 3), truth(2, 3)), "row-mask": (normal(4, 2), truth(4))}
        ),
        *rows("getitem", lambda t, x: x[[0, 0, 1]], {"list": (normal(2, 3),)}),
        *rows("getitem", lambda t, x: x[-1], {"last": (normal(3),)}),
    ]


def _gathering() -> list[Case]:
    """Reading and writing by tensors of positions."""
    place = exactly([0, 2, 0, 0], "int64")
    return [
        *rows("index_select", lambda t, x, i: t.index_select(x, 1, i), {"columns": (normal(2, 3), place)}),
        *rows("gather", lambda t, x, i: t.gather(x, 1, i), {"columns": (normal(2, 3), integers(3, 2, 4))}),
        *rows("gather", lambda t, x, i: t.gather(x, 0, i), {"smaller": (normal(3, 3), integers(3, 2, 2))}),
        *rows(
            "scatter_add",
            lambda t, x, i, y: t.scatter_add(x, 0, i, y),
            {"rows": (normal(3, 2), integers(3, 4, 2), normal(4, 2))},
        ),
        *rows(
            "scatter_add",
            lambda t, x, i, y: t.scatter_add(x, 1, i, y),
            {"smaller": (normal(2, 3), integers(3, 2, 2), normal(2, 4))},
            reference=lambda torch, x, i, y: torch.scatter_add(x, 1, i, y[:, :2]),
        ),
        *rows("put", _put, {"repeated": (normal(4, 2),)}, reference=_torch_put),
        *rows("put", _put_once, {"once": (normal(2, 2),)}, reference=_torch_put_once),
        *rows("set_at", _assign, {"slice": (normal(3, 2), normal(2)), "0-d": (normal(3, 2), normal())}),
        *rows("set_at", _assign_array, {"array": (normal(3, 2), normal(2, 2))}),
        *rows("one_hot", lambda t, i: t.nn.functional.one_hot(i, 5), {"classes": (integers(5, 2, 3),)}, orders=0),
    ]


def _put(t: Any, x: Any) -> Any:
    key = (constant([0, 2, 0, 0], like=x.array),)
    return indexing.put(x, key=key, shape=(3, 2), unique=False)


def _torch_put(torch: Any, x: Any) -> Any:
    return torch.zeros(3, 2, dtype=x.dtype).index_add(0, torch.tensor([0, 2, 0, 0]), x)


def _put_once(t: Any, x: Any) -> Any:
    return indexing.put(x, key=(slice(1, None),), shape=(3, 2), unique=True)


def _torch_put_once(torch: Any, x: Any) -> Any:
    return torch.cat([torch.zeros(1, 2, dtype=x.dtype), x])


def _assign(t: Any, x: Any, y: Any) -> Any:
    out = x * 1
    out[1:] = y
    return out


def _assign_array(t: Any, x: Any, y: Any) -> Any:
    out = x * 1
    out[t.tensor([2, 0])] = y
    return out


CASES = [*_shapes(), *_orders(), *_pieces(), *_positions(), *_gathering()]
