"""Many readers at once, as real sessions of Streamlit's protocol."""
