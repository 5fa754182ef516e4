"""Every limit that untrusted input meets, in one place.

Reaching one is a problem in the record, never a crash or a hang.
"""

from __future__ import annotations

from archiver.model.plain import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits with their defaults; sizes in bytes unless the name says otherwise."""

    files: int = 2_000_000
    """Entries of one run directory."""
    tree_depth: int = 128
    """Directory levels below the run."""
    document_bytes: int = 64 * MIB
    """One document that is parsed as a whole (JSON, YAML)."""
    head_bytes: int = 64 * KIB
    """What recognition looks at."""
    line_bytes: int = 16 * MIB
    """One line of a stream."""
    nesting: int = 100
    """Levels of a parsed document."""
    nodes: int = 5_000_000
    """Values of one parsed document."""
    digits: int = 4_000
    """Digits of one number (Python itself refuses more than 4,300)."""
    yaml_bytes: int = 4 * MIB
    """One YAML document; reading YAML costs a hundred times as much as reading JSON."""
    toml_bytes: int = 4 * MIB
    """One TOML document."""
    yaml_aliases: int = 1_000
    """Aliases of one YAML document."""
    yaml_expanded_nodes: int = 1_000_000
    """Values of one YAML document after its aliases are followed."""
    python_bytes: int = 128 * KIB
    """One Python module (or `.env` file) of settings; those that exist have a few kilobytes."""
    expanded_bytes: int = 64 * KIB
    """One value after its `${NAME}` references are followed."""
    csv_columns: int = 20_000
    """Columns of one table."""
    zip_members: int = 200_000
    """Members of one ZIP container."""
    zip_expanded_bytes: int = 1024 * MIB
    """What is unpacked of one ZIP container, all members together."""
    zip_read_bytes: int = 1024 * MIB
    """What is read of one ZIP container in order to unpack it: members may share their bytes."""
    zip_ratio: int = 1_000
    """How many times its packed size a ZIP member may unpack to."""
    pickle_bytes: int = 64 * MIB
    """One pickle; tensors lie outside of it."""
    pickle_opcodes: int = 2_000_000
    """Instructions of one pickle."""
    pickle_nodes: int = 100_000
    """Values of one part of a pickle, once what is shared is written out."""
    pickle_characters: int = 16 * MIB
    """Text of one part of a pickle, once what is shared is written out."""
    lock_bytes: int = 8 * MIB
    """One lockfile or list of packages; reading TOML costs as much as reading YAML."""
    lock_entry_bytes: int = 1 * MIB
    """What a lockfile says of one package."""
    packages: int = 20_000
    """Packages of one lockfile or list."""
    record_bytes: int = 256 * MIB
    """One TFRecord frame."""
    message_fields: int = 1_000_000
    """Fields of one Protocol Buffers message; each may take two bytes and become a value."""
    protobuf_nesting: int = 16
    """Levels of messages in messages."""
    series: int = 20_000
    """Series of one run."""
    points: int = 200_000_000
    """Metric points of one run."""
    text_points: int = 10_000
    """Text values kept of one series."""
    text_point_bytes: int = 64 * KIB
    """One text value of a series."""
    problems_per_artifact: int = 50
    """Problems named one by one; the rest is counted."""
    schema_violations: int = 20
    """Distinct faults that a schema names one by one in one file; the rest is counted."""
    schema_counted: int = 1_000
    """Violations of one document that are looked at."""
    schema_explained: int = 10_000
    """Rows of one stream that are explained one by one; others like none of them are counted."""
    log_records: int = 5_000_000
    """Lines of one text log that are looked at."""
    members: int = 10_000
    """Runs that one experiment describes, and steps that it plans for one run."""
    attempts: int = 2_000
    """Attempts that one artifact tells apart."""
    events: int = 20_000
    """Entries of the timeline kept of one artifact."""
    traceback_bytes: int = 64 * KIB
    """One traceback kept from a log."""
    spool_memory_bytes: int = 16 * MIB
    """Points (and snapshots) held in memory before they go to a private temporary file."""
    copy_bytes: int = 16 * MIB
    """Largest artifact copied into the archive."""


DEFAULT = Limits()
