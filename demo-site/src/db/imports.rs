//! Runs of an import: the file, how it is read, what came of each line.
