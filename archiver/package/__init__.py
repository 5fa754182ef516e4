"""The archive on disk: layout, atomic writer, tables, plots."""
