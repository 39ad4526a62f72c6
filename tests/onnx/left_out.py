"""ONNX operators that nothing of ours stands for, and why; and why single cases of the others are left out."""

from __future__ import annotations

_REASONS = {
    "optimizers as nodes of a graph: ours are objects that own their state": "Adagrad Adam Momentum",
    "reading a picture at any place, by a grid, boxes or offsets, which is not there": (
        "AffineGrid DeformConv GridSample NonMaxSuppression RoiAlign"
    ),
    "classical machine learning (domain ai.onnx.ml), which is not deep learning": (
        "ArrayFeatureExtractor Binarizer LabelEncoder TreeEnsemble"
    ),
    "random numbers: whoever draws them, a stream has its own": "Bernoulli RandomUniformLike",
    "reading memory as another number type, which is not there": "BitCast",
    "signal processing, which is not there": "BlackmanWindow DFT HammingWindow HannWindow MelWeightMatrix STFT",
    "layers that PyTorch has not either": "CausalConvWithState FlexAttention LinearAttention",
    "quantized arithmetic, which is not there": (
        "ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul QuantizeLinear"
    ),
    "factorizations of matrices, which are not there": "Det",
    "a reset gate before the matrix product (linear_before_reset=0): ours, as PyTorch's, is behind it": "GRU",
    "a graph inside a node: control flow is Python's, not the engine's": "If Loop Scan SequenceMap",
    "files of pictures: Pillow reads them": "ImageDecoder",
    "normalization across neighboring channels, which is not there": "LRN",
    "a sequence, a map or an optional value: here there are only tensors": (
        "OptionalGetElement OptionalHasElement SequenceEmpty SequenceInsert SequenceLength SplitToSequence"
    ),
    "strings: a tensor holds numbers only": (
        "RegexFullMatch StringConcat StringNormalizer StringSplit TfIdfVectorizer"
    ),
}
REASONS = {operator: reason for reason, operators in _REASONS.items() for operator in operators.split()}

# What a table or the adapter may say of a single case; anything else it says is a failure of ours.
CASE_REASONS = {
    "a graph inside a node: control flow is Python's, not the engine's",
    "a sequence, a map or an optional value: here there are only tensors",
    "bfloat16, float8, and numbers of 2 or 4 bits, which NumPy does not have",
    "dilated average pooling, which is not there (nor in PyTorch)",
    "peepholes, which are not there (nor in PyTorch)",
    "random numbers: whoever draws them, a stream has its own",
    "resizing with coordinates or a way to round that PyTorch, and so interpolate, has not",
    "resizing with cubic curves, anti-aliasing or cropping, which are not there",
    "strings: a tensor holds numbers only",
    "three spatial dimensions: convolution and pooling have one or two here",
    "three spatial dimensions: fold has two here",
}
