"""Measurements of speed and size; `make bench` runs them all. Figures are ratios within one run."""
