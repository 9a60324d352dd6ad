"""Question 17: what of decoding runs in parallel, and what cannot."""
