"""runarchive: archives and audits finished machine-learning runs without ever executing them."""

__version__ = "0.1.0"
