"""A whole sequence through an RNN, an LSTM or a GRU as one node, for one layer and one direction.

`steps` has what they share. The formulas are in `ops/recurrent.py`, which these kernels stand for.
"""

from tinygrad_edu.ops.fused.recurrent.gru import gru
from tinygrad_edu.ops.fused.recurrent.lstm import lstm
from tinygrad_edu.ops.fused.recurrent.rnn import rnn_relu, rnn_tanh

__all__ = ["gru", "lstm", "rnn_relu", "rnn_tanh"]
