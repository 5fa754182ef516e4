"""Records compared: what differs between two runs, and what varies among several.

No file is opened here. `comparing.compare` and `varying.vary` are the entrances.
"""
