"""Artifacts against the schemas of their kinds: two engines, one verdict, and where it stands.

`jsonschema_rs` accepts in a fraction of the time; what it did not accept, `jsonschema` explains.

`index`      which schemas there are, and which artifacts they speak of;
`screen`     what JSON cannot hold, as both engines are shown it;
`checker`    one schema: the verdict on a value, and its violations;
`explain`    a violation in words for people;
`rows`       streams of rows in bounded memory;
`artifacts`  whole artifacts: their files, problems, positions.
"""
