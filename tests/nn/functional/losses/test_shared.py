"""What holds for every loss: no waiting for a device, an error on the host only, unequal precision."""

import numpy
import pytest

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F

ROWS, SIGNS = numpy.array([[0.2, 0.7, 0.6], [0.4, 0.1, 0.3]]), numpy.array([1, -1])
LABELS = numpy.array([2, 0])
LOSSES = {
    "nll_loss": (ROWS, LABELS),
    "cross_entropy": (ROWS, LABELS),
    "multi_margin_loss": (ROWS, LABELS),
    "binary_cross_entropy": (ROWS, ROWS),
    "binary_cross_entropy_with_logits": (ROWS, ROWS),
    "multilabel_soft_margin_loss": (ROWS, ROWS),
    "kl_div": (ROWS, ROWS),
    "mse_loss": (ROWS, ROWS),
    "l1_loss": (ROWS, ROWS),
    "huber_loss": (ROWS, ROWS),
    "smooth_l1_loss": (ROWS, ROWS),
    "gaussian_nll_loss": (ROWS, ROWS, ROWS),
    "poisson_nll_loss": (ROWS, ROWS),
    "cosine_embedding_loss": (ROWS, ROWS[::-1].copy(), SIGNS),
    "hinge_embedding_loss": (ROWS[:, 0].copy(), SIGNS),
    "margin_ranking_loss": (ROWS[:, 0].copy(), ROWS[:, 1].copy(), SIGNS),
    "soft_margin_loss": (ROWS[:, 0].copy(), SIGNS),
    "triplet_margin_loss": (ROWS, ROWS + 1, ROWS[::-1].copy()),
    "triplet_margin_with_distance_loss": (ROWS, ROWS + 1, ROWS[::-1].copy()),
}


def test_every_loss_is_asked():
    assert set(LOSSES) == {name for name in F.__all__ if "loss" in name or "entropy" in name or name == "kl_div"}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_gradient_wait_for_no_device(name):
    from tinygrad_edu.backend.strict import counters

    tensors = [tensor(array, device="strict", requires_grad=array.dtype.kind == "f") for array in LOSSES[name]]
    counters.reset()
    getattr(F, name)(*tensors, reduction="sum").backward()
    assert counters.snapshot().synchronizations == 0
    assert all(x.grad.device == "strict" for x in tensors if x.requires_grad)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_of_float32_is_float32(name):
    arrays = [array.astype("float32") if array.dtype.kind == "f" else array for array in LOSSES[name]]
    x = tensor(arrays[0], requires_grad=True)
    loss = getattr(F, name)(x, *map(tensor, arrays[1:]), reduction="sum")
    loss.backward()
    assert loss.dtype == x.grad.dtype == numpy.float32
    wanted = getattr(F, name)(*map(tensor, LOSSES[name]), reduction="sum").item()
    assert loss.item() == pytest.approx(wanted, rel=1e-5)


def test_numbers_on_a_device_are_not_looked_at():
    from tinygrad_edu.backend.strict import counters

    x, wrong = tensor([0.5, 0.5], device="strict"), tensor([0.5, 1.5], device="strict")
    counters.reset()
    F.binary_cross_entropy(x, wrong)
    F.soft_margin_loss(x, wrong)
    F.kl_div(x, -wrong, reduction="sum")
    F.gaussian_nll_loss(x, x, -wrong)
    assert counters.snapshot().synchronizations == 0
