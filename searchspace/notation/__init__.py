"""What a genotype's YAML says: its tree, formulas, holes, inheritance. Knows no operation."""
