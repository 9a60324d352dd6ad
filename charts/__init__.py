"""Pictures of tensors: pure functions to Plotly figures, and the canvas attention viewer."""
