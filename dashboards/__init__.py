"""The live page: studies under a root, running or finished, read and never written."""
