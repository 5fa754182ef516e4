"""The only door to git: a repository's files read as data; no process is started.

What git itself does with a repository it is merely run in (`git status`, `git log`) may start any
program that the repository's own configuration names. A run directory is untrusted, so such
configuration is worth knowing before anybody, a tool or a person, calls git there.
"""
