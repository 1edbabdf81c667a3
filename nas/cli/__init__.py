"""The command line: it parses, calls the rooms below and formats; nothing is computed here."""
