"""Floor 4: seeing what the engine did. `draw` the graph, read the `source` of an op, `explain` a chain rule.

Read in this order: `graph` (what is known of a tape), `cards` and `layout` (words and places), `svg` (the picture).
"""

from tinygrad_edu.show.draw import Drawing, draw
from tinygrad_edu.show.explain import Explanation, explain
from tinygrad_edu.show.record import Recording, record
from tinygrad_edu.show.source import Source, source

__all__ = ["Drawing", "Explanation", "Recording", "Source", "draw", "explain", "record", "source"]
