"""Networks to be timed, each written once: `t` is tinygrad_edu or torch, and the text is what a PyTorch user writes.

For: the workloads. Not for: use; `tinygrad_edu.models` has models with checks and explanations.
"""

from __future__ import annotations

from typing import Any


def mlp(t: Any) -> Any:
    """784-256-128-10 with ReLU"""
    nn = t.nn
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def reference_cnn(t: Any) -> Any:
    """The LeNet of the README: (N, 3, 32, 32) -> (N, 10)"""
    nn, F = t.nn, t.nn.functional

    class Net(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, 6, 5)
            self.pool = nn.MaxPool2d(2, 2)
            self.conv2 = nn.Conv2d(6, 16, 5)
            self.fc1 = nn.Linear(16 * 5 * 5, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x: Any) -> Any:
            x = self.pool(F.relu(self.conv1(x)))
            x = self.pool(F.relu(self.conv2(x)))
            x = t.flatten(x, 1)
            x = F.relu(self.fc1(x))
            x = F.relu(self.fc2(x))
            return self.fc3(x)

    return Net()


def conv_block(t: Any) -> Any:
    """Conv 64 -> 64, kernel 3, batch norm, ReLU: the brick of deeper networks"""
    nn = t.nn
    return nn.Sequential(nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU())


def recurrent(t: Any, kind: str) -> Any:
    """One layer of `kind` (RNN, LSTM or GRU), 64 -> 128, and ten classes from its last output: (T, N, 64) -> (N, 10)"""
    nn = t.nn

    class Reader(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = getattr(nn, kind)(64, 128)
            self.head = nn.Linear(128, 10)

        def forward(self, x: Any) -> Any:
            out, _ = self.layer(x)
            return self.head(out[-1])

    return Reader()


def gpt(t: Any, *, layers: int, width: int, heads: int, context: int, vocabulary: int) -> Any:
    """A GPT: (N, T) tokens -> (N, T, vocabulary) logits; pre-norm blocks, GELU, learned positions, tied weights"""
    nn, F = t.nn, t.nn.functional

    class Block(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attend, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            batch, length, _ = x.shape
            parts = self.attend(self.norm1(x)).split(width, dim=2)
            q, k, v = (part.view(batch, length, heads, width // heads).transpose(1, 2) for part in parts)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.project(y.transpose(1, 2).reshape(batch, length, width))
            return x + self.narrow(F.gelu(self.widen(self.norm2(x))))

    class GPT(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            self.blocks = nn.ModuleList([Block() for _ in range(layers)])
            self.norm = nn.LayerNorm(width)

        def forward(self, tokens: Any) -> Any:
            x = self.tokens(tokens) + self.positions(t.arange(tokens.shape[1]))
            for block in self.blocks:
                x = block(x)
            return F.linear(self.norm(x), self.tokens.weight)

    return GPT()
