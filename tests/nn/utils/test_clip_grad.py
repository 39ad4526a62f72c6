"""Clipping gradients: norms, what is scaled and what is left alone, and what is refused."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as te
from tinygrad_edu import nn
from tinygrad_edu.nn.utils import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm

INF = float("inf")


def parameters(*gradients, device="cpu"):
    """A parameter for each gradient; for None one that has none."""
    made = []
    for gradient in gradients:
        parameter = nn.Parameter(te.zeros(3) if gradient is None else te.zeros_like(te.tensor(gradient)))
        parameter.data = parameter.data.to(device)
        if gradient is not None:
            parameter.grad = te.tensor(gradient).to(device)
        made.append(parameter)
    return made


SIZES = st.lists(st.integers(1, 6), min_size=1, max_size=4)
ORDERS = st.sampled_from([2.0, 1.0, 3.0, 0.5, INF, -INF])


@settings(max_examples=60, deadline=None)
@given(sizes=SIZES, order=ORDERS, limit=st.floats(0.0, 20.0), seed=st.integers(0, 99))
def test_all_gradients_are_scaled_together_to_the_norm_that_was_asked_for(sizes, order, limit, seed):
    rng = numpy.random.default_rng(seed)
    before = [rng.normal(size=size) for size in sizes]
    params = parameters(*before)
    everything = numpy.concatenate(before)
    wanted = (
        abs(everything).max()
        if order == INF
        else abs(everything).min()
        if order == -INF
        else (abs(everything) ** order).sum() ** (1 / order)
    )
    total = clip_grad_norm_(params, limit, norm_type=order)
    assert total.item() == pytest.approx(wanted, rel=1e-12)
    factor = min(1.0, limit / (wanted + 1e-6))
    for parameter, gradient in zip(params, before, strict=True):
        numpy.testing.assert_allclose(parameter.grad.numpy(), factor * gradient, rtol=1e-12)


@pytest.mark.parametrize("order", [2.0, 1.0, 3.5, 0.0, INF, -INF])
@pytest.mark.parametrize("limit", [0.0, 0.7, 100.0, INF])
def test_it_does_what_pytorchs_does(order, limit):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    rng = numpy.random.default_rng(0)
    gradients = [rng.normal(size=(2, 3)), rng.normal(size=4), numpy.zeros(2)]
    ours = parameters(*gradients)
    theirs = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in gradients]
    for parameter, gradient in zip(theirs, gradients, strict=True):
        parameter.grad = torch.tensor(gradient)
    total = torch.nn.utils.clip_grad_norm_(theirs, limit, order)
    assert clip_grad_norm_(ours, limit, order).item() == pytest.approx(total.item(), rel=1e-12)
    torch.nn.utils.clip_grad_value_(theirs, 0.1)
    clip_grad_value_(ours, 0.1)
    for own, other in zip(ours, theirs, strict=True):
        numpy.testing.assert_allclose(own.grad.numpy(), other.grad.numpy(), rtol=1e-12)


def test_the_norm_of_no_gradient_is_zero_and_a_generator_is_taken():
    params = parameters(None, None)
    assert clip_grad_norm_(params, 1.0).item() == 0.0
    assert get_total_norm([]).item() == 0.0
    params = parameters([3.0, 0.0], None, [4.0], [[]])
    assert clip_grad_norm_((p for p in params), 10.0).item() == 5.0
    assert params[0].grad.tolist() == [3.0, 0.0]
    assert clip_grad_norm_(params[0], 1.5).item() == 3.0
    assert params[0].grad.tolist() == pytest.approx([1.5, 0.0], rel=1e-6)
    assert get_total_norm(te.tensor([3.0, 4.0])).item() == 5.0


def test_the_two_halves_of_clipping_can_be_called_by_themselves():
    params = parameters([3.0, 4.0], [12.0])
    total = get_total_norm([p.grad for p in params])
    assert total.item() == 13.0
    clip_grads_with_norm_(params, 6.5, total)
    assert params[0].grad.tolist() == pytest.approx([1.5, 2.0], rel=1e-6)
    assert params[1].grad.tolist() == pytest.approx([6.0], rel=1e-6)


def test_values_are_clipped_number_by_number():
    params = parameters([-3.0, 0.25, 7.0], None, [[1.0, -1.5]])
    assert clip_grad_value_(params, 1.0) is None
    assert params[0].grad.tolist() == [-1.0, 0.25, 1.0]
    assert params[2].grad.tolist() == [[1.0, -1.0]]


def test_clipping_writes_into_the_gradients_and_keeps_their_dtype(device):
    (parameter,) = parameters(numpy.array([3.0, 4.0], numpy.float16), device=device)
    memory, gradient = parameter.grad.array, parameter.grad
    clip_grad_norm_([parameter], 1.0)
    assert parameter.grad is gradient
    assert gradient.array is memory
    assert gradient.dtype == te.float16
    numpy.testing.assert_allclose(gradient.cpu().numpy(), [0.6, 0.8], rtol=1e-3)
    assert not gradient.requires_grad


def test_nothing_waits_for_the_device_unless_it_is_to_complain(device):
    if device.type != "strict":
        pytest.skip("the strict stand-in is what counts synchronizations")
    from tinygrad_edu.backend.strict.counters import counters

    params = parameters([3.0, 4.0], [5.0], device=device)
    counters.reset()
    clip_grad_norm_(params, 1.0)
    clip_grad_norm_(params, 1.0, norm_type=INF)
    clip_grad_value_(params, 0.1)
    assert counters.synchronizations == 0
    clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert counters.synchronizations == 1


@pytest.mark.parametrize("bad", [float("nan"), INF])
def test_a_norm_that_is_no_number_is_an_error_when_asked_for(bad):
    params = parameters([1.0, bad], [2.0])
    with pytest.raises(
        RuntimeError, match=rf"total norm of order 2.0 .* non-finite \({bad}\), so it cannot be clipped"
    ):
        clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert params[1].grad.tolist() == [2.0]
    with numpy.errstate(invalid="ignore"):  # 0 · ∞
        assert str(clip_grad_norm_(params, 1.0).item()) == str(bad)
    numpy.testing.assert_array_equal(params[1].grad.numpy(), [0.0 if bad == INF else bad])


def test_a_limit_that_limits_nothing_is_refused():
    params = parameters([1.0])
    for limit in (-1.0, float("nan")):
        with pytest.raises(ValueError, match=f"wanted max_norm to be a number of at least 0, got {limit}"):
            clip_grad_norm_(params, limit)
        with pytest.raises(ValueError, match=f"wanted clip_value to be a number of at least 0, got {limit}"):
            clip_grad_value_(params, limit)
    with pytest.raises(ValueError, match="wanted norm_type to be a number or inf, got nan"):
        clip_grad_norm_(params, 1.0, norm_type=float("nan"))
    assert params[0].grad.tolist() == [1.0]


def test_what_is_no_tensor_is_refused():
    with pytest.raises(TypeError, match=r"such as model.parameters\(\), got str"):
        clip_grad_norm_(["weight"], 1.0)
    with pytest.raises(TypeError, match=r"such as model.parameters\(\), got float"):
        clip_grad_value_([1.0], 1.0)
