"""What goes with layers: clipping, weight norm, packed sequences, parameters as one vector."""
