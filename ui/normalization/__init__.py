"""The page about normalisation."""
