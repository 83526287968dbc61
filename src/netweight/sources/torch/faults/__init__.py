"""Why a forward raised: which line, which operator, what met there, and what would fit."""
