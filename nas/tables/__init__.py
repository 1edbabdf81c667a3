"""Journal and ranking as tables: frames, Parquet and listings, rebuilt at will."""
