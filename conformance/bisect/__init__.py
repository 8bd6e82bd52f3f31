"""Cases on many releases of one implementation: where a failure came or went, and what each release makes of them."""
