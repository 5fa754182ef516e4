"""Bytes to values: bounded, safe, and with every flaw told. Codecs open no files."""
