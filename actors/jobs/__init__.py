"""The jobs: a folder is a family and its mailbox, a file is a job and its function."""
