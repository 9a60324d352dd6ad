"""Question 15: how encoder and decoder interact, on a model that pronounces words."""
