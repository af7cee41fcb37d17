"""The words of the command line, one module each; `supervisor.py` only parses and dispatches."""
