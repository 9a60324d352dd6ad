"""The parts of the page about masks: padding, the future, and BERT's masking."""
