"""How quickly and with how many bytes an attention picture follows a widget."""
