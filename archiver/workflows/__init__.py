"""One function per verb: everything between the command line and the floors below, no printing."""
