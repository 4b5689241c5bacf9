"""fpdf2: plain rows in, PDF bytes out."""
