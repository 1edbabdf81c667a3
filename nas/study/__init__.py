"""The truth on disk: records, the journal, what it folds into, and the folders that hold it."""
