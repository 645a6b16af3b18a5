//! Words on the command line, and which door they open.
