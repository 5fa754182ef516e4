"""Redaction: secrets are found once in everything that was read, and written nowhere.

They are found by key name, by shape, and by propagation: what is found once is removed everywhere.
In their place stands `[redacted:<kind>:<n>]`, n counting the different secrets in the order in
which the caller feeds them, which is path order.
"""

from archiver.redaction.engine import MAX_PROPAGATED, MAX_SECRETS, Hit, Redactor, SecretGatherer

__all__ = ["MAX_PROPAGATED", "MAX_SECRETS", "Hit", "Redactor", "SecretGatherer"]
