"""The servers that come along: Postgres and Valkey as child processes, and the search for a Chromium."""
