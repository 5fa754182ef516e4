"""Contracts: which artifacts make a run of which producer, per era, as one TOML file each."""
