"""Object stores: objects that are put whole, put once, or put in place of what was read."""
