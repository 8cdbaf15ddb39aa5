"""Pure functions over extractions: blocks, states, alignment, history, clauses, dates, judgement. No I/O, no clock."""
