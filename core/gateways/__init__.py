"""The only code that talks to the outside. Each channel has one Protocol (`channels`)."""
