"""From a running exchange to cassettes: a tape under the adapter, a scrubber, a tour of all reads, a shelf of files."""
