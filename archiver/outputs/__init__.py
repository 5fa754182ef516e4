"""Outputs of findings: one module per format, each with one `ENCODER`; see `archiver.extension`."""
