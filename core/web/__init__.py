"""What students, parents and everybody's sign-in see: small HTML pages, and the gate in front of everything."""
