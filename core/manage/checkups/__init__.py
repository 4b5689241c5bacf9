"""What `doctor` looks at. Each look gives findings: a sentence, and what to do where something is wrong."""
