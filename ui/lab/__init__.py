"""The sections of the attention lab: each draws one aspect of a Scene."""
