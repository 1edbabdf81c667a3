"""Which layout is better: scores, claims about pairs, and what each claim rests on."""
