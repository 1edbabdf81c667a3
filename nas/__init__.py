"""Neural architecture search for CoAtNet: studies, their journal and the views of it."""
