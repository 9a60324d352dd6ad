"""The encoder layer: stage by stage, and the stack of layers (Q7)."""
