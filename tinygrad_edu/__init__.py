"""tinygrad_edu: a deep-learning engine to learn from. The public names are PyTorch's."""

from tinygrad_edu import autograd, cuda
from tinygrad_edu.backend import Generator, default_generator, device, manual_seed
from tinygrad_edu.backend.dtypes import *  # noqa: F403
from tinygrad_edu.engine import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import *  # noqa: F403
from tinygrad_edu.tensors.functions import *  # noqa: F403
