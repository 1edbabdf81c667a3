"""Studies that never ran: what a design would find, before the first hour of training."""
