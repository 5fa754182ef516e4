"""Readers: one module per artifact family, each with one `READER`; see `archiver.extension`."""
