"""`python -m archiver` is `runarchive`."""

from archiver.cli import main

if __name__ == "__main__":
    main()
