"""The page about residual connections."""
