"""The pictures that `tinygrad-edu train` leaves, one file for each task: how it went, and what the network does now."""
