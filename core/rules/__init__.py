"""Pure rules: no database, network or Streamlit. Everything subtle lives here and is tested in microseconds."""
