"""The long tests, by count and seed; short versions run with the others."""
