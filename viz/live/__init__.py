"""The playground: a genotype edited beside its numbers, its drawing, and its neighbours."""
