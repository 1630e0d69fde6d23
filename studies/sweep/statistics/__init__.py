"""What a study says: intervals over seeds, comparisons, fronts, sensitivities, compatible ranges."""
