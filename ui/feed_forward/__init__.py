"""The feed-forward network: curves, neurons, positions, and its share of a model (Q14)."""
