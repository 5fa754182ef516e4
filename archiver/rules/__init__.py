"""Rules: one module per fault, each with one `RULE`; see `archiver.extension`."""
