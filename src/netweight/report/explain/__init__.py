"""What an explanation has and how it is written: of layers, modules, totals, operators and terms."""
