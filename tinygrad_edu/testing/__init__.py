"""Checking, in public: finite differences against backward, with a diagnosis; and assert_close.

Read in this order: `differences`, `jacobian`, `gradcheck`, `replay`, `diagnosis` (which the course's checks use too)
with `mistakes_of_shape` and `mistakes_of_value`; then `cases`, the one table of ops.
"""

from tinygrad_edu.testing.close import assert_close
from tinygrad_edu.testing.diagnosis import Explanation, explain_difference
from tinygrad_edu.testing.gradcheck import GradcheckError, gradcheck, gradgradcheck

__all__ = ["Explanation", "GradcheckError", "assert_close", "explain_difference", "gradcheck", "gradgradcheck"]
