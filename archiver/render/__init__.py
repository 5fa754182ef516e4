"""Records as documents for people."""
