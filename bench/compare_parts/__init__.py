"""The parts of bench/compare: what runs, how it is measured, what the numbers say."""
